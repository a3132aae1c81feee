//! The time of a run. Ctrl-C ends a run between two calls, so that the journal has every answer.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::interrupt::Interrupt;

/// Time. In tests it passes at once.
pub trait Time {
    fn now(&self) -> Timestamp;
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}

/// The machine's time, until Ctrl-C.
#[derive(Debug)]
pub(crate) struct RealTime {
    interrupt: Interrupt,
    stopped: Notify,
}

impl RealTime {
    /// Listens for Ctrl-C from now on.
    pub(crate) fn until_interrupt() -> Self {
        Self { interrupt: Interrupt::listen(), stopped: Notify::new() }
    }

    /// Waits until Ctrl-C has ended a wait. No wait ends from then on.
    pub(crate) async fn stopped(&self) {
        self.stopped.notified().await;
    }
}

impl Time for RealTime {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            self.interrupt.wait_at_most(time).await;
            if self.interrupt.was_pressed() {
                self.stopped.notify_one();
                pending::<()>().await;
            }
        })
    }
}
