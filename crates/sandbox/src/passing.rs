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

    /// Lets time pass and waits for the end. False: nobody is there to do it.
    pub(crate) async fn pass(&self, time: SignedDuration) -> bool {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sender) = sender else { return false };
        let (over, is_over) = oneshot::channel();
        sender.send((time, over)).await.is_ok() && is_over.await.is_ok()
    }
}
