//! Two tenants share a role, a table and a bucket: what tells them apart is a tag that the vendor sets.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client as DynamoDbClient;
use serde_json::json;

use super::{
    Tour, TourError,
    parts::{attribute, credentials_of, text, text_of},
};

impl Tour<'_> {
    pub(super) async fn keep_tenants_apart(&mut self) -> Result<(), TourError> {
        self.chapter("Two tenants share one role (identity-vendor, flow \"direct\")")?;
        let ana = self.tenant_session("acme").await?;
        let ben = self.tenant_session("globex").await?;
        let arn = self.caller(&ana).await?;
        let mine = self.put_row(&ana, "TENANT#acme").await;
        self.good(mine)?;
        let own = self.put_row(&ben, "TENANT#globex").await;
        self.good(own)?;
        self.tell(
            "GET /credentials/tenant for Ana of acme and Ben of globex; each writes a row of the own tenant",
            &format!("both written; Ana is {arn}"),
            "a claim became the session's tag: ${aws:PrincipalTag/tenant} in the one role's policies",
        )?;

        let foreign = self.put_row(&ben, "TENANT#acme").await;
        let foreign = self.error("AccessDeniedException", foreign)?;
        let denied = foreign.starts_with("AccessDenied");
        self.expect(denied, "AccessDeniedException", &foreign)?;
        self.tell(
            "PutItem, Ana's row, with Ben's credentials",
            &foreign,
            "nobody chooses the tag but the vendor; no Cognito call is made for such a session",
        )?;

        let stray = self.mint(json!({"sub": "app-user-5"}))?;
        let refused = self.get_credentials(&stray, "/tenant").await?;
        let status = refused.status;
        self.expect(status == 403, "HTTP 403", &status.to_string())?;
        self.tell(
            "GET /credentials/tenant for somebody of no tenant",
            &format!("403 {}", text(&refused.json(), "Message")),
            "without the claim there is no session, rather than one without a tag",
        )
    }

    async fn tenant_session(&self, tenant: &str) -> Result<Credentials, TourError> {
        let jwt = self.mint(json!({"sub": format!("somebody-of-{tenant}"), "tenant": tenant}))?;
        let vended = self.get_credentials(&jwt, "/tenant").await?;
        let status = vended.status;
        self.expect(status == 200, "HTTP 200", &status.to_string())?;
        Ok(credentials_of(&vended.json()))
    }

    async fn put_row(&self, credentials: &Credentials, owner: &str) -> Result<(), String> {
        let client = DynamoDbClient::new(&self.stack.sdk_config(credentials.clone()));
        let row = [("owner", owner), ("item", "report"), ("text", "ours")];
        let put = client
            .put_item()
            .table_name(self.stack.physical_name("DataTable"))
            .set_item(Some(row.map(attribute).into()))
            .send()
            .await;
        put.map(drop).map_err(|error| text_of(&error))
    }
}
