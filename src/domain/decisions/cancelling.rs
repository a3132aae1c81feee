//! Decides whether a request may be cancelled: only while it waits, since nothing stops a copy.

use jiff::Timestamp;

use crate::domain::failure::{self, Failure};
use crate::domain::record::{Accepted, Outcome, State};

/// Why a request cannot be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCancelled {
    #[error("its call to Rekognition may have been made, and nothing stops a copy")]
    Starting,
    #[error("Rekognition has accepted the copy, and nothing stops a copy")]
    Copying,
    #[error("it has ended")]
    Ended,
}

/// Ends a request that waits.
///
/// # Errors
/// In every other state.
pub fn cancel(accepted: Accepted, now: Timestamp) -> Result<Accepted, NotCancelled> {
    match &accepted.state {
        State::Waiting { failure: waited_for, .. } => {
            let message = format!("it was cancelled while it waited: {}", waited_for.message);
            let failure = Failure::new(failure::CANCELLED, message);
            Ok(accepted.end(Outcome::Failed(failure.into()), now))
        }
        State::Starting { .. } => Err(NotCancelled::Starting),
        State::Copying(_) => Err(NotCancelled::Copying),
        State::Ended(_) => Err(NotCancelled::Ended),
    }
}
