//! DynamoDB by dynoxide, behind a front that knows who calls and what they may do.
//!
//! dynoxide takes any signature. It listens on a loopback port of its own; this front authenticates
//! each request, asks [`Iam`] for every action and key the request needs, and only then hands the bytes
//! on unchanged.

mod attributes;
mod key_condition;
mod permissions;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, header},
    response::Response,
};
use dynoxide::{Database, DynoxideError};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    iam::{Context, Iam, JsonError},
    template::TableDefinition,
};

/// The prefix of `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "DynamoDB_20120810.";
/// The prefix for streams.
pub const STREAMS_TARGET_PREFIX: &str = "DynamoDBStreams_20120810.";

/// Where the items are.
#[derive(Debug, Clone)]
pub enum Storage {
    /// Gone with the process.
    Memory,
    /// In a SQLite file, made if it is not there.
    File(PathBuf),
}

/// The local DynamoDB could not start or do its work.
#[derive(Debug, thiserror::Error)]
pub enum DynamoDbError {
    /// The database, or a table's definition.
    #[error("DynamoDB: {what}")]
    Database {
        /// What was being done.
        what: String,
        /// What dynoxide says.
        #[source]
        source: DynoxideError,
    },
    /// A table definition that is no CreateTable request.
    #[error("DynamoDB: table {table} is no CreateTable request")]
    Definition {
        /// Its name.
        table: String,
        /// Where it is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A table of the file has other keys than the template gives it. DynamoDB would replace it.
    #[error("DynamoDB: the template has changed the keys of {table}; start with another file")]
    KeysChanged {
        /// Its name.
        table: String,
    },
    /// The loopback listener.
    #[error("DynamoDB: no loopback port")]
    Listen(#[from] std::io::Error),
}

/// The local DynamoDB.
pub struct DynamoDb {
    iam: Arc<Iam>,
    database: Database,
    connector: Connector,
    address: SocketAddr,
    tokens_count: AtomicBool,
    // Dropped with this value, which tells the server to end.
    _shutdown: oneshot::Sender<()>,
}

impl DynamoDb {
    /// Opens the storage, makes those of `tables` that it does not have, and starts to serve.
    ///
    /// # Errors
    /// The storage does not open, a table cannot be made, or there is no port.
    pub async fn start(
        iam: Arc<Iam>,
        storage: &Storage,
        tables: &[TableDefinition],
    ) -> Result<Self, DynamoDbError> {
        let database = match storage {
            Storage::Memory => Database::memory(),
            Storage::File(path) => Database::new(&path.to_string_lossy()),
        };
        let database = database.map_err(|source| DynamoDbError::Database {
            what: format!("cannot open {storage:?}"),
            source,
        })?;
        for table in tables {
            create(&database, table)?;
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (shutdown, ended) = oneshot::channel::<()>();
        let served = database.clone();
        tokio::spawn(async move {
            let ended = async move {
                // An error is the sender dropped, which means the same.
                let _ = ended.await;
            };
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, served, ended).await
            {
                tracing::error!(error, "the local DynamoDB ended");
            }
        });
        Ok(Self {
            iam,
            database,
            connector: Connector::builder().build_http(),
            address,
            tokens_count: AtomicBool::new(true),
            _shutdown: shutdown,
        })
    }

    /// From now on no `ClientRequestToken` counts: a transaction that is sent again is done again.
    ///
    /// dynoxide looks through the tokens of the last ten minutes at each transaction, so the time of many of them grows
    /// with the square of their number. A test that sends none twice may do without.
    pub fn forget_tokens(&self) {
        self.tokens_count.store(false, Ordering::Relaxed);
    }

    /// Answers one request.
    pub async fn handle(&self, headers: &HeaderMap, body: Bytes) -> Response {
        if let Err(error) = self.admit(headers, &body) {
            return error.into_response("1.0");
        }
        let body = if self.tokens_count.load(Ordering::Relaxed) {
            body
        } else {
            without_token(body)
        };
        match self.forward(headers, body).await {
            Some(response) => response,
            None => JsonError {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                ..JsonError::new("InternalServerError", "the local DynamoDB does not answer")
            }
            .into_response("1.0"),
        }
    }

    /// Deletes the items whose TTL attribute is past, as AWS does within days; gives their number.
    ///
    /// # Errors
    /// The storage fails.
    pub fn sweep(&self) -> Result<usize, DynamoDbError> {
        self.database
            .sweep_ttl()
            .map_err(|source| DynamoDbError::Database {
                what: "cannot sweep expired items".to_owned(),
                source,
            })
    }

    fn admit(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), JsonError> {
        let caller = self.iam.authenticate(headers, body)?;
        let target = headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| {
            let streams = || target.strip_prefix(STREAMS_TARGET_PREFIX);
            target.strip_prefix(TARGET_PREFIX).or_else(streams)
        });
        let unknown = || JsonError::new("UnknownOperationException", "not known here");
        let operation = operation.ok_or_else(unknown)?;
        // dynoxide reads some JSON that this parser does not: what was not understood here was not
        // authorised either.
        let body: Value = serde_json::from_slice(body)
            .map_err(|_| JsonError::new("SerializationException", "expected JSON"))?;
        let hash_key = |table: &str, index: Option<&str>| self.hash_key(table, index);
        for needed in permissions::required(operation, &body, &hash_key) {
            let resource = self.iam.place().arn("dynamodb", &needed.resource);
            let keys = [
                ("dynamodb:LeadingKeys", needed.leading_keys),
                ("dynamodb:Attributes", needed.attributes),
                ("dynamodb:ReturnValues", needed.return_values),
            ];
            let context = Context::from(keys.map(|(key, values)| (key.to_owned(), values)));
            self.iam
                .authorize(&caller, &needed.action, &resource, &context)?;
        }
        Ok(())
    }

    /// The partition key's attribute name; none for a table that does not exist.
    fn hash_key(&self, table: &str, index: Option<&str>) -> Option<String> {
        let metadata = self.database.get_table_metadata(table).ok()??;
        let key_schema: Value = match index {
            None => serde_json::from_str(&metadata.key_schema).ok()?,
            Some(index) => {
                let definitions = [metadata.gsi_definitions, metadata.lsi_definitions];
                let mut indexes = definitions.into_iter().flatten().flat_map(|definitions| {
                    serde_json::from_str::<Vec<Value>>(&definitions).unwrap_or_default()
                });
                let found = indexes.find(|it| it.get("IndexName") == Some(&json!(index)))?;
                found.get("KeySchema")?.clone()
            }
        };
        let mut keys = key_schema.as_array()?.iter();
        let hash = keys.find(|key| key.get("KeyType") == Some(&json!("HASH")))?;
        Some(hash.get("AttributeName")?.as_str()?.to_owned())
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Option<Response> {
        let mut request = Request::post(format!("http://{}/", self.address));
        for (name, value) in headers {
            // These are of the connection, not of the request.
            if ![
                header::HOST,
                header::CONNECTION,
                header::CONTENT_LENGTH,
                header::TRANSFER_ENCODING,
            ]
            .contains(name)
            {
                request = request.header(name, value);
            }
        }
        let request = request.body(SdkBody::from(body.to_vec())).ok()?;
        let answer = self
            .connector
            .call(HttpRequest::try_from(request).ok()?)
            .await
            .ok()?;
        let answer = answer.try_into_http1x().ok()?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = parts.status;
        for name in ["content-type", "x-amzn-requestid", "x-amz-crc32"] {
            if let Some(value) = parts.headers.get(name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Some(response)
    }
}

/// The request's body without its `ClientRequestToken`.
fn without_token(body: Bytes) -> Bytes {
    let Ok(mut request) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return body;
    };
    match request.remove("ClientRequestToken") {
        Some(_) => Value::Object(request).to_string().into(),
        None => body,
    }
}

fn create(database: &Database, table: &TableDefinition) -> Result<(), DynamoDbError> {
    let failed = |source| DynamoDbError::Database {
        what: format!("cannot make table {}", table.name),
        source,
    };
    if let Some(kept) = database.get_table_metadata(&table.name).map_err(failed)? {
        let kept: Value = serde_json::from_str(&kept.key_schema).unwrap_or_default();
        return if Some(&kept) == table.create_table.get("KeySchema") {
            Ok(())
        } else {
            Err(DynamoDbError::KeysChanged {
                table: table.name.clone(),
            })
        };
    }
    let definition = |source| DynamoDbError::Definition {
        table: table.name.clone(),
        source,
    };
    let request = serde_json::from_value(table.create_table.clone()).map_err(definition)?;
    database.create_table(request).map_err(failed)?;
    if let Some(attribute) = &table.ttl_attribute {
        let request = json!({
            "TableName": table.name,
            "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
        });
        let request = serde_json::from_value(request).map_err(definition)?;
        database.update_time_to_live(request).map_err(failed)?;
    }
    Ok(())
}
