//! The copier at work on its own: the queue is delivered as messages come, the schedule strikes every minute of the
//! sandbox's time, and what is announced is shown.

use std::io;
use std::time::Duration;

use sandbox::deployment::{Deployment, SCHEDULE};
use sandbox::lambda::Function;

use crate::output;

/// How often we look whether there is anything to do.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// Runs until what it announces can't be printed. Shows logs if asked to.
pub(super) async fn run(deployment: &Deployment, shows_logs: bool) -> io::Result<()> {
    let clock = deployment.sandbox().clock();
    let mut next_check = clock.now();
    let mut advances = deployment.sandbox().take_over_advances();
    let mut logs = [(deployment.start_copy(), 0), (deployment.check_copies(), 0)];
    let mut announced = 0;
    loop {
        for delivered in deployment.deliver().await {
            complain("start-copy", delivered.answer.err());
        }
        if clock.now() >= next_check {
            next_check = clock.now() + SCHEDULE;
            complain("check-copies", deployment.check().await.err());
        }
        for (function, position) in logs.iter_mut().filter(|_| shows_logs) {
            *position = show_log(function, *position);
        }
        let published = deployment.sandbox().announcements();
        // Fewer than last time: the sandbox was reset.
        let new = published.get(announced..).unwrap_or(&published);
        for event in new.iter().filter(|event| !event.is_request()) {
            output::print(event.to_json_line())?;
        }
        announced = published.len();
        if let Ok(Some((time, over))) = tokio::time::timeout(TICK, advances.recv()).await {
            deployment.pass(time).await;
            next_check = clock.now() + SCHEDULE;
            // The client may have gone.
            let _ = over.send(());
        }
    }
}

fn complain(function: &str, error: Option<impl std::fmt::Display>) {
    if let Some(error) = error {
        output::note(format_args!("{function} failed: {error}"));
    }
}

/// Shows the log from this position on, and returns the position to go on from.
fn show_log(function: &Function, position: u64) -> u64 {
    let Ok((lines, end)) = function.log_from(position) else { return position };
    for line in lines {
        output::note(format_args!("{}: {line}", function.settings().name));
    }
    end
}
