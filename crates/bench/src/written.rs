//! Measures the logs and metrics of the two real functions, without work and for one copy. CloudWatch bills the bytes of logs,
//! and each metric for every hour in which it is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use sandbox::deployment::{Binaries, Deployment};
use sandbox::{Sandbox, Settings, World};
use serde_json::Value;

use crate::page::path;
use crate::{Outcome, builds};

/// The bytes that CloudWatch adds to every line.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutLogEvents.html>
const ADDED: usize = 26;
/// The bytes that Lambda logs about an invocation of start-copy at INFO. It logs nothing about a successful sweep.
const ABOUT_AN_INVOCATION: usize = 600;
/// The duration of the copy in real time.
const COPYING: SignedDuration = SignedDuration::from_secs(5);
/// The time between two sweeps.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(2);
/// The most sweeps until the copy must have ended.
const MOST_SWEEPS: usize = 10;

#[derive(Debug)]
pub(crate) struct Written {
    /// Bytes of a sweep that finds nothing.
    pub(crate) idle_bytes: f64,
    /// Metrics of a sweep that finds nothing.
    pub(crate) idle_metrics: f64,
    /// Bytes of a request's start and of its end.
    pub(crate) request_bytes: f64,
    /// Bytes of a sweep that polls one copy.
    pub(crate) poll_bytes: f64,
    /// Metrics of a copy without errors.
    pub(crate) metrics: f64,
    /// The sum of the hours in which it sends each. A metric of several invocations counts two hours, because a copy may run over
    /// the end of an hour.
    pub(crate) metric_hours: f64,
}

/// Runs an idle sweep, a request, and sweeps until its copy has ended.
pub(crate) async fn measure() -> Outcome<Written> {
    let binaries = Binaries::shipped(&builds::release()?)?;
    let settings = Settings { copying: COPYING, ..Settings::default() };
    let sandbox = Sandbox::builder(World::small()).settings(settings).real_time();
    let deployment = Deployment::start(sandbox, binaries, BTreeMap::new()).await?;
    let request: Value = serde_json::from_str(&std::fs::read_to_string(path("events/copy-requested.json"))?)?;

    let mut end = 0;
    let mut new_lines = || -> Outcome<Vec<String>> {
        let (lines, to) = deployment.check_copies().log_from(end)?;
        end = to;
        Ok(lines)
    };
    deployment.check().await?;
    let idle = new_lines()?;
    deployment.send(request.to_string());
    deployment.deliver().await;
    let start = deployment.start_copy().log_from(0)?.0;
    let mut sweeps = Vec::new();
    let mut report = Value::Null;
    while report.get("completed").and_then(Value::as_u64) != Some(1) {
        if sweeps.len() == MOST_SWEEPS {
            return Err(format!("the copy has not ended: {report}").into());
        }
        tokio::time::sleep(BETWEEN_SWEEPS).await;
        report = deployment.check().await?;
        sweeps.push(new_lines()?);
    }
    let last = sweeps.pop().unwrap_or_default();

    let mut senders = BTreeMap::<String, usize>::new();
    for lines in [&start, &last].into_iter().chain(&sweeps) {
        metrics(lines).into_iter().for_each(|metric| *senders.entry(metric).or_default() += 1);
    }
    let polls: Vec<f64> = sweeps.iter().map(|lines| bytes(lines)).collect();
    Ok(Written {
        idle_bytes: bytes(&idle),
        idle_metrics: metrics(&idle).len() as f64,
        request_bytes: bytes(&start) + bytes(&last) + ABOUT_AN_INVOCATION as f64,
        poll_bytes: polls.iter().copied().fold(0.0, f64::max),
        metrics: senders.len() as f64,
        metric_hours: senders.values().map(|count| (*count).min(2) as f64).sum(),
    })
}

fn bytes(lines: &[String]) -> f64 {
    lines.iter().map(|line| line.len() + ADDED).sum::<usize>() as f64
}

/// Returns the metrics in the lines, each with the values of its dimensions.
fn metrics(lines: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let directives = line.pointer("/_aws/CloudWatchMetrics").and_then(Value::as_array);
        for directive in directives.into_iter().flatten() {
            let texts =
                |pointer: &str| directive.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
            let dimensions = texts("/Dimensions/0").filter_map(|name| line.get(name.as_str()?));
            let dimensions: Vec<_> = dimensions.map(Value::to_string).collect();
            let names = texts("/Metrics").filter_map(|metric| metric.get("Name")?.as_str());
            found.extend(names.map(|name| format!("{name} {}", dimensions.join(" "))));
        }
    }
    found.sort();
    found.dedup();
    found
}
