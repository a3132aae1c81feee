//! The mailbox of an execution environment: it passes an invocation to the process, and the outcome back.
//!
//! An environment has one invocation at a time, as on Lambda.

use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use tokio::sync::{Notify, oneshot};

use super::FunctionError;

/// An invocation, as the Runtime API hands it to the process.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    /// Milliseconds since 1970 by the machine's clock.
    pub(super) deadline_ms: i64,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) payload: Bytes,
}

/// The mailbox of one environment.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    /// The process has asked for work for the first time.
    ready: Notify,
    /// An invocation is waiting.
    posted: Notify,
}

#[derive(Debug, Default)]
struct State {
    has_polled: bool,
    init_error: Option<FunctionError>,
    waiting: Option<Invocation>,
    /// The id of the invocation in progress, and where its outcome goes.
    in_progress: Option<(String, oneshot::Sender<Result<Bytes, FunctionError>>)>,
}

impl Mailbox {
    /// Waits until the process asks for work, or reports why it cannot start.
    pub(super) async fn ready(&self) -> Result<(), FunctionError> {
        self.ready.notified().await;
        self.lock(|state| state.init_error.take()).map_or(Ok(()), Err)
    }

    /// Hands over an invocation. The receiver gets its outcome, and is closed if another invocation comes first.
    pub(super) fn post(&self, invocation: Invocation) -> oneshot::Receiver<Result<Bytes, FunctionError>> {
        let (sender, receiver) = oneshot::channel();
        self.lock(|state| {
            state.in_progress = Some((invocation.request_id.clone(), sender));
            state.waiting = Some(invocation);
        });
        self.posted.notify_one();
        receiver
    }

    /// Waits for the next invocation.
    pub(super) async fn next(&self) -> Invocation {
        if !self.lock(|state| std::mem::replace(&mut state.has_polled, true)) {
            self.ready.notify_one();
        }
        loop {
            if let Some(invocation) = self.lock(|state| state.waiting.take()) {
                return invocation;
            }
            self.posted.notified().await;
        }
    }

    /// Passes on the outcome of an invocation. Returns false if another one is in progress, or none.
    pub(super) fn report(&self, request_id: &str, outcome: Result<Bytes, FunctionError>) -> bool {
        let reported = self.lock(|state| state.in_progress.take_if(|(id, _)| id == request_id));
        reported.is_some_and(|(_, sender)| sender.send(outcome).is_ok())
    }

    /// Passes on that the process cannot start.
    pub(super) fn fail_init(&self, error: FunctionError) {
        self.lock(|state| state.init_error = Some(error));
        self.ready.notify_one();
    }

    fn lock<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_invocation_waits_for_the_process_and_has_one_outcome() {
        let mailbox = Mailbox::default();
        let invocation = Invocation {
            request_id: "a".to_owned(),
            deadline_ms: 0,
            function_arn: String::new(),
            trace_id: String::new(),
            payload: Bytes::from_static(b"{}"),
        };
        let outcome = mailbox.post(invocation);
        assert_eq!(mailbox.next().await.request_id, "a");
        assert_eq!(mailbox.ready().await, Ok(()));
        assert!(!mailbox.report("b", Ok(Bytes::new())));
        assert!(mailbox.report("a", Ok(Bytes::from_static(b"1"))));
        assert!(!mailbox.report("a", Ok(Bytes::new())));
        assert_eq!(outcome.await.unwrap(), Ok(Bytes::from_static(b"1")));
    }

    #[tokio::test]
    async fn a_process_that_cannot_start_is_not_ready() {
        let mailbox = Mailbox::default();
        let report = br#"{"errorType": "Config", "errorMessage": "no table", "stackTrace": []}"#;
        mailbox.fail_init(FunctionError::reported(report));
        assert_eq!(mailbox.ready().await.unwrap_err().to_string(), "Config: no table");
        assert_eq!(FunctionError::reported(b"oh \xff").error_message, "oh \u{fffd}");
    }
}
