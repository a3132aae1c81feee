//! The copier at work on its own: the queue is delivered as messages come, the schedule strikes every minute of the
//! sandbox's time, and what the functions log and announce is shown.

use std::time::Duration;

use sandbox::deployment::{Deployment, SCHEDULE};
use sandbox::lambda::Function;

/// How often we look whether there is anything to do.
const TICK: Duration = Duration::from_millis(200);

/// Runs until it is dropped.
pub(super) async fn run(deployment: &Deployment) {
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
        for (function, position) in &mut logs {
            *position = show_log(function, *position);
        }
        let published = deployment.sandbox().announcements();
        // Fewer than last time: the sandbox was reset.
        for event in published.get(announced..).unwrap_or(&published) {
            println!("{}", event.to_event());
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
        eprintln!("{function} failed: {error}");
    }
}

/// Shows the log from this position on, and returns the position to go on from.
fn show_log(function: &Function, position: u64) -> u64 {
    let Ok((lines, end)) = function.log_from(position) else { return position };
    for line in lines {
        eprintln!("{}: {line}", function.settings().name);
    }
    end
}
