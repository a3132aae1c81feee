//! The wait of `copy` and `retry` for the end of a request.

use std::time::Duration;

use clap::Args;
use rekognition_model_copier::domain::record::{Record, State};
use tokio::time::Instant;

use crate::announcer::Announcer;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::when::parse_wait;

/// How often the record of a stack's request is read.
pub(crate) const READ_INTERVAL: Duration = Duration::from_secs(2);

/// How long a command waits for the end of its request.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct WaitArguments {
    /// Stop waiting after this time, for instance `30m`; a running copy continues
    #[arg(long, value_name = "TIME", value_parser = parse_wait)]
    timeout: Option<Duration>,
    /// Stop waiting when Rekognition has accepted the copy; `--output json` then prints the request's state
    #[arg(long)]
    detach: bool,
}

/// A wait that has begun.
pub struct Wait<'a> {
    arguments: WaitArguments,
    begun: Instant,
    /// Ctrl-C, which ends the wait.
    pub(crate) interrupt: Interrupt,
    /// Writes what happens meanwhile.
    pub announcer: Announcer<'a>,
}

impl<'a> Wait<'a> {
    pub fn begin(arguments: WaitArguments, interrupt: Interrupt, output: &'a Output) -> Self {
        Self { arguments, begun: Instant::now(), interrupt, announcer: Announcer::new(output) }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Ends the wait if it is over: writes the request's state and what to do next. Returns the exit code.
    pub(crate) fn end(
        &self,
        record: Option<&Record>,
        next: impl FnOnce() -> String,
    ) -> Result<Option<Exit>, Failure> {
        let WaitArguments { timeout, detach } = self.arguments;
        let state = record.and_then(Record::accepted).map(|accepted| &accepted.state);
        let (why, exit) = if self.interrupt.was_pressed() {
            ("interrupted", Exit::Interrupted)
        } else if detach && matches!(state, Some(State::Copying(_))) {
            ("Rekognition is copying the model", Exit::Done)
        } else if timeout.is_some_and(|timeout| self.elapsed() >= timeout) {
            ("`--timeout` is over", Exit::StillGoing)
        } else {
            return Ok(None);
        };
        self.announcer.leave(record, exit)?;
        self.announcer.output.note(&format!("{why}; {}", next()));
        Ok(Some(exit))
    }

    /// Waits this long, but no longer than the whole wait may last. At a terminal, the status line is updated every
    /// second.
    pub(crate) async fn pause(&self, time: Duration, status: impl Fn() -> String) {
        let left = self.arguments.timeout.map(|timeout| timeout.saturating_sub(self.elapsed()));
        let until = Instant::now() + left.map_or(time, |left| left.min(time));
        while Instant::now() < until && !self.interrupt.was_pressed() {
            self.announcer.output.status_line(&status());
            let left = until.saturating_duration_since(Instant::now());
            let step = if self.announcer.output.is_terminal { Duration::from_secs(1) } else { left };
            self.interrupt.wait_at_most(left.min(step)).await;
        }
    }
}
