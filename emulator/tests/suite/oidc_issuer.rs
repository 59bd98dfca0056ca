//! The development issuer, as a verifier and as a person with curl meet it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use emulator::oidc_issuer::OidcIssuer;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

struct Server {
    address: String,
    issuer: OidcIssuer,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn start() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let issuer = OidcIssuer::new(&format!("http://{address}"), "example").unwrap();
    let router = issuer.router();
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Server {
        address,
        issuer,
        task,
    }
}

impl Server {
    async fn get(&self, path: &str) -> Value {
        let answer = self.send(&format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    async fn post(&self, form: &str) -> String {
        let length = form.len();
        let head = "POST /oidc/token HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded";
        self.send(&format!("{head}\r\nContent-Length: {length}\r\n\r\n{form}"))
            .await
    }

    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn published(&self) -> Vec<Value> {
        self.get("/oidc/jwks.json").await["keys"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The claims, if a published key signed them.
    async fn verify(&self, token: &str) -> Option<Value> {
        let parts: Vec<&str> = token.split('.').collect();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
        let keys = self.published().await;
        let key = keys.iter().find(|key| key["kid"] == header["kid"])?;
        assert_eq!(key["alg"], header["alg"]);
        let member = |name: &str| decode(key[name].as_str().unwrap());
        let (message, signature) = (format!("{}.{}", parts[0], parts[1]), decode(parts[2]));
        if key["kty"] == "RSA" {
            let key = RsaPublicKeyComponents {
                n: member("n"),
                e: member("e"),
            };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
                .unwrap();
        } else {
            let point = [vec![4], member("x"), member("y")].concat();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
            key.verify(message.as_bytes(), &signature).unwrap();
        }
        Some(serde_json::from_slice(&decode(parts[1])).unwrap())
    }
}

#[tokio::test]
async fn discovery_leads_to_the_keys_and_each_fetch_is_counted() {
    let server = start().await;
    let configuration = server.get("/oidc/.well-known/openid-configuration").await;
    assert_eq!(configuration["issuer"], server.issuer.issuer());
    let jwks = configuration["jwks_uri"].as_str().unwrap();
    assert_eq!(jwks, format!("http://{}/oidc/jwks.json", server.address));
    assert_eq!(server.issuer.jwks_requests(), 0);
    let algorithms: Vec<Value> = server
        .published()
        .await
        .iter()
        .map(|key| key["alg"].clone())
        .collect();
    assert_eq!(algorithms, ["RS256", "ES256"]);
    assert_eq!(server.issuer.jwks_requests(), 1);
}

#[tokio::test]
async fn a_token_of_either_algorithm_verifies_by_its_published_key() {
    let server = start().await;
    for algorithm in ["RS256", "ES256"] {
        let token = server
            .issuer
            .mint_with(algorithm, json!({ "sub": "jo", "jti": null }))
            .unwrap();
        let claims = server.verify(&token).await.unwrap();
        assert_eq!(
            (&claims["sub"], &claims["aud"]),
            (&json!("jo"), &json!("example"))
        );
        assert_eq!(claims["iss"], server.issuer.issuer());
        assert_eq!(claims.get("jti"), None, "null leaves a claim out");
    }
}

#[tokio::test]
async fn after_a_rotation_a_new_key_signs_and_the_old_tokens_stay_good() {
    let server = start().await;
    let old = server.issuer.mint(json!({})).unwrap();
    server.issuer.rotate().unwrap();
    let new = server.issuer.mint(json!({})).unwrap();
    assert_ne!(old.split('.').next(), new.split('.').next());
    assert!(server.verify(&old).await.is_some());
    assert!(server.verify(&new).await.is_some());
}

#[tokio::test]
async fn the_tokens_of_a_withdrawn_key_verify_no_more() {
    let server = start().await;
    let kid = server.issuer.rotate().unwrap();
    let token = server.issuer.mint(json!({})).unwrap();
    assert!(server.issuer.withdraw(&kid));
    assert_eq!(server.verify(&token).await, None);
    assert!(!server.issuer.withdraw(&kid));
}

#[tokio::test]
async fn a_person_with_curl_names_a_subject_and_gets_a_token() {
    let server = start().await;
    let form = "subject=jo&audience=app&claims=%7B%22plan%22%3A%22gold%22%2C%22sub%22%3A%22x%22%7D";
    let answer = server.post(form).await;
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let claims = server
        .verify(body["id_token"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(claims["sub"], "jo");
    assert_eq!(claims["aud"], "app");
    assert_eq!(claims["plan"], "gold");
}

#[tokio::test]
async fn claims_that_are_no_object_are_refused() {
    let server = start().await;
    for claims in ["[]", "gold", "%7B"] {
        let answer = server.post(&format!("subject=jo&claims={claims}")).await;
        assert!(answer.starts_with("HTTP/1.0 400"), "{answer}");
        assert!(
            answer.contains("`claims` is expected to be a JSON object"),
            "{answer}"
        );
    }
}
