//! How an invocation can end other than with an answer, in Lambda's own words.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An invocation that failed, as Lambda hands it to the caller (with `X-Amz-Function-Error: Unhandled`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{error_type}: {error_message}")]
pub struct FunctionError {
    /// What kind of failure: the function's own word, or Lambda's (`Runtime.ExitError`, `Sandbox.Timedout`,
    /// …).
    #[serde(default)]
    pub error_type: String,
    /// What happened, for people.
    #[serde(default)]
    pub error_message: String,
}

impl FunctionError {
    /// The process ended (or was killed) with the invocation in its hands.
    pub(super) fn exited(request_id: &str, how: &str) -> Self {
        Self::new(
            "Runtime.ExitError",
            format!("RequestId: {request_id} Error: Runtime exited with error: {how}"),
        )
    }

    /// The function took longer than it may. Its process is killed.
    pub(super) fn timed_out(request_id: &str, after: Duration) -> Self {
        let seconds = after.as_secs_f64();
        Self::new(
            "Sandbox.Timedout",
            format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds"),
        )
    }

    /// The process doesn't start, or didn't ask for work in time.
    pub(super) fn no_start(why: impl std::fmt::Display) -> Self {
        Self::new("Runtime.InvalidEntrypoint", format!("the function doesn't start: {why}"))
    }

    /// The function's answer is no JSON.
    pub(super) fn no_json(why: &serde_json::Error) -> Self {
        Self::new("Runtime.InvalidResponse", format!("the function's answer is no JSON: {why}"))
    }

    /// What the runtime reported, in the form of the Runtime API's error request. What can't be read is
    /// quoted.
    pub(super) fn reported(body: &[u8]) -> Self {
        serde_json::from_slice(body)
            .unwrap_or_else(|_| Self::new("Runtime.Unknown", String::from_utf8_lossy(body).into_owned()))
    }

    fn new(error_type: &str, error_message: String) -> Self {
        Self { error_type: error_type.to_owned(), error_message }
    }
}
