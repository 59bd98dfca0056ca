//! What the functions, and the outbox pipe, may ask of services that are no table and no log.

use crate::isolation::{
    cell::Cell,
    world::{FOREIGN_POOL, ME, World},
};

pub(super) fn cells(world: &World, role: &str) -> Vec<Cell> {
    let pool = world.identity_pool_arn(world.id("IdentityPool"));
    let foreign = world.identity_pool_arn(FOREIGN_POOL);
    let user_pool = world.arn("cognito-idp", &format!("userpool/{}", world.id("UserPool")));
    let token = "cognito-identity:GetOpenIdTokenForDeveloperIdentity";
    let mut cells = vec![
        Cell::new(role, token, &pool, "own pool").allowed_if(role == "IdentityVendorRole"),
        Cell::new(role, token, &foreign, "foreign pool"),
    ];
    for action in [
        "LookupDeveloperIdentity",
        "MergeDeveloperIdentities",
        "DeleteIdentityPool",
    ] {
        cells.push(Cell::new(
            role,
            &format!("cognito-identity:{action}"),
            &pool,
            "own pool",
        ));
    }
    let foreign_users = world.arn("cognito-idp", "userpool/us-east-1_Elsewhere");
    for action in [
        "AdminAddUserToGroup",
        "AdminCreateUser",
        "AdminGetUser",
        "AdminLinkProviderForUser",
        "AdminRemoveUserFromGroup",
        "ListUsers",
    ] {
        let own = match role {
            "PreSignUpRole" => ["ListUsers", "AdminLinkProviderForUser"].contains(&action),
            "PostConfirmationRole" => action == "AdminAddUserToGroup",
            "ReconcileRole" => !["AdminCreateUser", "AdminLinkProviderForUser"].contains(&action),
            _ => false,
        };
        let action = format!("cognito-idp:{action}");
        cells.push(Cell::new(role, &action, &user_pool, "user pool").allowed_if(own));
        cells.push(Cell::new(
            role,
            &action,
            &foreign_users,
            "another user pool",
        ));
    }
    cells.extend(pool_and_policies(world, role));
    let secret = world.id("LogKey").to_owned() + "-a1b2c3";
    cells.push(Cell::new(
        role,
        "secretsmanager:GetSecretValue",
        &secret,
        "log key",
    ));
    for owner in [
        "user-migration",
        "user-migrations",
        "pre-sign-up",
        "pre-sign-ups",
        "identity-vendor",
    ] {
        let name = format!("secret:poolkeeper/{owner}/pepper-a1b2c3");
        let secret = world.arn("secretsmanager", &name);
        let action = "secretsmanager:GetSecretValue";
        let own = matches!(
            (role, owner),
            ("UserMigrationRole", "user-migration") | ("PreSignUpRole", "pre-sign-up")
        );
        cells.push(Cell::new(role, action, &secret, owner).allowed_if(own));
        cells.push(Cell::new(
            role,
            "secretsmanager:PutSecretValue",
            &secret,
            owner,
        ));
    }
    for vended in ["MemberRole", "PublisherRole", "TenantRole"] {
        let arn = world.role_arn(vended);
        let own = role == "IdentityVendorRole" && vended == "TenantRole";
        for action in ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] {
            cells.push(Cell::new(role, action, &arn, vended).allowed_if(own));
        }
        cells.push(Cell::new(role, "sts:AssumeRoleWithSAML", &arn, vended));
    }
    let object = format!("{}/users/{ME}/note", world.bucket_arn());
    cells.push(Cell::new(
        role,
        "s3:GetObject",
        &object,
        "somebody's object",
    ));
    cells
}

/// What the user pool is set to, and who may invoke the functions that it calls: pool-watch's alone.
fn pool_and_policies(world: &World, role: &str) -> Vec<Cell> {
    let watch = role == "PoolWatchRole";
    let user_pool = world.arn("cognito-idp", &format!("userpool/{}", world.id("UserPool")));
    let foreign = world.arn("cognito-idp", "userpool/us-east-1_Elsewhere");
    let mut cells = Vec::new();
    for action in [
        "DescribeUserPool",
        "DescribeUserPoolClient",
        "GetUserPoolMfaConfig",
        "ListUserPoolClients",
        "SetUserPoolMfaConfig",
        "UpdateUserPool",
    ] {
        let action = format!("cognito-idp:{action}");
        cells.push(Cell::new(role, &action, &user_pool, "user pool").allowed_if(watch));
        cells.push(Cell::new(role, &action, &foreign, "another user pool"));
    }
    for action in ["UpdateUserPoolClient", "DeleteUserPool"] {
        let action = format!("cognito-idp:{action}");
        cells.push(Cell::new(role, &action, &user_pool, "user pool"));
    }
    for function in [
        "PreSignUpFunction",
        "PostConfirmationFunction",
        "UserMigrationFunction",
        "IdentityVendorFunction",
    ] {
        let own = watch && function != "IdentityVendorFunction";
        let arn = world.arn("lambda", &format!("function:{}", world.id(function)));
        for (arn, what) in [(format!("{arn}:live"), "alias"), (arn, "function")] {
            let what = format!("{what} of {function}");
            let read = Cell::new(role, "lambda:GetPolicy", &arn, &what);
            cells.push(read.allowed_if(own));
            for action in ["lambda:AddPermission", "lambda:InvokeFunction"] {
                cells.push(Cell::new(role, action, &arn, &what));
            }
        }
    }
    cells
}
