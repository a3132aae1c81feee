//! Logs, in the format and at the level that Lambda's settings ask for (`AWS_LAMBDA_LOG_FORMAT`,
//! `AWS_LAMBDA_LOG_LEVEL`), and metrics in CloudWatch's embedded format.

use std::env;
use std::io::{Write, stdout};
use std::panic;
use std::str::FromStr;

use jiff::Timestamp;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};
use tracing::level_filters::LevelFilter;
use tracing::{Level, error};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::check_copies::Report;
use crate::counts::Counts;

/// The namespace of the metrics.
pub const NAMESPACE: &str = "RekognitionModelCopier";
/// The dimension that every metric has: the stack's name.
pub const STACK: &str = "Stack";
/// The further dimension of `Waiting`.
pub const REASON: &str = "Reason";
/// The most values of one metric that one line may hold.
const VALUES: usize = 100;
type Value = fn(&Counts) -> usize;
/// The metrics that both functions write, apart from `Waiting` and `CopyDuration`, with their values.
const REQUEST_METRICS: [(&str, Value); 10] = [
    ("Requests", |counts| counts.requests),
    ("Started", |counts| counts.started),
    ("Adopted", |counts| counts.adopted),
    ("Completed", |counts| counts.completed),
    ("Failed", |counts| counts.failed),
    ("TimedOut", |counts| counts.timed_out),
    ("FailedOrTimedOut", |counts| counts.failed + counts.timed_out),
    ("Rejected", |counts| counts.rejected),
    ("LedgerErrors", |counts| counts.ledger_errors),
    ("PolicyErrors", |counts| counts.policy_errors),
];

/// Starts to log to standard output. Call it once.
///
/// INVARIANT: a log line has no field that its span has: both become members of one JSON object, and a reader would
/// keep only one of them.
pub fn init_logs() {
    let layer = if env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json")) {
        json_subscriber::fmt::layer()
            .flatten_event(true)
            .flatten_span_list_on_top_level(true)
            .with_current_span(false)
            .with_span_list(false)
            .boxed()
    } else {
        fmt::layer().with_ansi(false).boxed()
    };
    tracing_subscriber::registry().with(layer.with_filter(filter(level()))).init();
    // Otherwise Rust writes lines that are not JSON.
    panic::set_hook(Box::new(|panic| error!(%panic, "panicked")));
}

/// The level that is set for the function, or else INFO.
fn level() -> LevelFilter {
    let set = env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| LevelFilter::from_str(&level).ok());
    set.unwrap_or(LevelFilter::INFO)
}

/// The copier logs at `level`. All others log only warnings and errors, and at ERROR only errors. INVARIANT: no level
/// lets the SDK log more, because at TRACE it logs whole requests.
///
/// The runtime's span around every invocation has `requestId` and `xrayTraceId`. Its level is INFO, and it is needed
/// at every level.
fn filter(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("lambda_runtime::layers::trace", LevelFilter::INFO)
        .with_target("rekognition_model_copier", level)
        .with_target("start_copy", level)
        .with_target("check_copies", level)
}

/// The metrics of one function, written to standard output at the end of an invocation.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
pub struct Metrics {
    collector: &'static Collector,
    /// The level that a line must state so that Lambda keeps it; `None` if a line needs none.
    level: Option<&'static str>,
}

impl Metrics {
    /// The metrics of the stack of this name. Call it once.
    pub fn init(stack_name: &str) -> Result<Self, metrics_cloudwatch_embedded::Error> {
        let collector = Builder::new()
            .cloudwatch_namespace(NAMESPACE)
            .with_dimension(STACK, stack_name.to_owned())
            // CloudWatch bills a metric for every hour in which it is sent, so an idle sweep sends none.
            .emit_zeros(false)
            .init()?;
        let of_requests = REQUEST_METRICS.iter().map(|(name, _)| *name);
        for name in of_requests.chain(["Waiting", "UnknownStatuses", "DescribeErrors"]) {
            describe_counter!(name, Unit::Count, "");
        }
        describe_histogram!("OldestUnfinishedAge", Unit::Seconds, "");
        describe_histogram!("OldestUnpublishedAge", Unit::Seconds, "");
        describe_histogram!("SweepLeft", Unit::Count, "");
        describe_histogram!("CopyDuration", Unit::Seconds, "");
        Ok(Self { collector, level: level_of_metrics(level()) })
    }

    /// Writes the metrics of an invocation of start-copy.
    pub fn write_start(&self, counts: &Counts, invocation: &str) {
        self.collector.set_property("requestId", invocation.to_owned());
        self.count(counts);
        self.flush(&mut stdout());
    }

    /// Writes the metrics of an invocation of check-copies.
    pub fn write_sweep(&self, report: &Report, invocation: &str) {
        self.collector.set_property("requestId", invocation.to_owned());
        counter!("UnknownStatuses").increment(report.unknown_statuses as u64);
        counter!("DescribeErrors").increment(report.describe_errors as u64);
        // Not gauges: the collector sends a gauge's last value with every line, also where it is 0.
        for (metric, value) in [
            (histogram!("OldestUnfinishedAge"), report.oldest_unfinished_seconds as f64),
            (histogram!("OldestUnpublishedAge"), report.oldest_unpublished_seconds as f64),
            (histogram!("SweepLeft"), report.left as f64),
        ] {
            if value > 0.0 {
                metric.record(value);
            }
        }
        self.count(&report.counts);
        self.flush(&mut stdout());
    }

    fn count(&self, counts: &Counts) {
        for (name, count) in REQUEST_METRICS {
            counter!(name).increment(count(counts) as u64);
        }
        for (reason, count) in &counts.waiting {
            counter!("Waiting", REASON => *reason).increment(*count as u64);
        }
        let durations = histogram!("CopyDuration");
        for (n, seconds) in counts.copy_seconds.iter().enumerate() {
            if n > 0 && n % VALUES == 0 {
                self.flush(&mut stdout());
            }
            durations.record(*seconds as f64);
        }
    }

    fn flush(&self, out: &mut impl Write) {
        if let Some(level) = self.level {
            self.collector.set_property("level", level);
            self.collector.set_property("timestamp", Timestamp::now().to_string());
        }
        if let Err(error) = self.collector.flush(out) {
            error!(%error, "metrics could not be written");
        }
    }
}

/// The level that a line of metrics states. At INFO, DEBUG and TRACE it needs none.
///
/// Lambda drops lines below the function's level, and treats a line without level or timestamp as INFO. So at WARN or
/// ERROR it would drop the metrics.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>
fn level_of_metrics(level: LevelFilter) -> Option<&'static str> {
    (level < LevelFilter::INFO).then(|| level.into_level().unwrap_or(Level::ERROR).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_never_logs_requests() {
        let filter = filter(LevelFilter::TRACE);
        assert!(filter.would_enable("rekognition_model_copier::copier", &Level::TRACE));
        assert!(!filter.would_enable("aws_smithy_runtime::client", &Level::INFO));
        assert!(filter.would_enable("aws_smithy_runtime::client", &Level::WARN));
        assert!(!filter.would_enable("lambda_runtime::requests", &Level::DEBUG));
    }

    #[test]
    fn a_higher_level_holds_for_everybody() {
        let filter = filter(LevelFilter::ERROR);
        assert!(!filter.would_enable("aws_smithy_runtime::client", &Level::WARN));
        assert!(!filter.would_enable("start_copy", &Level::WARN));
    }
}
