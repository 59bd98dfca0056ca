//! AWS Lambda on one machine: real `bootstrap` processes behind a real Runtime API, one environment
//! serving one invocation at a time, crashes and time-outs reported as AWS reports them.
//!
//! Nothing of the machine's own environment reaches a function, and no process outlives the host.

mod environment;
mod failure;
mod function;
pub mod http_api;
mod ids;
pub mod invoke_api;
mod logs;
mod name;
pub mod permissions;
pub mod policy_api;
mod runtime_api;

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use self::{
    function::Function,
    logs::LogBook,
    name::{function_name, qualifier},
    permissions::Permissions,
};
pub use self::{
    http_api::{Cors, HttpApiSpec, RouteSpec, http_api_router},
    invoke_api::invoke_router,
    logs::{LogLine, LogSink, log_to_file},
};

/// Largest payload of a synchronous invocation, in bytes.
/// Source: Lambda quotas, "Invocation payload: 6 MB each for request and response".
pub const MAX_REQUEST_BYTES: usize = 6 * 1024 * 1024;

/// Largest response of a function, in bytes: 6 MB and some room for its envelope.
/// Source: the emulator's `MaxPayloadSize`; the number is in AWS's error message too.
const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

/// One function: what CloudFormation would know of it.
#[derive(Clone, Debug)]
pub struct FunctionSpec {
    /// The physical name, as in the ARN.
    pub name: String,
    /// The program that speaks the Runtime API; `bootstrap` in a deployed package.
    pub binary: PathBuf,
    /// The function's variables, the role's credentials among them. They win over Lambda's own.
    pub environment: BTreeMap<String, String>,
    /// How long one invocation may take, from the moment the event is handed over.
    pub timeout: Duration,
    /// Reported to the function, not enforced.
    pub memory_mb: u32,
    /// The alias that names the published version, if there is one.
    pub alias: Option<String>,
}

/// What all functions of a host share.
#[derive(Clone)]
pub struct HostOptions {
    /// The region in ARNs and in `AWS_REGION`.
    pub region: String,
    /// The account in ARNs.
    pub account_id: String,
    /// Environments a function may have at a time; one more invocation is a `TooManyRequestsException`.
    /// Ten is what a new account has. Source: Lambda quotas, "Concurrent executions".
    pub concurrency: usize,
    /// How long a first start may take until it asks for an event: ten seconds.
    /// Source: Lambda developer guide, "Init phase".
    pub init_limit: Duration,
    /// Sees every log line as it is written.
    pub log_sink: Option<LogSink>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account_id: "123456789012".to_owned(),
            concurrency: 10,
            init_limit: Duration::from_secs(10),
            log_sink: None,
        }
    }
}

impl HostOptions {
    fn function_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:lambda:{}:{}:function:{name}",
            self.region, self.account_id
        )
    }
}

/// The functions of one stack. Clones share them; with the last clone every process ends.
#[derive(Clone)]
pub struct LambdaHost {
    inner: Arc<Inner>,
}

struct Inner {
    functions: BTreeMap<String, Arc<Function>>,
    aliases: BTreeMap<String, String>,
    permissions: Permissions,
    options: Arc<HostOptions>,
    logs: LogBook,
}

impl Drop for Inner {
    /// An invocation under way holds its function, not the host: it ends as by a crash.
    fn drop(&mut self) {
        for function in self.functions.values() {
            function.close();
        }
    }
}

impl LambdaHost {
    /// Starts no process: environments come with invocations.
    pub fn new(specs: Vec<FunctionSpec>, options: HostOptions) -> Self {
        let logs = LogBook::new(options.log_sink.clone());
        let options = Arc::new(options);
        let aliases = specs
            .iter()
            .filter_map(|spec| Some((spec.name.clone(), spec.alias.clone()?)))
            .collect();
        let functions = specs
            .into_iter()
            .map(|spec| {
                let function = Function::new(spec, options.clone(), logs.clone());
                (function.name().to_owned(), Arc::new(function))
            })
            .collect();
        Self {
            inner: Arc::new(Inner {
                functions,
                aliases,
                permissions: Permissions::default(),
                options,
                logs,
            }),
        }
    }

    /// Invokes a function (a name, partial ARN or ARN) and waits for its answer. A failure of the
    /// function is an `Invocation` with `function_error`, as in AWS. Dropping the future does not
    /// stop the function.
    pub async fn invoke(
        &self,
        function: &str,
        payload: Vec<u8>,
    ) -> Result<Invocation, InvokeError> {
        self.start(function, payload)?
            .await
            .unwrap_or_else(|error| Err(InvokeError::Service(error.to_string())))
    }

    /// What functions wrote to stdout and stderr, oldest first. An invocation's own lines are in
    /// here by the time it is answered.
    pub fn logs(&self) -> Vec<LogLine> {
        self.inner.logs.lines()
    }

    /// Who besides the account may invoke.
    pub fn permissions(&self) -> &Permissions {
        &self.inner.permissions
    }

    /// The unqualified ARN of a function, whether it exists or not.
    pub fn function_arn(&self, function: &str) -> String {
        self.inner.options.function_arn(function_name(function))
    }

    /// Whether there is a function of this name or ARN.
    pub(crate) fn has(&self, function: &str) -> bool {
        self.function(function).is_ok()
    }

    /// What a function is given and has, as far as it can be asked for.
    pub(crate) fn spec(&self, function: &str) -> Option<FunctionSpec> {
        Some(self.function(function).ok()?.spec().clone())
    }

    /// How many environments may run at once.
    pub(crate) fn concurrency(&self) -> usize {
        self.inner.options.concurrency
    }

    /// The function's alias, if it has one.
    pub(crate) fn alias_of(&self, function: &str) -> Option<String> {
        self.inner.aliases.get(function_name(function)).cloned()
    }

    /// Kills every process of a function, as a crash would (SIGKILL); an unknown name kills none.
    pub async fn kill(&self, function: &str) {
        if let Ok(function) = self.function(function) {
            function.kill().await;
        }
    }

    /// Ends every process and refuses further invocations.
    pub async fn shutdown(&self) {
        for function in self.inner.functions.values() {
            function.close();
            function.kill().await;
        }
    }

    /// Checks what Lambda checks before it accepts an event, then runs it on its own task.
    fn start(
        &self,
        function: &str,
        payload: Vec<u8>,
    ) -> Result<tokio::task::JoinHandle<Result<Invocation, InvokeError>>, InvokeError> {
        let function = self.function(function)?;
        if payload.len() > MAX_REQUEST_BYTES {
            return Err(InvokeError::RequestTooLarge);
        }
        let payload = if payload.is_empty() {
            b"{}".to_vec()
        } else {
            payload
        };
        serde_json::from_slice::<&serde_json::value::RawValue>(&payload)
            .map_err(|error| InvokeError::InvalidRequestContent(error.to_string()))?;
        Ok(tokio::spawn(function.invoke(payload)))
    }

    /// The function of a name or ARN; a qualifier must be `$LATEST`, `1` or the alias.
    fn function(&self, reference: &str) -> Result<Arc<Function>, InvokeError> {
        let name = function_name(reference);
        let missing = |qualified: &str| InvokeError::ResourceNotFound {
            function_arn: format!("{}{qualified}", self.inner.options.function_arn(name)),
        };
        let function = self.inner.functions.get(name).cloned();
        let function = function.ok_or_else(|| missing(""))?;
        match qualifier(reference) {
            None | Some("$LATEST" | "1") => Ok(function),
            Some(alias) if self.inner.aliases.get(name).is_some_and(|it| it == alias) => {
                Ok(function)
            }
            Some(other) => Err(missing(&format!(":{other}"))),
        }
    }
}

impl fmt::Debug for LambdaHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.inner.functions.keys()).finish()
    }
}

/// A finished invocation, successful or not.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The function's answer, or the error object when `function_error` is set.
    pub payload: Vec<u8>,
    /// `Unhandled`, the only value that AWS still gives, or nothing on success.
    pub function_error: Option<String>,
    /// The id that the function saw in `Lambda-Runtime-Aws-Request-Id`.
    pub request_id: String,
    /// The last 4 KB of this environment's log, as `X-Amz-Log-Result` carries them.
    pub log_tail: String,
    /// From the hand-over of the event to the answer.
    pub duration: Duration,
}

/// Lambda itself refused; the function saw nothing of it. `Display` is AWS's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No function of that name.
    #[error("Function not found: {function_arn}")]
    ResourceNotFound {
        /// The ARN that the name stands for.
        function_arn: String,
    },
    /// Every environment that the function may have is busy.
    #[error("Rate Exceeded.")]
    TooManyRequests,
    /// The payload is above [`MAX_REQUEST_BYTES`].
    #[error(
        "Request must be smaller than {MAX_REQUEST_BYTES} bytes for the InvokeFunction operation"
    )]
    RequestTooLarge,
    /// The payload is no JSON.
    #[error("Could not parse request body into json: {0}")]
    InvalidRequestContent(String),
    /// `X-Amz-Invocation-Type` is none of the three.
    #[error("Invocation type {0} is not one of RequestResponse, Event, DryRun")]
    InvalidParameterValue(String),
    /// The host is shut down, or failed by itself.
    #[error("{0}")]
    Service(String),
}

/// A panic under a lock leaves plain values behind here: go on with them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
