//! What `poolkeeper-local` prints once everything answers: where, under which ids, and what to try.

use std::io::{self, Write};

use emulator::stack::Stack;

/// Where everything is.
pub(crate) fn addresses(stack: &Stack, out: &mut dyn Write) -> io::Result<()> {
    let pool = stack.user_pool.settings();
    writeln!(out, "AWS APIs       {}", stack.aws_url)?;
    writeln!(out, "vendor         {}", stack.api_url)?;
    writeln!(out, "user pool      {}", pool.pool_id)?;
    writeln!(out, "app client     {}", pool.client_id)?;
    for pool in stack.template.identity_pools() {
        writeln!(out, "identity pool  {} ({})", pool.id, pool.logical_id)?;
    }
    let ignored = stack.not_obeyed();
    if !ignored.is_empty() {
        writeln!(out, "not obeyed     {}", ignored.join("; "))?;
    }
    Ok(())
}

/// Commands for another terminal.
pub(crate) fn how_to_reach(stack: &Stack, out: &mut dyn Write) -> io::Result<()> {
    let (aws, api) = (&stack.aws_url, &stack.api_url);
    let pool = stack.user_pool.settings();
    let admin = Stack::admin();
    writeln!(
        out,
        r#"
Try it yourself, in another terminal, with the AWS CLI:

# A profile or keys of yours would go before what is set here.
unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_WEB_IDENTITY_TOKEN_FILE
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export AWS_REGION={region} AWS_DEFAULT_REGION={region} AWS_ENDPOINT_URL={aws}
as_admin() {{ AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret} "$@"; }}

aws cognito-idp sign-up --client-id {client} --username you@example.com --password 'Your-passw0rd' \
  --user-attributes Name=email,Value=you@example.com --no-sign-request
aws cognito-idp confirm-sign-up --client-id {client} --username you@example.com --no-sign-request \
  --confirmation-code CODE   # the code appears below
TOKEN=$(aws cognito-idp initiate-auth --client-id {client} --auth-flow USER_PASSWORD_AUTH --no-sign-request \
  --auth-parameters USERNAME=you@example.com,PASSWORD='Your-passw0rd' \
  --query AuthenticationResult.IdToken --output text)
as_admin aws cognito-idp list-users --user-pool-id {pool_id}

# Or a JWT of the development issuer, good for an hour, which knows everybody:
# TOKEN=$(curl -s -d subject=you {issuer}/token | sed 's/.*"id_token":"\([^"]*\).*/\1/')
# More claims: -d claims='{{"cognito:groups":["publishers"]}}'

# AWS credentials for either; the CLI fetches and renews them by itself.
export AWS_CONTAINER_CREDENTIALS_FULL_URI={api}/credentials AWS_CONTAINER_AUTHORIZATION_TOKEN="Bearer $TOKEN"
aws sts get-caller-identity
IDENTITY_ID=$(curl -s {api}/token -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
  -d subject_token_type=urn:ietf:params:oauth:token-type:jwt \
  -d subject_token="$TOKEN" | sed 's/.*"identity_id":"\([^"]*\).*/\1/')
aws dynamodb put-item --table-name {data} --item '{{"owner":{{"S":"'$IDENTITY_ID'"}},"item":{{"S":"note"}}}}'
aws dynamodb get-item --table-name {data} --key '{{"owner":{{"S":"'$IDENTITY_ID'"}},"item":{{"S":"note"}}}}'
aws dynamodb get-item --table-name {data} --key '{{"owner":{{"S":"somebody-else"}},"item":{{"S":"note"}}}}'  # refused

Ctrl-C ends everything. Messages to users appear here:"#,
        region = stack.template.place().region,
        id = admin.access_key_id(),
        secret = admin.secret_access_key(),
        client = pool.client_id,
        pool_id = pool.pool_id,
        issuer = stack.issuer.issuer(),
        data = stack.physical_name("DataTable"),
    )
}
