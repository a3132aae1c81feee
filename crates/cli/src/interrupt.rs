//! Ctrl-C: after the first one, the running call still ends; the second one ends the program.

use std::process;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::exit::Exit;

#[derive(Debug)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if sender.send_replace(true) {
                    process::exit(Exit::Interrupted as i32);
                }
            }
            // Without a handler, Ctrl-C ends the program.
            std::future::pending::<()>().await;
        });
        Self(receiver)
    }

    /// An interrupt that a test sends.
    pub fn of(receiver: watch::Receiver<bool>) -> Self {
        Self(receiver)
    }

    pub(crate) fn was_pressed(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for Ctrl-C, at most this long.
    pub(crate) async fn wait_at_most(&self, time: Duration) {
        let mut receiver = self.0.clone();
        let pressed = async {
            if receiver.wait_for(|was_pressed| *was_pressed).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = timeout(time, pressed).await;
    }
}
