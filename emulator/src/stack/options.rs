//! What a stack is started with, and why it may not start.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use crate::{
    dynamodb::{DynamoDbError, Storage},
    iam::{self, AssumeError, Clock, IamError},
    jwt_signer::KeyError,
    lambda::LogSink,
    template::{Place, TemplateError},
};

/// What to run.
#[derive(Clone)]
pub struct Options {
    /// The SAM template.
    pub template: PathBuf,
    /// Values for the template's parameters; the others keep their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Account, Region and stack name.
    pub place: Place,
    /// The names of resources that were deployed elsewhere, by logical id.
    pub physical_ids: BTreeMap<String, String>,
    /// Where the functions' binaries are.
    pub binaries: PathBuf,
    /// Whether a binary that is not there is an error at start, not at the first invocation.
    pub check_binaries: bool,
    /// Where tables and users are kept.
    pub storage: Storage,
    /// Sees every line that a function logs.
    pub log_sink: Option<LogSink>,
    /// Variables set over those of the template, for every function.
    pub function_environment: BTreeMap<String, String>,
    /// The same for one function, by its logical id; these win.
    pub environment: BTreeMap<String, BTreeMap<String, String>>,
    /// The audience of the development issuer's tokens.
    pub issuer_audience: String,
    /// What time it is for IAM and STS.
    pub clock: Clock,
    /// Whether two first calls for one login of an identity pool get two identities. Nothing says that Cognito
    /// never does that.
    pub two_first_identities: bool,
}

impl Options {
    /// A template with its default parameters, the functions in `binaries`, tables in memory.
    pub fn new(template: &Path, binaries: &Path) -> Self {
        Self {
            template: template.to_owned(),
            parameters: BTreeMap::new(),
            place: Place::default(),
            physical_ids: BTreeMap::new(),
            binaries: binaries.to_owned(),
            check_binaries: true,
            storage: Storage::Memory,
            log_sink: None,
            function_environment: BTreeMap::new(),
            environment: BTreeMap::new(),
            issuer_audience: "application".to_owned(),
            clock: iam::system_clock(),
            two_first_identities: false,
        }
    }
}

/// The stack could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template.
    #[error("the template is not usable")]
    Template(#[from] TemplateError),
    /// The template lacks something that the stack cannot do without.
    #[error("the template has no {0}")]
    Missing(&'static str),
    /// The roles.
    #[error("the template's roles are not usable")]
    Iam(#[from] IamError),
    /// A function has no binary.
    #[error("{function}: {} is not there: build the functions first", binary.display())]
    Binary {
        /// The function's logical id.
        function: String,
        /// Where its binary is expected.
        binary: PathBuf,
    },
    /// The file of the pool's users.
    #[error("{}: the users cannot be read", path.display())]
    Users {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A function's role does not trust Lambda.
    #[error("the role of {0} is not for Lambda")]
    FunctionRole(String, #[source] AssumeError),
    /// The tables.
    #[error("the tables cannot be made")]
    DynamoDb(#[from] DynamoDbError),
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
    /// A development key.
    #[error("a development key is not usable")]
    Key(#[from] KeyError),
}

/// A port of 127.0.0.1 cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("127.0.0.1:{port} cannot be used")]
pub struct PortError {
    /// The port that was asked for; 0 is any.
    pub port: u16,
    /// What the system says.
    pub source: io::Error,
}
