//! Writes a note into one's own row, and reads it, with whatever credentials aws-config finds: rows TABLE IDENTITY_ID
//!
//! In an application of your own `aws_config::load_defaults` does without `http_client`, which here keeps a second TLS
//! library out of the workspace:
//!
//! ```toml
//! aws-config = "1"
//! aws-sdk-dynamodb = "1"
//! tokio = { version = "1", features = ["macros", "rt"] }
//! ```

use std::{collections::HashMap, env, error::Error, io::Write as _};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use aws_smithy_http_client::{Builder, tls};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (table, identity_id) = (arguments.next(), arguments.next());
    let http = Builder::new().tls_provider(tls::Provider::Rustls(
        tls::rustls_provider::CryptoMode::Ring,
    ));
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.build_https())
        .load()
        .await;
    let dynamodb = Client::new(&config);

    let text = |text: &str| AttributeValue::S(text.to_owned());
    let key = HashMap::from([
        ("owner".to_owned(), text(&identity_id.unwrap_or_default())),
        ("item".to_owned(), text("note")),
    ]);
    let put = dynamodb.put_item().set_table_name(table.clone());
    let put = put
        .set_item(Some(key.clone()))
        .item("text", text("from Rust"));
    put.send().await?;
    let get = dynamodb.get_item().set_table_name(table).set_key(Some(key));
    let item = get.send().await?.item.unwrap_or_default();
    let note = item.get("text").and_then(|text| text.as_s().ok());
    writeln!(std::io::stdout(), "{}", note.ok_or("there is no note")?)?;
    Ok(())
}
