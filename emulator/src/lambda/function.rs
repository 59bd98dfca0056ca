//! The environments of one function: reused when idle, started when all are busy, replaced when
//! they die.

use std::{
    future::Future,
    sync::{Arc, Mutex, Weak},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

use super::{
    FunctionSpec, HostOptions, Invocation, InvokeError, environment::Environment, failure::Failure,
    ids, lock, logs::LogBook,
};

pub(super) struct Function {
    spec: FunctionSpec,
    options: Arc<HostOptions>,
    logs: LogBook,
    slots: Arc<Semaphore>,
    environments: Mutex<Environments>,
}

#[derive(Default)]
struct Environments {
    idle: Vec<Arc<Environment>>,
    all: Vec<Weak<Environment>>,
}

impl Function {
    pub(super) fn new(spec: FunctionSpec, options: Arc<HostOptions>, logs: LogBook) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(options.concurrency)),
            spec,
            options,
            logs,
            environments: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.spec.name
    }

    pub(super) fn spec(&self) -> &FunctionSpec {
        &self.spec
    }

    /// One invocation, from the choice of an environment to its answer.
    pub(super) fn invoke(
        self: Arc<Self>,
        payload: Vec<u8>,
    ) -> impl Future<Output = Result<Invocation, InvokeError>> + Send + 'static {
        // Taken now, not when the task is first polled: calls are counted in the order they came.
        let slot = self.slots.clone().try_acquire_owned();
        async move {
            let _slot = match slot {
                Ok(slot) => slot,
                Err(_) if self.slots.is_closed() => return Err(shut_down()),
                Err(_) => return Err(InvokeError::TooManyRequests),
            };
            let request_id = ids::request_id();
            let environment = match self.warm().await {
                Some(environment) => environment,
                None => match self.cold().await {
                    Ok(environment) => environment,
                    Err((failure, log)) => {
                        let answer = Err(failure);
                        return Ok(self.report(request_id, answer, &log, Duration::ZERO));
                    }
                },
            };

            let arn = self.options.function_arn(&self.spec.name);
            let started = Instant::now();
            let answer = environment
                .serve(&request_id, arn, payload, self.spec.timeout)
                .await;
            let duration = started.elapsed();
            let log = environment.take_log_tail().await;
            // Dead or alive: whoever takes it next looks.
            lock(&self.environments).idle.push(environment);
            Ok(self.report(request_id, answer, &log, duration))
        }
    }

    /// Kills every process and waits for the end of each.
    pub(super) async fn kill(&self) {
        for environment in self.living() {
            environment.kill();
            environment.ended().await;
        }
    }

    /// Accepts nothing more and kills every process, without waiting.
    pub(super) fn close(&self) {
        self.slots.close();
        for environment in self.living() {
            environment.kill();
        }
    }

    fn living(&self) -> Vec<Arc<Environment>> {
        let environments = lock(&self.environments);
        environments.all.iter().filter_map(Weak::upgrade).collect()
    }

    /// An idle environment that still works. One that answered and has not asked again yet gets
    /// the time it would have had.
    async fn warm(&self) -> Option<Arc<Environment>> {
        loop {
            let environment = lock(&self.environments).idle.pop()?;
            if environment.ready(self.spec.timeout).await.is_ok() {
                return Some(environment);
            }
        }
    }

    /// A new environment. When its first start fails, Lambda makes a second one as part of the
    /// invocation, under the function's own time-out, and reports how that one ended.
    /// Source: Lambda developer guide, "Init phase" and "Failures during the Init phase".
    async fn cold(&self) -> Result<Arc<Environment>, (Failure, String)> {
        if let Ok(environment) = self.start(self.options.init_limit).await {
            return Ok(environment);
        }
        self.start(self.spec.timeout).await
    }

    async fn start(&self, limit: Duration) -> Result<Arc<Environment>, (Failure, String)> {
        let environment =
            match Environment::start(&self.spec, &self.options, self.logs.clone()).await {
                Ok(environment) => Arc::new(environment),
                Err(_) => {
                    let binary = self.spec.binary.clone();
                    return Err((Failure::InvalidEntrypoint(binary), String::new()));
                }
            };
        {
            let mut environments = lock(&self.environments);
            environments.all.retain(|known| known.strong_count() > 0);
            environments.all.push(Arc::downgrade(&environment));
        }
        // Closed between the check of the slot and now: `close` has not seen this process.
        if self.slots.is_closed() {
            environment.kill();
        }
        match environment.ready(limit).await {
            Ok(()) => Ok(environment),
            Err(failure) => {
                environment.kill();
                environment.ended().await;
                let log = environment.take_log_tail().await;
                Err((failure, log))
            }
        }
    }

    /// The invocation as its caller sees it, with the lines that Lambda adds to the log.
    fn report(
        &self,
        request_id: String,
        answer: Result<Vec<u8>, Failure>,
        log: &str,
        duration: Duration,
    ) -> Invocation {
        let milliseconds = duration.as_secs_f64() * 1000.0;
        let log_tail = format!(
            "START RequestId: {request_id} Version: $LATEST\n{log}END RequestId: {request_id}\n\
             REPORT RequestId: {request_id}\tDuration: {milliseconds:.2} ms\tMemory Size: {} MB\n",
            self.spec.memory_mb
        );
        let (payload, function_error) = match answer {
            Ok(payload) => (payload, None),
            Err(failure) => (failure.body(&request_id), Some("Unhandled".to_owned())),
        };
        Invocation {
            payload,
            function_error,
            request_id,
            log_tail,
            duration,
        }
    }
}

fn shut_down() -> InvokeError {
    InvokeError::Service("The host is shut down.".to_owned())
}
