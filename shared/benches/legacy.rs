//! What asking a legacy store costs here, warm, without a hash and without the floor of time: building and signing the
//! request, reading the answer, and all between.
//!
//!     cargo bench --locked --workspace --bench legacy
//!     make bench-legacy
//!
//! A server in another process answers each request at once with what is written below. The bare exchange of the same
//! octets over one kept connection is timed too, in turn with the stores, and taken off for each call that a store makes.
//! The quickest of several rounds counts: what else the machine does only makes a round slower.
//!
//! Databases answer for themselves: `make bench-legacy` starts them and says where they are (POOLKEEPER_BENCH_…). There
//! is no bare exchange of theirs, and part of the time is the server's. So the processor time of the measuring process
//! is told too, where the operating system counts it (Linux): building, sealing and sending the request, reading the
//! answer.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader, Read, Write, stdout},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use password::{DummyHash, FunctionMemory, Password};
use shared::{
    aws,
    deadline::Deadline,
    legacy::{
        Authenticated, CognitoSettings, Columns, DynamoDbSettings, Engine, Found, Groups,
        HashSettings, HttpsSettings, LegacyUserPool, Lookup, Mapping, Processor, Proof, Query,
        SqlColumns, SqlSettings, Store, StoreKind, StoreSettings, Surroundings, Times,
    },
    secrets::Secrets,
};

const ROUNDS: usize = 7;
const ROUND: usize = 400;
const TABLE: &str = "old-users";
const LOGIN: &str = "ana@example.com";

/// Where the server is: set in the process that measures.
const SERVER: &str = "POOLKEEPER_BENCH_SERVER";
/// The databases that run: their ports on this machine, the authority of their certificates, and the password of their
/// user `poolkeeper`.
const PORTS: [(&str, Engine); 2] = [
    ("POOLKEEPER_BENCH_POSTGRESQL", Engine::PostgreSql),
    ("POOLKEEPER_BENCH_MYSQL", Engine::MySql),
];
const AUTHORITY: &str = "POOLKEEPER_BENCH_AUTHORITY";
const PASSWORD: &str = "POOLKEEPER_BENCH_PASSWORD";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    if let Ok(server) = std::env::var(SERVER) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        return runtime.block_on(measure(&server));
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = listener.local_addr()?.to_string();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(&connection));
        }
    });
    let databases = PORTS.map(|(name, _)| name).into_iter().chain([AUTHORITY]);
    let databases = databases.filter_map(|name| Some((name, std::env::var(name).ok()?)));
    // As Lambda sets them, and nothing of whoever runs this.
    let measuring = Command::new(std::env::current_exe()?)
        .env_clear()
        .envs(databases)
        .envs([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
            ("AWS_ENDPOINT_URL", &format!("http://{server}")),
            (SERVER, &server),
        ])
        .status()?;
    match measuring.success() {
        true => Ok(()),
        false => Err("the measuring process failed".into()),
    }
}

/// Answers each request of a connection until it ends.
fn serve(connection: &TcpStream) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let (mut reader, mut writer) = (BufReader::new(connection), connection);
    loop {
        let body = answer(&read_head(&mut reader)?);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        writer.write_all(answer.as_bytes()).ok()?;
    }
}

/// The head of a request or answer, whose body is read and left aside.
fn read_head(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.to_lowercase();
        if let Some(octets) = line.strip_prefix("content-length:") {
            length = octets.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(head)
}

/// What the services would say of the one user.
fn answer(head: &str) -> String {
    if head.contains(".getsecretvalue") {
        let password = std::env::var(PASSWORD).unwrap_or_default();
        return serde_json::json!({ "SecretString": password }).to_string();
    }
    let said = if head.contains("dynamodb_20120810.getitem") {
        r#"{"Item":{"username":{"S":"ana@example.com"},"password_hash":{"S":"$2b$12$"},"email_verified":{"BOOL":true},"attributes":{"M":{"email":{"S":"ana@example.com"},"full_name":{"S":"Ana Ruiz"}}}}}"#
    } else if head.contains(".admingetuser") {
        r#"{"Username":"ana","Enabled":true,"UserStatus":"CONFIRMED","UserAttributes":[{"Name":"sub","Value":"17"},{"Name":"email","Value":"ana@example.com"},{"Name":"email_verified","Value":"true"}]}"#
    } else if head.contains(".admininitiateauth") {
        r#"{"AuthenticationResult":{"AccessToken":"example","ExpiresIn":3600,"TokenType":"Bearer"}}"#
    } else {
        r#"{"status":"verified","user":{"id":"17","email_verified":true,"attributes":{"email":"ana@example.com","full_name":"Ana Ruiz"}}}"#
    };
    said.to_owned()
}

/// One exchange of as many octets as a store's, by hand.
fn bare(connection: &TcpStream) -> Outcome<()> {
    let body = "x".repeat(120);
    let signature = "x".repeat(500);
    let request = format!(
        "POST / HTTP/1.1\r\nauthorization: {signature}\r\ncontent-length: 120\r\n\r\n{body}"
    );
    let mut writer = connection;
    writer.write_all(request.as_bytes())?;
    read_head(&mut BufReader::new(connection)).ok_or("the server has gone")?;
    Ok(())
}

/// A store, what is asked of it, and how many calls that takes.
struct Asked {
    what: &'static str,
    calls: u32,
    login: &'static str,
    /// Whether the server is the one of this file, whose bare exchange is known.
    canned: bool,
    store: Store,
}

/// The quickest round of a store, microseconds a question.
struct Best {
    wall: f64,
    processor: f64,
}

async fn measure(server: &str) -> Outcome<()> {
    let config = aws::config().await?;
    let connection = TcpStream::connect(server)?;
    connection.set_nodelay(true)?;
    let asked = stores(server, &config)?;
    let start = asked.iter().map(|_| Best {
        wall: f64::MAX,
        processor: f64::MAX,
    });
    let mut best: Vec<Best> = start.collect();
    let mut bare_best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..ROUND {
            bare(&connection)?;
        }
        bare_best = bare_best.min(each(start.elapsed()));
        for (asked, best) in asked.iter().zip(&mut best) {
            // The first opens a connection.
            ask(asked).await?;
            let (start, before) = (Instant::now(), processor_time());
            for _ in 0..ROUND {
                ask(asked).await?;
            }
            best.wall = best.wall.min(each(start.elapsed()));
            best.processor = best.processor.min(each(processor_time() - before));
        }
    }
    let mut out = stdout();
    writeln!(out, "a bare exchange: {bare_best:.1} µs")?;
    for (asked, best) in asked.iter().zip(best) {
        let Asked { what, calls, .. } = asked;
        let Best { wall, processor } = best;
        write!(out, "{what:<32} {calls} calls {wall:>8.1} µs")?;
        if asked.canned {
            let own = wall - f64::from(*calls) * bare_best;
            write!(out, ", of which ours {own:>8.1} µs")?;
        }
        writeln!(out, ", processor {processor:>8.1} µs")?;
    }
    Ok(())
}

/// Microseconds of each question of a round.
fn each(round: Duration) -> f64 {
    round.as_secs_f64() * 1e6 / f64::from(u32::try_from(ROUND).unwrap_or(u32::MAX))
}

/// What this process, which has one thread, has had of a processor (proc(5), `schedstat`); nothing where nobody counts it.
fn processor_time() -> Duration {
    let counted = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = counted
        .split(' ')
        .next()
        .and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

async fn ask(asked: &Asked) -> Outcome<()> {
    let deadline = Deadline::after(Duration::from_secs(4));
    // A store that holds hashes would compute one.
    let known = if asked.store.hashes().is_some() {
        matches!(
            asked.store.find(asked.login, deadline).await?,
            Found::User(_)
        )
    } else {
        let password = Password::parse("Old-password-1".to_owned())?;
        let times = Times {
            ask: deadline,
            verify: deadline,
        };
        let said = asked
            .store
            .authenticate(asked.login, &password, times)
            .await?;
        matches!(said, Authenticated::Verified(_))
    };
    known.then_some(()).ok_or_else(|| asked.what.into())
}

fn stores(server: &str, config: &aws_config::SdkConfig) -> Outcome<Vec<Asked>> {
    let arn = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_OldPool1";
    let pool = LegacyUserPool {
        arn: arn.parse().map_err(|_| "no ARN")?,
        client_id: "1oldclient".to_owned(),
        role_arn: None,
        external_id: None,
    };
    let around = Surroundings {
        aws: config,
        legacy_table: Some(TABLE),
        legacy_user_pool: Some(&pool),
        processor: &Processor::new(FunctionMemory::ONE_CORE),
        secrets: &Arc::new(Secrets::new(config, String::new())),
    };
    let table = DynamoDbSettings {
        table: None,
        lookup: Lookup::LowerCase,
        index: None,
        columns: Columns::default(),
        hashes: HashSettings {
            hint: None,
            dummy: DummyHash::Bcrypt { cost: 4 },
        },
        mark_verified: false,
    };
    let endpoint = HttpsSettings {
        url: format!("http://{server}/login").parse()?,
        proof: Proof::Nothing,
    };
    let pool = CognitoSettings {
        client_secret: None,
    };
    let opened = |kind| -> Outcome<Store> {
        let settings = StoreSettings {
            name: "old".to_owned(),
            attributes: Mapping::default(),
            groups: Groups::default(),
            kind,
        };
        Ok(Store::open(settings, &around)?)
    };
    let canned = |what, calls, kind| -> Outcome<Asked> {
        Ok(Asked {
            what,
            calls,
            login: LOGIN,
            canned: true,
            store: opened(kind)?,
        })
    };
    let mut asked = vec![
        canned(
            "dynamodb: the row of a user",
            1,
            StoreKind::DynamoDb(Box::new(table)),
        )?,
        canned("https: is this the password", 1, StoreKind::Https(endpoint))?,
        canned("cognito: is this the password", 2, StoreKind::Cognito(pool))?,
    ];
    for (variable, engine) in PORTS {
        let Ok(port) = std::env::var(variable) else {
            continue;
        };
        let (what, login) = match engine {
            Engine::PostgreSql => ("PostgreSQL: the row of a user", "ana@postgres.example"),
            Engine::MySql => ("MySQL: the row of a user", "ana@mariadb.example"),
        };
        asked.push(Asked {
            what,
            calls: 1,
            login,
            canned: false,
            store: opened(StoreKind::Sql(Box::new(database(engine, port.parse()?)?)))?,
        });
    }
    Ok(asked)
}

/// What tests/peers/groups/legacy-stores has set up.
fn database(engine: Engine, port: u16) -> Outcome<SqlSettings> {
    let parameter = match engine {
        Engine::PostgreSql => "$1",
        Engine::MySql => "?",
    };
    let query = format!(
        "SELECT id, email, name, password_hash, email_verified, enabled FROM users WHERE email = {parameter}"
    );
    Ok(SqlSettings {
        driver: engine.driver().ok_or("the driver is not built")?,
        host: "localhost".to_owned(),
        port,
        database: "shop".to_owned(),
        user: "poolkeeper".to_owned(),
        password: "database".to_owned(),
        ca_bundle: Some(PathBuf::from(std::env::var(AUTHORITY)?)),
        query: Query::parse(engine, &query)?,
        lookup: Lookup::LowerCase,
        columns: SqlColumns::default(),
        hashes: HashSettings {
            hint: None,
            dummy: DummyHash::Bcrypt { cost: 4 },
        },
    })
}
