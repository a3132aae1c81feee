//! Time that passes for a deployment: an advance that was asked for over HTTP goes to the loop that runs the functions, so
//! that the schedule strikes on the way.

use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use tokio::sync::{mpsc, oneshot};

/// An advance of the clock, and whom to tell when it is over.
pub type Advance = (SignedDuration, oneshot::Sender<()>);

/// Where advances go; nowhere as long as no deployment runs.
#[derive(Debug, Default)]
pub(crate) struct Passing(Mutex<Option<mpsc::Sender<Advance>>>);

impl Passing {
    /// Takes the advances from now on.
    pub(crate) fn take_over(&self) -> mpsc::Receiver<Advance> {
        let (sender, receiver) = mpsc::channel(1);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// Whether somebody takes them.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.sender().is_some_and(|sender| !sender.is_closed())
    }

    /// Lets time pass and waits for the end.
    pub(crate) async fn pass(&self, time: SignedDuration) {
        let Some(sender) = self.sender() else { return };
        let (over, is_over) = oneshot::channel();
        // Neither fails but when the sandbox ends.
        if sender.send((time, over)).await.is_ok() {
            let _ = is_over.await;
        }
    }

    fn sender(&self) -> Option<mpsc::Sender<Advance>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
