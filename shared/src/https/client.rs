//! One request, one answer, within a deadline and a bound.

use std::{fmt, sync::Arc, time::Duration};

use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use super::{CertificateFault, HttpsUrl};
use crate::{
    aws::{InvalidCaBundle, connector},
    deadline::Deadline,
};

/// The client. A clone shares its connections.
#[derive(Debug, Clone)]
pub struct Https {
    connector: Arc<Connector>,
}

/// What is asked. `Debug` shows method and URL only.
pub struct Request<'a> {
    method: &'static str,
    url: &'a HttpsUrl,
    headers: Vec<(&'static str, SecretString)>,
    body: Vec<u8>,
}

/// What was answered. `Debug` shows the status only.
pub struct Response {
    /// The status code. A redirect is one like any other: what it points to is nobody's word but the
    /// network's.
    pub status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// Why there is no answer. Holds nothing of what was sent or received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpsError {
    /// The URL or a header cannot be sent.
    #[error("the request cannot be sent")]
    Request,
    /// The time ran out.
    #[error("the time ran out")]
    DeadlineExceeded,
    /// The server's certificate is not believed: it was sent nothing.
    #[error("the server's certificate {0}")]
    Certificate(CertificateFault),
    /// No connection, or it broke.
    #[error("no connection, or no answer")]
    NoAnswer,
    /// The answer is longer than was allowed.
    #[error("the answer is too long")]
    TooLong,
    /// The answer broke off.
    #[error("the answer could not be read to its end")]
    Body,
    /// The answer is not the JSON that was expected.
    #[error("the answer is not the JSON that was expected")]
    Json,
}

impl<'a> Request<'a> {
    /// `GET url`.
    pub fn get(url: &'a HttpsUrl) -> Self {
        Self {
            method: "GET",
            url,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// `POST url` with a JSON document.
    pub fn post_json(url: &'a HttpsUrl, body: Vec<u8>) -> Self {
        let request = Self {
            method: "POST",
            url,
            headers: Vec::new(),
            body,
        };
        request.header("content-type", "application/json".to_owned())
    }

    /// `POST url` with the fields of a form.
    pub fn post_form(url: &'a HttpsUrl, fields: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = Self {
            method: "POST",
            url,
            headers: Vec::new(),
            body: form.finish().into_bytes(),
        };
        request.header(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )
    }

    /// With a header. Its value counts as a secret.
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body, for a signature.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl Https {
    /// With the roots of the operating system, or those of `AWS_CA_BUNDLE`.
    ///
    /// # Errors
    /// When `AWS_CA_BUNDLE` names something that is no bundle of certificates.
    pub fn new() -> Result<Self, InvalidCaBundle> {
        Ok(Self {
            connector: Arc::new(connector()?),
        })
    }

    /// Sends `request` and reads the answer, of which `max_body` octets at most, by `deadline`.
    ///
    /// # Errors
    /// [`HttpsError`]. A status is none: the caller knows what it means.
    pub async fn send(
        &self,
        request: Request<'_>,
        max_body: usize,
        deadline: Deadline,
    ) -> Result<Response, HttpsError> {
        let request = request.into_http()?;
        let exchange = async {
            let response = self.connector.call(request).await;
            let response = response.map_err(|error| match CertificateFault::of(&error) {
                Some(fault) => HttpsError::Certificate(fault),
                None => HttpsError::NoAnswer,
            })?;
            let status = response.status().as_u16();
            let retry_after = response.headers().get("retry-after");
            let retry_after = retry_after.and_then(|value| value.trim().parse().ok());
            let body = Limited::new(response.into_body(), max_body).collect().await;
            let body = body.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    HttpsError::TooLong
                } else {
                    HttpsError::Body
                }
            })?;
            let body = body.to_bytes().to_vec();
            Ok(Response {
                status,
                retry_after: retry_after.map(Duration::from_secs),
                body,
            })
        };
        deadline
            .bound(exchange)
            .await
            .map_err(|_| HttpsError::DeadlineExceeded)?
    }
}

impl Request<'_> {
    fn into_http(self) -> Result<aws_smithy_runtime_api::http::Request, HttpsError> {
        let mut request = aws_smithy_runtime_api::http::Request::new(SdkBody::from(self.body));
        request
            .set_method(self.method)
            .map_err(|_| HttpsError::Request)?;
        request
            .set_uri(self.url.as_str())
            .map_err(|_| HttpsError::Request)?;
        for (name, value) in self.headers {
            let value = value.expose_secret().to_owned();
            let headers = request.headers_mut();
            headers
                .try_insert(name, value)
                .map_err(|_| HttpsError::Request)?;
        }
        Ok(request)
    }
}

impl Response {
    /// What `Retry-After` says, where it says seconds (RFC 9110, section 10.2.3). A date counts as nothing: nobody
    /// knows by whose clock it is.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`HttpsError::Json`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpsError> {
        serde_json::from_slice(&self.body).map_err(|_| HttpsError::Json)
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.method, self.url)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A server that answers one request with `answer`, or never; what it heard, and where it is.
    async fn server(answer: Option<String>) -> (HttpsUrl, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/login", listener.local_addr().unwrap());
        let heard = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; 4096];
            let read = connection.read(&mut heard).await.unwrap();
            match answer {
                Some(answer) => connection.write_all(answer.as_bytes()).await.unwrap(),
                None => std::future::pending().await,
            }
            String::from_utf8_lossy(&heard[..read]).into_owned()
        });
        (url.parse().unwrap(), heard)
    }

    fn http(status: &str, body: &str) -> Option<String> {
        let length = body.len();
        Some(format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(20))
    }

    #[tokio::test]
    async fn a_request_goes_out_with_its_headers_and_its_answer_comes_back() {
        let (url, heard) = server(http("200 OK", "{\"status\":\"password_match\"}")).await;
        let request = Request::post_json(&url, b"{}".to_vec());
        let request = request.header("authorization", "Bearer canary".to_owned());
        assert!(!format!("{request:?}").contains("canary"));
        let answer = Https::new().unwrap().send(request, 1024, soon()).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json::<Value>(),
            Ok(json!({"status": "password_match"}))
        );
        let heard = heard.await.unwrap();
        assert!(heard.starts_with("POST /login HTTP/1.1\r\n"), "{heard}");
        assert!(
            heard.contains("authorization: Bearer canary\r\n"),
            "{heard}"
        );
        assert!(heard.ends_with("\r\n\r\n{}"), "{heard}");
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let redirect = "302 Found\r\nlocation: http://127.0.0.1:1/";
        let (url, _heard) = server(http(redirect, "")).await;
        let client = Https::new().unwrap();
        let answer = client.send(Request::get(&url), 10, soon()).await.unwrap();
        assert_eq!(answer.status, 302);
    }

    #[tokio::test]
    async fn seconds_to_wait_are_read_and_a_date_is_not() {
        let client = Https::new().unwrap();
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (said, found) in [("7", Some(7)), (date, None), ("-1", None), ("soon", None)] {
            let status = format!("503 Service Unavailable\r\nretry-after: {said}");
            let (url, _heard) = server(http(&status, "")).await;
            let answer = client.send(Request::get(&url), 10, soon()).await.unwrap();
            assert_eq!(answer.retry_after(), found.map(Duration::from_secs));
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_breaks_off_or_is_no_json_is_an_error() {
        let client = Https::new().unwrap();
        let (url, _heard) = server(http("200 OK", "<html>canary</html>")).await;
        let long = client.send(Request::get(&url), 10, soon()).await;
        assert_eq!(long.unwrap_err(), HttpsError::TooLong);
        let (url, _heard) = server(http("200 OK", "<html>canary</html>")).await;
        let html = client.send(Request::get(&url), 100, soon()).await.unwrap();
        assert_eq!(html.json::<Value>(), Err(HttpsError::Json));
        let short = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ncanary".to_owned();
        let (url, _heard) = server(Some(short)).await;
        let broken = client.send(Request::get(&url), 100, soon()).await;
        assert_eq!(broken.unwrap_err(), HttpsError::Body);
    }

    #[tokio::test]
    async fn a_server_that_hangs_or_is_not_there_is_given_up() {
        let client = Https::new().unwrap();
        let (url, _heard) = server(None).await;
        let soon = Deadline::after(Duration::from_millis(50));
        let hung = client.send(Request::get(&url), 10, soon).await;
        assert_eq!(hung.unwrap_err(), HttpsError::DeadlineExceeded);
        let nowhere = "http://127.0.0.1:1/".parse().unwrap();
        let deadline = Deadline::after(Duration::from_secs(20));
        let refused = client.send(Request::get(&nowhere), 10, deadline).await;
        assert_eq!(refused.unwrap_err(), HttpsError::NoAnswer);
    }
}
