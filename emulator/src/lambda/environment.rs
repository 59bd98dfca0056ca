//! One execution environment: a process, the listener it knows as `AWS_LAMBDA_RUNTIME_API`, a log.

use std::{io, process::ExitStatus, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, watch},
    task::AbortHandle,
    time::timeout,
};

use super::{
    FunctionSpec, HostOptions,
    failure::Failure,
    ids,
    logs::{EnvironmentLog, LogBook},
    runtime_api::{Answer, Event, Phase, RuntimeApi},
};

/// Dropping it kills the process.
pub(super) struct Environment {
    api: Arc<RuntimeApi>,
    log: EnvironmentLog,
    kill: mpsc::Sender<()>,
}

impl Environment {
    /// Starts the process; whether it comes up is for [`Environment::ready`].
    pub(super) async fn start(
        spec: &FunctionSpec,
        options: &HostOptions,
        book: LogBook,
    ) -> io::Result<Self> {
        let log = EnvironmentLog::open(&spec.name, book)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let binary = spec.binary.canonicalize()?;
        let task_root = binary.parent().unwrap_or(&binary);
        let child = Command::new(&binary)
            .env_clear()
            .envs(lambda_variables(spec, options))
            .env("LAMBDA_TASK_ROOT", task_root)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .envs(&spec.environment)
            .current_dir(task_root)
            .stdin(std::process::Stdio::null())
            .stdout(log.stdio()?)
            .stderr(log.stdio()?)
            .kill_on_drop(true)
            .spawn()?;

        let api = RuntimeApi::new();
        let router = api.clone().router();
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let (kill, killed) = mpsc::channel(1);
        tokio::spawn(supervise(child, killed, api.clone(), server.abort_handle()));
        Ok(Self { api, log, kill })
    }

    /// Waits until the runtime asks for an event.
    pub(super) async fn ready(&self, limit: Duration) -> Result<(), Failure> {
        let mut phase = self.api.phase();
        let settled = phase.wait_for(|phase| {
            matches!(phase, Phase::Ready | Phase::InitError(_) | Phase::Ended(_))
        });
        match timeout(limit, settled).await {
            Err(_) => Err(Failure::TimedOut(limit)),
            Ok(Err(_)) => Err(Failure::Exited(None)),
            Ok(Ok(phase)) => match &*phase {
                Phase::InitError(words) => Err(Failure::Reported(words.clone())),
                Phase::Ended(status) => Err(Failure::Exited(*status)),
                _ => Ok(()),
            },
        }
    }

    /// Serves one event, within `limit` from now. Past it, or after a crash, the process is gone.
    pub(super) async fn serve(
        &self,
        request_id: &str,
        function_arn: String,
        payload: Vec<u8>,
        limit: Duration,
    ) -> Answer {
        let event = Event {
            request_id: request_id.to_owned(),
            deadline_ms: ids::millis(ids::since_epoch() + limit),
            function_arn,
            trace_id: ids::trace_id(),
            payload,
        };
        let Some(answered) = self.api.deliver(event).await else {
            return Err(Failure::Exited(self.ended().await));
        };
        let outcome = timeout(limit, async {
            tokio::select! {
                // A process that answers and exits at once has answered.
                biased;
                Ok(answer) = answered => answer,
                status = self.ended() => Err(Failure::Exited(status)),
            }
        });
        match outcome.await {
            Ok(answer) => answer,
            Err(_) => {
                self.kill();
                self.ended().await;
                Err(Failure::TimedOut(limit))
            }
        }
    }

    /// Sends SIGKILL, once [`supervise`] gets to it.
    pub(super) fn kill(&self) {
        // A full channel holds this message already.
        let _ = self.kill.try_send(());
    }

    /// Waits for the end of the process.
    pub(super) async fn ended(&self) -> Option<ExitStatus> {
        ended(self.api.phase()).await
    }

    /// The log since this was last asked, at most 4 KB of it.
    pub(super) async fn take_log_tail(&self) -> String {
        self.log.take_tail().await
    }
}

async fn ended(mut phase: watch::Receiver<Phase>) -> Option<ExitStatus> {
    match phase
        .wait_for(|phase| matches!(phase, Phase::Ended(_)))
        .await
    {
        Ok(phase) => match *phase {
            Phase::Ended(status) => status,
            _ => None,
        },
        Err(_) => None,
    }
}

/// Owns the process: kills it when asked to, or when its environment is dropped.
async fn supervise(
    mut child: Child,
    mut killed: mpsc::Receiver<()>,
    api: Arc<RuntimeApi>,
    server: AbortHandle,
) {
    let status = tokio::select! {
        status = child.wait() => status,
        _ = killed.recv() => {
            // Fails only for a process that is gone.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    server.abort();
    api.end(status.ok());
}

/// The variables that Lambda sets. Whether an OS-only runtime has `AWS_EXECUTION_ENV` is told both
/// ways: nothing may depend on it.
/// Source: Lambda developer guide, "Defined runtime environment variables".
fn lambda_variables(spec: &FunctionSpec, options: &HostOptions) -> Vec<(&'static str, String)> {
    vec![
        ("_HANDLER", "bootstrap".to_owned()),
        ("AWS_DEFAULT_REGION", options.region.clone()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            spec.memory_mb.to_string(),
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{}", spec.name),
        ),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            format!("local/[$LATEST]{}", ids::random_hex(16)),
        ),
        ("AWS_REGION", options.region.clone()),
        ("LANG", "en_US.UTF-8".to_owned()),
        (
            "LD_LIBRARY_PATH",
            "/lib64:/usr/lib64:/var/runtime:/var/task:/opt/lib".to_owned(),
        ),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ]
}
