//! How fast a JWT is verified, beside aws-jwt-verify on the same machine.
//!
//!     cargo bench --locked -p poolkeeper-shared --bench jwt
//!
//! Both sides get the same tokens and the same keys, fetch nothing, and do the whole of it: decode, find the key, verify
//! the signature, check the claims. Each algorithm is timed in rounds, ours and Node's in turn, and the quickest round
//! of each counts: what else the machine does only makes a round slower. Ends with an error where Node or
//! aws-jwt-verify is missing, or a ratio is below one.

use std::{
    error::Error,
    io::{Write as _, stdout},
    path::Path,
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use serde_json::{Value, json};
use shared::{
    deadline::Deadline,
    https::Https,
    jwt::{
        Algorithm, Fetcher, Issuer, IssuerUrl, Keys, PinnedKeys, Settings, UnverifiedJwt,
        install_crypto_provider,
    },
};

const ISSUER: &str = "https://issuer.example";
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(400);

/// A token and the set of the one key that signed it.
struct Sample {
    algorithm: &'static str,
    jwt: String,
    jwks: Value,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    install_crypto_provider();
    let peer = Peer::find()?;
    let mut out = stdout();
    writeln!(
        out,
        "{:<8} {:>12} {:>16} {:>8}",
        "", "Poolkeeper", "aws-jwt-verify", "ratio"
    )?;
    let mut slower = Vec::new();
    for sample in samples()? {
        let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            ours = ours.min(ours_microseconds(&sample)?);
            theirs = theirs.min(peer.microseconds(&sample)?);
        }
        let ratio = theirs / ours;
        let algorithm = sample.algorithm;
        writeln!(
            out,
            "{algorithm:<8} {ours:>9.1} µs {theirs:>13.1} µs {ratio:>8.2}"
        )?;
        if ratio < 1.0 {
            slower.push(algorithm);
        }
    }
    match slower.is_empty() {
        true => Ok(()),
        false => Err(format!("slower than aws-jwt-verify: {slower:?}").into()),
    }
}

/// Microseconds a verification.
fn ours_microseconds(sample: &Sample) -> Outcome<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let keys = PinnedKeys::parse(&sample.jwks.to_string())?;
    let settings = Settings {
        keys: Keys::Pinned(keys),
        audiences: ["poolkeeper".to_owned()].into(),
        authorized_parties: None,
        algorithms: [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA].into(),
        required_claims: [].into(),
        max_token_age_seconds: 86_400,
        leeway_seconds: 30,
        token_use: None,
    };
    let fetcher = Fetcher::new(Https::new()?, None);
    let issuer = Issuer::new(IssuerUrl::try_from(ISSUER.to_owned())?, settings, fetcher);
    let verify = || -> Outcome<()> {
        let jwt = UnverifiedJwt::decode(&sample.jwt)?;
        let deadline = Deadline::after(Duration::from_secs(5));
        let claims = runtime.block_on(issuer.verify(&jwt, deadline))?;
        std::hint::black_box(claims);
        Ok(())
    };
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < ROUND {
        for _ in 0..50 {
            verify()?;
        }
        count += 50;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(count))
}

/// aws-jwt-verify, as the peers have installed it.
struct Peer;

const SCRIPT: &str = r#"
import { JwtVerifier } from "aws-jwt-verify";
const { issuer, jwt, jwks, milliseconds } = JSON.parse(process.argv[1]);
const verifier = JwtVerifier.create({ issuer, audience: "poolkeeper", jwksUri: issuer + "/jwks.json" });
verifier.cacheJwks(jwks);
const round = (limit) => {
  const start = process.hrtime.bigint();
  let count = 0, elapsed = 0;
  do {
    for (let i = 0; i < 50; i++) verifier.verifySync(jwt);
    count += 50;
    elapsed = Number(process.hrtime.bigint() - start) / 1e3;
  } while (elapsed < limit * 1e3);
  return elapsed / count;
};
round(milliseconds); // for the compiler of V8 to warm up
console.log(round(milliseconds));
"#;

impl Peer {
    const FOLDER: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/peers/groups/pool-clients"
    );

    fn find() -> Outcome<Self> {
        if Command::new("node").arg("--version").output().is_err() {
            return Err("node is missing: install Node.js 20 or later".into());
        }
        if !Path::new(Self::FOLDER)
            .join("node_modules/aws-jwt-verify")
            .exists()
        {
            return Err("aws-jwt-verify is missing: `make clients` installs it".into());
        }
        Ok(Self)
    }

    fn microseconds(&self, sample: &Sample) -> Outcome<f64> {
        let job = json!({
            "issuer": ISSUER,
            "jwt": sample.jwt,
            "jwks": sample.jwks,
            "milliseconds": u64::try_from(ROUND.as_millis())?,
        });
        let output = Command::new("node")
            .args([
                "--input-type=module",
                "--eval",
                SCRIPT,
                "--",
                &job.to_string(),
            ])
            .current_dir(Self::FOLDER)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }
}

fn samples() -> Outcome<[Sample; 3]> {
    let random = SystemRandom::new();
    let refused = |_| "the key cannot be made";

    let pem = include_str!("../../emulator/src/keys/oidc-issuer.development-only.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let rsa = RsaKeyPair::from_pkcs8(&STANDARD.decode(body)?).map_err(|_| "no RSA key")?;
    let public = PublicKeyComponents::<Vec<u8>>::from(rsa.public());
    let rsa_key = json!({"kty": "RSA", "e": encode(public.e), "n": encode(public.n)});
    let by_rsa = sample("RS256", rsa_key, |message| {
        let mut signature = vec![0; rsa.public().modulus_len()];
        let signed = rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
        signed.map(|()| signature).map_err(refused)
    })?;

    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let der = der.map_err(refused)?;
    let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random);
    let ec = ec.map_err(|_| "no EC key")?;
    // SEC 1, section 2.3.3: 0x04, then both coordinates.
    let (x, y) = ec.public_key().as_ref().split_at(33);
    let ec_key = json!({"kty": "EC", "crv": "P-256", "x": encode(x.get(1..).unwrap_or_default()), "y": encode(y)});
    let by_ec = sample("ES256", ec_key, |message| {
        let signature = ec.sign(&random, message).map_err(refused)?;
        Ok(signature.as_ref().to_vec())
    })?;

    let der = Ed25519KeyPair::generate_pkcs8(&random).map_err(refused)?;
    let ed = Ed25519KeyPair::from_pkcs8(der.as_ref()).map_err(|_| "no Ed25519 key")?;
    let ed_key = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(ed.public_key())});
    let by_ed = sample("EdDSA", ed_key, |message| {
        Ok(ed.sign(message).as_ref().to_vec())
    })?;
    Ok([by_rsa, by_ec, by_ed])
}

fn sample(
    algorithm: &'static str,
    mut key: Value,
    sign: impl Fn(&[u8]) -> Result<Vec<u8>, &'static str>,
) -> Outcome<Sample> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let header = json!({"alg": algorithm, "kid": "1", "typ": "JWT"});
    // As large as a user pool's ID token.
    let claims = json!({
        "iss": ISSUER,
        "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "aud": "poolkeeper",
        "cognito:groups": ["test-group-a", "test-group-b", "test-group-c"],
        "cognito:username": "my-test-user",
        "email_verified": true,
        "event_id": "64f513be-32db-42b0-b78e-b02127b4f463",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "jti": "5403ac13-235b-4a03-ac35-6c3a9d2a8a08",
        "email": "my-test-user@example.com",
    });
    let message = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let jwt = format!("{message}.{}", encode(sign(message.as_bytes())?));
    if let Some(members) = key.as_object_mut() {
        members.extend([
            ("alg".to_owned(), algorithm.into()),
            ("kid".to_owned(), "1".into()),
            ("use".to_owned(), "sig".into()),
        ]);
    }
    let jwks = json!({ "keys": [key] });
    Ok(Sample {
        algorithm,
        jwt,
        jwks,
    })
}

fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}
