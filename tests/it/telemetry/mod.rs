//! Tests of the metrics and logs that the real programs write while requests complete, fail, are rejected and wait.

mod logs;
mod metrics;

use crate::support::{COPY, Copier, event, request, seconds, with};
use sandbox::{Effect, Fault};
use serde_json::{Map, Value, json};

/// Parses the lines of a log as JSON objects.
fn read(lines: &[String]) -> Vec<Map<String, Value>> {
    let object = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    lines.iter().map(object).collect()
}

fn is_metrics(line: &Map<String, Value>) -> bool {
    line.contains_key("_aws")
}

struct Logs {
    start_copy: Vec<String>,
    check_copies: Vec<String>,
}

impl Logs {
    fn all(&self) -> impl Iterator<Item = &String> {
        self.start_copy.iter().chain(&self.check_copies)
    }
}

fn logs(copier: &Copier) -> Logs {
    let lines = |function: &sandbox::lambda::Function| function.log_from(0).unwrap().0;
    Logs {
        start_copy: lines(copier.deployment.start_copy()),
        check_copies: lines(copier.deployment.check_copies()),
    }
}

/// A fault that the SDK does not retry, so that a test of a failed call takes no time.
fn refused(action: &str) -> Fault {
    Fault::new(action, Effect::error("AccessDeniedException"))
}

const WAITS: [(&str, &str); 4] = [
    ("ThrottlingException", "Throttled"),
    ("ServiceQuotaExceededException", "Quota"),
    ("AccessDeniedException", "Permission"),
    ("NobodyKnowsException", "Unknown"),
];

/// Sends one batch: the example, a request for each reason to wait, one that fails and one that is rejected. Forty seconds
/// later, runs a sweep.
async fn run_mixed_batch() -> Copier {
    let copier = Copier::deployed().await;
    for code in WAITS.map(|(code, _)| code).into_iter().chain(["InvalidParameterException"]) {
        let body = format!(r#""VersionName":"{code}""#);
        copier.sandbox().fault(Fault::new(COPY, Effect::error(code)).containing(&body));
    }
    let mut requests = vec![event("copy-requested.json"), request("InvalidParameterException")];
    requests.extend(WAITS.map(|(code, _)| request(code)));
    requests.push(with(request("rejected"), json!({"versionName": "no name"})));
    copier.send(&requests).await;
    copier.sweep_after(seconds(40)).await;
    copier
}
