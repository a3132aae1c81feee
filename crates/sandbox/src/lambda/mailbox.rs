//! What a function and one of its environments have to say to each other: an invocation in, its outcome out.
//!
//! One invocation at a time, as on Lambda. It knows neither the process nor HTTP.

use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use tokio::sync::{Notify, oneshot};

use super::FunctionError;

/// What the runtime is handed.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    /// Milliseconds since 1970 by the wall clock, which is the one the child sees.
    pub(super) deadline_ms: i64,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) payload: Bytes,
}

/// How it went.
pub(super) type Outcome = Result<Bytes, FunctionError>;

/// Between one function and one environment.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    /// The runtime has asked for work for the first time.
    ready: Notify,
    /// There is work.
    posted: Notify,
}

#[derive(Debug, Default)]
struct State {
    has_polled: bool,
    init_error: Option<FunctionError>,
    waiting: Option<Invocation>,
    answered: Option<(String, oneshot::Sender<Outcome>)>,
}

impl Mailbox {
    /// Waits until the runtime is ready for work, or has said why it never will be.
    pub(super) async fn ready(&self) -> Result<(), FunctionError> {
        self.ready.notified().await;
        self.locked(|state| state.init_error.take()).map_or(Ok(()), Err)
    }

    /// Hands an invocation over; what comes back arrives on the receiver, which ends if the next one comes
    /// first.
    pub(super) fn post(&self, invocation: Invocation) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.locked(|state| {
            state.answered = Some((invocation.request_id.clone(), sender));
            state.waiting = Some(invocation);
        });
        self.posted.notify_one();
        receiver
    }

    /// The runtime asks for work, and waits for it.
    pub(super) async fn next(&self) -> Invocation {
        if !self.locked(|state| std::mem::replace(&mut state.has_polled, true)) {
            self.ready.notify_one();
        }
        loop {
            if let Some(invocation) = self.locked(|state| state.waiting.take()) {
                return invocation;
            }
            self.posted.notified().await;
        }
    }

    /// The runtime says how an invocation went. False if that isn't the one it has.
    pub(super) fn answer(&self, request_id: &str, outcome: Outcome) -> bool {
        let asked = self.locked(|state| state.answered.take_if(|(asked, _)| asked == request_id));
        asked.is_some_and(|(_, sender)| sender.send(outcome).is_ok())
    }

    /// The runtime says that it can't start.
    pub(super) fn fail_init(&self, error: FunctionError) {
        self.locked(|state| state.init_error = Some(error));
        self.ready.notify_one();
    }

    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
