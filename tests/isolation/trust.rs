//! Who may become which role.

use crate::isolation::{
    cell::{Cell, SUBJECT, Wisher},
    world::{FOREIGN_POOL, ME, MY_SUB, World},
};

const COGNITO: &str = "cognito-identity.amazonaws.com";
const AUDIENCE: &str = "cognito-identity.amazonaws.com:aud";
const METHODS: &str = "cognito-identity.amazonaws.com:amr";

/// What a Cognito token says of its holder. Whatever is `None` or empty is not in it.
#[derive(Clone)]
struct Token {
    audience: Option<String>,
    methods: Vec<String>,
    tag: Option<(&'static str, &'static str)>,
}

pub(crate) fn cells(world: &World) -> Vec<Cell> {
    let mut cells = Vec::new();
    for role in world.roles.keys() {
        cells.extend(by_token(world, role));
        cells.extend(by_others(world, role));
    }
    cells.extend(by_pipes(world));
    cells
}

fn by_token(world: &World, role: &str) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (what, token) in tokens(world) {
        let authenticated = token
            .methods
            .first()
            .is_some_and(|method| method == "authenticated");
        let of_pool = |pool: &str| token.audience.as_deref() == Some(world.id(pool));
        let by = |pool: &str, provider: &str| {
            of_pool(pool) && token.methods.iter().any(|method| method == provider)
        };
        let vended = by("IdentityPool", world.developer_provider());
        let becomes = match role {
            "MemberRole" => vended && token.tag == Some(("vend_role", "member")),
            "PublisherRole" => vended && token.tag == Some(("vend_role", "publisher")),
            "PoolMemberRole" => {
                by("UserIdentityPool", &world.user_pool_provider())
                    && token.tag.is_some_and(|(key, _)| key == "user_sub")
            }
            "DefaultAuthenticatedRole" => {
                (of_pool("IdentityPool") || of_pool("UserIdentityPool")) && authenticated
            }
            _ => false,
        };
        for action in ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"] {
            let cell = wish(world, role, action, Wisher::Federated(COGNITO), what);
            cells.push(cell.holding(&token).allowed_if(becomes));
        }
        for action in ["sts:SetSourceIdentity", "sts:AssumeRoleWithSAML"] {
            cells.push(wish(world, role, action, Wisher::Federated(COGNITO), what).holding(&token));
        }
    }
    cells
}

/// Good ones, and each good one with a bend.
fn tokens(world: &World) -> Vec<(&'static str, Token)> {
    let (developer, user_pool) = (world.developer_provider(), world.user_pool_provider());
    let pool = world.id("IdentityPool");
    let token = |methods: &[&str], tag| Token {
        audience: Some(pool.to_owned()),
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        tag,
    };
    let full = format!("{developer}:{pool}:0123456789abcdef");
    let vended = |alias| {
        token(
            &["authenticated", developer, &full],
            Some(("vend_role", alias)),
        )
    };
    let signed_in = format!("{user_pool}:CognitoSignIn:{MY_SUB}");
    let of = |token: &Token, pool: &str| Token {
        audience: Some(pool.to_owned()),
        ..token.clone()
    };
    let user_by_the_vendors_pool = token(
        &["authenticated", &user_pool, &signed_in],
        Some(("user_sub", MY_SUB)),
    );
    let user = of(&user_by_the_vendors_pool, world.id("UserIdentityPool"));
    let elsewhere = |token: &Token| of(token, FOREIGN_POOL);
    let tagged = |token: &Token, tag| Token {
        tag,
        ..token.clone()
    };
    let by = |methods: &[&str], of: &Token| Token {
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        ..of.clone()
    };
    let member = vended("member");
    let other_pool = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Elsewhere";
    let longer = format!("{developer}-other");
    vec![
        ("token vended as member", member.clone()),
        ("token vended as publisher", vended("publisher")),
        ("token vended as a role unknown", vended("members")),
        ("token vended as MEMBER", vended("MEMBER")),
        ("token vended as *", vended("*")),
        ("token with an empty vend_role", vended("")),
        ("developer token without vend_role", tagged(&member, None)),
        (
            "developer token with a like-named tag",
            tagged(&member, Some(("vend_roles", "member"))),
        ),
        ("member token of a foreign pool", elsewhere(&member)),
        (
            "publisher token of a foreign pool",
            elsewhere(&vended("publisher")),
        ),
        (
            "member token without audience",
            Token {
                audience: None,
                ..member.clone()
            },
        ),
        (
            "member token of a foreign provider",
            by(&["authenticated", "graph.facebook.com"], &member),
        ),
        (
            "member token of a like-named provider",
            by(&["authenticated", &longer], &member),
        ),
        ("member token without methods", by(&[], &member)),
        (
            "publisher token of a foreign provider",
            by(
                &["authenticated", "graph.facebook.com"],
                &vended("publisher"),
            ),
        ),
        ("guest", token(&["unauthenticated"], None)),
        (
            "guest with vend_role member",
            by(&["unauthenticated"], &member),
        ),
        (
            "guest with vend_role publisher",
            by(&["unauthenticated"], &vended("publisher")),
        ),
        ("guest with user_sub", by(&["unauthenticated"], &user)),
        (
            "guest of a foreign pool",
            elsewhere(&token(&["unauthenticated"], None)),
        ),
        ("user of the user pool", user.clone()),
        (
            "user of the user pool, the vendor's identity pool",
            user_by_the_vendors_pool,
        ),
        (
            "member token of the users' identity pool",
            of(&member, world.id("UserIdentityPool")),
        ),
        (
            "publisher token of the users' identity pool",
            of(&vended("publisher"), world.id("UserIdentityPool")),
        ),
        (
            "user of the user pool with vend_role member",
            tagged(&user, Some(("vend_role", "member"))),
        ),
        (
            "user of the user pool without user_sub",
            tagged(&user, None),
        ),
        (
            "user of the user pool, foreign identity pool",
            elsewhere(&user),
        ),
        (
            "user of another user pool",
            by(&["authenticated", other_pool], &user),
        ),
        (
            "developer token with user_sub",
            tagged(&member, Some(("user_sub", MY_SUB))),
        ),
    ]
}

/// Who is no identity of the pool.
fn by_others(world: &World, role: &str) -> Vec<Cell> {
    let function = [
        "PreSignUpRole",
        "PostConfirmationRole",
        "UserMigrationRole",
        "IdentityVendorRole",
        "ReconcileRole",
        "PoolWatchRole",
    ]
    .contains(&role);
    let mut cells = Vec::new();
    for (service, what) in [
        ("lambda.amazonaws.com", "Lambda"),
        ("ec2.amazonaws.com", "EC2"),
        ("cognito-idp.amazonaws.com", "a user pool"),
        ("cognito-identity.amazonaws.com", "Cognito as a service"),
    ] {
        let lambda = function && service == "lambda.amazonaws.com";
        let wisher = Wisher::Service(service);
        cells.push(wish(world, role, "sts:AssumeRole", wisher, what).allowed_if(lambda));
        cells.push(wish(world, role, "sts:TagSession", wisher, what));
    }
    // The very token, but shown by another provider: its keys would be that provider's own.
    for (what, token) in tokens(world).into_iter().filter(|(what, _)| {
        [
            "token vended as member",
            "token vended as publisher",
            "user of the user pool",
        ]
        .contains(what)
    }) {
        let what = format!("{what}, by another provider");
        let wisher = Wisher::Federated("accounts.google.com");
        let cell = wish(world, role, "sts:AssumeRoleWithWebIdentity", wisher, &what);
        cells.push(cell.holding(&token));
    }
    cells
}

fn by_pipes(world: &World) -> Vec<Cell> {
    let account = world.account();
    let pipe = world.arn(
        "pipes",
        &format!(
            "pipe/{}-outbox-2026-01-01T00-00-00.000",
            world.template.place().stack_name
        ),
    );
    let other = world.arn("pipes", "pipe/another");
    let mut cells = Vec::new();
    for (what, source_account, source) in [
        ("the pipe", Some(account), Some(&pipe)),
        ("another pipe", Some(account), Some(&other)),
        (
            "the pipe, for another account",
            Some("999999999999"),
            Some(&pipe),
        ),
        ("a pipe unnamed", Some(account), None),
        ("a pipe of an account unnamed", None, Some(&pipe)),
    ] {
        for role in world.roles.keys() {
            for action in ["sts:AssumeRole", "sts:TagSession"] {
                let wisher = Wisher::Service("pipes.amazonaws.com");
                let mut cell = wish(world, role, action, wisher, what);
                if let Some(account) = source_account {
                    cell = cell.with("aws:SourceAccount", &[account]);
                }
                if let Some(source) = source {
                    cell = cell.with("aws:SourceArn", &[source]);
                }
                let trusted = role == "OutboxPipeRole" && action == "sts:AssumeRole";
                cells.push(cell.allowed_if(trusted && what == "the pipe"));
            }
        }
    }
    // The pipe's own context, and an unknown service.
    let lambda = wish(
        world,
        "OutboxPipeRole",
        "sts:AssumeRole",
        Wisher::Service("lambda.amazonaws.com"),
        "Lambda, for the pipe",
    );
    let lambda = lambda.with("aws:SourceAccount", &[account]);
    cells.push(lambda.with("aws:SourceArn", &[&pipe]));
    cells
}

pub(super) fn wish(world: &World, role: &str, action: &str, wisher: Wisher, what: &str) -> Cell {
    Cell {
        trust: Some(wisher),
        ..Cell::new(role, action, &world.role_arn(role), &format!("by {what}"))
    }
}

impl Cell {
    fn holding(self, token: &Token) -> Self {
        let mut cell = self.with(SUBJECT, &[ME]);
        if let Some(audience) = &token.audience {
            cell = cell.with(AUDIENCE, &[audience]);
        }
        if !token.methods.is_empty() {
            let methods: Vec<&str> = token.methods.iter().map(String::as_str).collect();
            cell = cell.with(METHODS, &methods);
        }
        if let Some((key, value)) = token.tag {
            cell = cell
                .with(&format!("aws:RequestTag/{key}"), &[value])
                .with("aws:TagKeys", &[key]);
        }
        cell
    }
}
