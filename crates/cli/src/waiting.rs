//! How long `copy` and `retry` wait for the end of a request, and how often a record is read.

use std::time::Duration;

use clap::Args;
use rekognition_model_copier::domain::record::{Record, State};
use tokio::time::Instant;

use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::when::parse_wait;

/// How often the record of a stack's request is read.
pub(crate) const READ_INTERVAL: Duration = Duration::from_secs(2);

/// How long a command waits for the end of its request.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Waiting {
    /// Stop waiting after this time, for instance `30m`; a running copy continues
    #[arg(long, value_name = "TIME", value_parser = parse_wait)]
    pub(crate) timeout: Option<Duration>,
    /// Stop waiting when Rekognition has accepted the copy; `--output json` then prints the request's state
    #[arg(long)]
    pub(crate) detach: bool,
}

impl Waiting {
    /// Why the wait is over, and the exit code; `None` while it goes on.
    pub(crate) fn end(
        &self,
        begun: Instant,
        record: Option<&Record>,
        interrupt: &Interrupt,
    ) -> Option<(&'static str, Exit)> {
        let state = record.and_then(Record::accepted).map(|accepted| &accepted.state);
        if interrupt.was_pressed() {
            Some(("interrupted", Exit::Interrupted))
        } else if self.detach && matches!(state, Some(State::Copying(_))) {
            Some(("Rekognition is copying the model", Exit::Done))
        } else if self.timeout.is_some_and(|timeout| begun.elapsed() >= timeout) {
            Some(("`--timeout` is over", Exit::StillGoing))
        } else {
            None
        }
    }
}
