//! The Lambda Runtime API, version 2018-06-01, as one execution environment sees it.
//! Sources: Lambda developer guide, "Using the Lambda runtime API"; states and error texts as in
//! AWS's own runtime interface emulator.

use std::{
    process::ExitStatus,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

use super::{MAX_RESPONSE_BYTES, failure::Failure, lock};

/// Where the runtime of an environment stands.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Started, has not asked for an event yet.
    Started,
    /// Gave up before it asked for one, in these words.
    InitError(Vec<u8>),
    /// Waits in `/next`.
    Ready,
    /// Has an event.
    Running,
    /// Has answered, and not asked again yet.
    ResponseSent,
    /// The process is gone.
    Ended(Option<ExitStatus>),
}

impl Phase {
    fn name(&self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::InitError(_) => "InitError",
            Self::Ready => "Ready",
            Self::Running => "Running",
            Self::ResponseSent => "ResponseSent",
            Self::Ended(_) => "Exited",
        }
    }
}

/// What `/next` hands over.
pub(super) struct Event {
    pub(super) request_id: String,
    pub(super) deadline_ms: u64,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) payload: Vec<u8>,
}

/// The answer to one event.
pub(super) type Answer = Result<Vec<u8>, Failure>;

/// The state behind one listener.
pub(super) struct RuntimeApi {
    phase: watch::Sender<Phase>,
    events: mpsc::Sender<Event>,
    waiting: AsyncMutex<mpsc::Receiver<Event>>,
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
}

impl RuntimeApi {
    pub(super) fn new() -> Arc<Self> {
        let (events, waiting) = mpsc::channel(1);
        Arc::new(Self {
            phase: watch::Sender::new(Phase::Started),
            events,
            waiting: AsyncMutex::new(waiting),
            current: Mutex::new(None),
        })
    }

    pub(super) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// The process is gone: nothing else happens after this.
    pub(super) fn end(&self, status: Option<ExitStatus>) {
        self.phase.send_replace(Phase::Ended(status));
    }

    /// Hands an event to a runtime that is `Ready`; `None` when it went away meanwhile.
    pub(super) async fn deliver(&self, event: Event) -> Option<oneshot::Receiver<Answer>> {
        let (answer, answered) = oneshot::channel();
        *lock(&self.current) = Some((event.request_id.clone(), answer));
        self.transition(|phase| matches!(phase, Phase::Ready), Phase::Running)
            .ok()?;
        self.events.send(event).await.ok()?;
        Some(answered)
    }

    pub(super) fn router(self: Arc<Self>) -> Router {
        let runtime = Router::new()
            .route("/invocation/next", get(next))
            .route("/invocation/{id}/response", post(response))
            .route("/invocation/{id}/error", post(error))
            .route("/init/error", post(init_error));
        Router::new()
            .nest("/2018-06-01/runtime", runtime)
            .fallback(async || refuse(StatusCode::NOT_FOUND, "NotFound", "No such resource"))
            // Larger responses are read, for their size is in the error.
            .layer(DefaultBodyLimit::disable())
            .with_state(self)
    }

    fn transition(&self, from: impl Fn(&Phase) -> bool, to: Phase) -> Result<(), Box<Response>> {
        let mut refused = None;
        self.phase.send_if_modified(|phase| {
            if from(phase) {
                *phase = to.clone();
                return true;
            }
            refused = Some(format!(
                "State transition from {} to {} failed for runtime. Error: State transition is \
                 not allowed",
                phase.name(),
                to.name()
            ));
            false
        });
        match refused {
            None => Ok(()),
            Some(message) => Err(Box::new(refuse(
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                &message,
            ))),
        }
    }

    /// Settles the event under way, if it is this one.
    fn settle(&self, id: &str, answer: Answer) -> Response {
        let mut current = lock(&self.current);
        let running = matches!(*self.phase.borrow(), Phase::Running);
        if running && current.as_ref().is_none_or(|(current, _)| current != id) {
            return refuse(
                StatusCode::BAD_REQUEST,
                "InvalidRequestID",
                "Invalid request ID",
            );
        }
        if let Err(refusal) =
            self.transition(|phase| matches!(phase, Phase::Running), Phase::ResponseSent)
        {
            return *refusal;
        }
        if let Some((_, waiting)) = current.take() {
            // Nobody waits any more once the invocation timed out.
            let _ = waiting.send(answer);
        }
        accepted()
    }
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    let may_ask =
        |phase: &Phase| matches!(phase, Phase::Started | Phase::Ready | Phase::ResponseSent);
    // Held before the state says `Ready`, so that an event never goes to an abandoned poll.
    let mut waiting = api.waiting.lock().await;
    if let Err(refusal) = api.transition(may_ask, Phase::Ready) {
        return *refusal;
    }
    let Some(event) = waiting.recv().await else {
        return refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "Internal Server Error",
        );
    };
    let header = HeaderName::from_static;
    (
        [
            (header("content-type"), "application/json".to_owned()),
            (header("lambda-runtime-aws-request-id"), event.request_id),
            (
                header("lambda-runtime-deadline-ms"),
                event.deadline_ms.to_string(),
            ),
            (
                header("lambda-runtime-invoked-function-arn"),
                event.function_arn,
            ),
            (header("lambda-runtime-trace-id"), event.trace_id),
        ],
        event.payload,
    )
        .into_response()
}

async fn response(
    State(api): State<Arc<RuntimeApi>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    if body.len() <= MAX_RESPONSE_BYTES {
        return api.settle(&id, Ok(body.to_vec()));
    }
    let settled = api.settle(&id, Err(Failure::ResponseTooLarge(body.len())));
    if settled.status() != StatusCode::ACCEPTED {
        return settled;
    }
    refuse(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        &format!("Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."),
    )
}

async fn error(
    State(api): State<Arc<RuntimeApi>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    api.settle(&id, Err(Failure::Reported(body.to_vec())))
}

async fn init_error(State(api): State<Arc<RuntimeApi>>, body: Bytes) -> Response {
    let words = Phase::InitError(body.to_vec());
    match api.transition(|phase| matches!(phase, Phase::Started), words) {
        Ok(()) => accepted(),
        Err(refusal) => *refusal,
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    let body = json!({ "errorType": kind, "errorMessage": message });
    (status, Json(body)).into_response()
}
