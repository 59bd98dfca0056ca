//! `POST /token` of the vendor, asked again where that may help, and for no longer than somebody would wait.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{
    deadline::Deadline,
    https::{Https, HttpsError, HttpsUrl, Request, Response},
    name::Name,
};

use super::{problem::Problem, proof::Proof};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const AWS_CREDENTIALS: &str = "urn:poolkeeper:params:oauth:token-type:aws-credentials";

/// The vendor has 8 s for an answer; the rest is for the way.
pub(super) const ATTEMPT: Duration = Duration::from_secs(10);
/// How often an answer that says nothing of when to come again is asked for.
const BLIND_ATTEMPTS: u32 = 3;
/// The latest at which a vendor asks anybody to come again; more is said by something else.
const LATEST: Duration = Duration::from_secs(24 * 3600);
/// More than credentials and a token are.
const LONGEST_ANSWER: usize = 64 * 1024;
/// A text of the vendor's, and a word of it: none is longer, but for what must not be shown.
const LONGEST_TEXT: usize = 200;
const LONGEST_WORD: usize = 64;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Credentials of the role.
    Credentials,
    /// A Cognito token, for AssumeRoleWithWebIdentity.
    Token,
}

/// One vendor, and the role that it is asked for.
#[derive(Debug)]
pub(super) struct Vendor {
    https: Https,
    token_url: HttpsUrl,
    role: Option<Name>,
    wait: Duration,
}

/// Why one attempt brought nothing.
struct Later {
    said: String,
    after: Option<Duration>,
}

impl Vendor {
    /// # Errors
    /// [`Problem::CaBundle`].
    pub(super) fn new(
        token_url: HttpsUrl,
        role: Option<Name>,
        wait: Duration,
    ) -> Result<Self, Problem> {
        Ok(Self {
            https: Https::new()?,
            token_url,
            role,
            wait,
        })
    }

    /// For how long it is asked again.
    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// Exchanges the proof. What the vendor says of when to come again is obeyed, if that is soon enough; each attempt
    /// has its whole time, so the last may end that much later.
    ///
    /// # Errors
    /// [`Problem`], but for those of files and proofs.
    pub(super) async fn exchange<T: DeserializeOwned>(
        &self,
        proof: &Proof,
        wanted: Wanted,
    ) -> Result<T, Problem> {
        let patience = Deadline::after(self.wait);
        let mut attempt = 1;
        loop {
            let later = match self.ask(proof, wanted).await? {
                Ok(answer) => return Ok(answer),
                Err(later) => later,
            };
            let left = patience.remaining();
            let Some(pause) = pause(attempt, later.after, left) else {
                return Err(unavailable(later));
            };
            tokio::time::sleep((pause + jitter(pause)).min(left)).await;
            attempt += 1;
        }
    }

    /// One attempt.
    async fn ask<T: DeserializeOwned>(
        &self,
        proof: &Proof,
        wanted: Wanted,
    ) -> Result<Result<T, Later>, Problem> {
        let requested = match wanted {
            Wanted::Credentials => AWS_CREDENTIALS,
            Wanted::Token => JWT,
        };
        let mut form = vec![
            ("grant_type", GRANT_TYPE),
            ("subject_token", proof.expose()),
            ("subject_token_type", JWT),
            ("requested_token_type", requested),
        ];
        if let Some(role) = &self.role {
            form.push(("audience", role.as_str()));
        }
        let request = Request::post_form(&self.token_url, &form);
        let deadline = Deadline::after(ATTEMPT);
        let later = |said: String, after| Ok(Err(Later { said, after }));
        match self.https.send(request, LONGEST_ANSWER, deadline).await {
            Ok(answer) if answer.status == 200 => match answer.json() {
                Ok(parsed) => Ok(Ok(parsed)),
                Err(_) => Err(Problem::Answer(200)),
            },
            Ok(answer) if matches!(answer.status, 429 | 500..) => {
                later(said(&answer), answer.retry_after())
            }
            Ok(answer) => Err(refused(&answer)),
            Err(HttpsError::TooLong) => Err(Problem::Answer(200)),
            Err(error) => later(error.to_string(), None),
        }
    }
}

/// How long to wait before the next attempt, or `None` where there is none.
fn pause(attempt: u32, after: Option<Duration>, left: Duration) -> Option<Duration> {
    let pause = match after {
        Some(said) => said.max(Duration::from_secs(1)),
        None if attempt >= BLIND_ATTEMPTS => return None,
        None => Duration::from_secs(u64::from(attempt)),
    };
    (pause < left).then_some(pause)
}

/// Up to a quarter more: whoever was sent away together does not come back together.
fn jitter(pause: Duration) -> Duration {
    let mut octet = [0];
    // Without random numbers everybody comes together, once.
    let _ = getrandom::fill(&mut octet);
    pause / 4 * u32::from(octet[0]) / 255
}

fn unavailable(later: Later) -> Problem {
    let advice = match later.after.filter(|after| *after <= LATEST) {
        Some(after) => format!("try again in {} s", after.as_secs().max(1)),
        None => "try again later; by the request id, the vendor's log tells why".to_owned(),
    };
    Problem::Unavailable {
        said: later.said,
        advice,
    }
}

fn refused(answer: &Response) -> Problem {
    let body: Value = answer.json().unwrap_or_default();
    let error = body.get("error").and_then(Value::as_str);
    let advice = match (answer.status, error) {
        (400, Some("invalid_target")) => {
            "name another --role; `poolkeeper explain vend` says what the rules give to whom"
        }
        (400, Some("invalid_request")) => {
            "get a new proof, of a source of the policy and for its audience"
        }
        (400..=403, Some(_)) => "by the request id, the vendor's log tells why",
        _ => "is --vendor the stack's output VendorApiUrl?",
    };
    Problem::Refused {
        said: said(answer),
        advice,
    }
}

/// Status, code, message and request id, in one line that is safe to show.
fn said(answer: &Response) -> String {
    let body: Value = answer.json().unwrap_or_default();
    let member = |names: [&str; 2]| {
        let text = names.iter().find_map(|name| body.get(name)?.as_str());
        text.map(shown).filter(|text| !text.is_empty())
    };
    let mut line = format!("HTTP {}", answer.status);
    let texts = [["error", "code"], ["error_description", "message"]];
    for text in texts.into_iter().filter_map(member) {
        line.push_str(": ");
        line.push_str(&text);
    }
    if let Some(id) = member(["request_id", "RequestId"]) {
        line.push_str(&format!(" (request {id})"));
    }
    line
}

/// A text of somebody else's, without what could be a token, and without what a terminal would obey.
fn shown(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_graphic())
        .filter(|word| !word.is_empty());
    let words = words.map(|word| {
        if word.len() > LONGEST_WORD {
            "…"
        } else {
            word
        }
    });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_to_come_again_is_the_vendor_s_word_within_what_somebody_waits() {
        let seconds = Duration::from_secs;
        assert_eq!(pause(1, Some(seconds(7)), seconds(20)), Some(seconds(7)));
        assert_eq!(pause(9, Some(seconds(7)), seconds(20)), Some(seconds(7)));
        assert_eq!(pause(1, Some(seconds(0)), seconds(20)), Some(seconds(1)));
        assert_eq!(pause(1, Some(seconds(20)), seconds(20)), None);
        assert_eq!(pause(1, None, seconds(20)), Some(seconds(1)));
        assert_eq!(pause(2, None, seconds(20)), Some(seconds(2)));
        assert_eq!(pause(3, None, seconds(20)), None);
        assert_eq!(pause(1, None, Duration::ZERO), None);
        assert!(jitter(seconds(4)) <= seconds(1));
    }

    #[test]
    fn nobody_is_told_to_come_again_in_a_year() {
        let line = |after| {
            let said = "HTTP 503".to_owned();
            unavailable(Later { said, after }).to_string()
        };
        assert!(line(Some(Duration::ZERO)).ends_with(": try again in 1 s"));
        assert!(line(Some(LATEST)).ends_with(": try again in 86400 s"));
        let later = line(Some(Duration::MAX));
        assert!(later.contains(": try again later;"), "{later}");
    }

    #[test]
    fn nothing_that_could_be_a_token_or_that_a_terminal_obeys_is_shown() {
        let token = "canary".repeat(20);
        assert_eq!(shown(&format!("bad token {token}\r\n")), "bad token …");
        assert_eq!(shown("a\u{1b}[31mb\tü c"), "a [31mb c");
        assert_eq!(shown(&"word ".repeat(100)).len(), LONGEST_TEXT);
    }
}
