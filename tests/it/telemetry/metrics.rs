//! Tests of the metrics, read from the logs as CloudWatch reads them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use rekognition_model_copier::telemetry::NAMESPACE;
use sandbox::{Effect, Fault};
use serde_json::{Value, json};

use super::{WAITS, is_metrics, logs, read, refused, run_mixed_batch};
use crate::support::{COPY, Copier, DESCRIBE, TABLE, event, minutes, request, seconds, with};

/// The default of `STACK_NAME`.
const STACK: &str = "rekognition-model-copier";

/// A metric's name and dimensions.
type Metric = (String, BTreeMap<String, String>);

fn metric(name: &str, reason: Option<&str>) -> Metric {
    let dimensions = [("Stack", Some(STACK)), ("Reason", reason)];
    let given = dimensions.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    (name.to_owned(), given.collect())
}

/// Returns every value of every metric in the lines of a log.
fn values(lines: &[String]) -> BTreeMap<Metric, Vec<f64>> {
    let mut values = BTreeMap::<_, Vec<f64>>::new();
    for line in read(lines).iter().filter(|line| is_metrics(line)) {
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!(directive["Namespace"], NAMESPACE);
            let text = |name: &Value| name.as_str().unwrap().to_owned();
            let [dimensions] = &directive["Dimensions"].as_array().unwrap()[..] else { panic!("{line:?}") };
            let value_of = |name: &Value| (text(name), text(&line[name.as_str().unwrap()]));
            let dimensions: BTreeMap<_, _> = dimensions.as_array().unwrap().iter().map(value_of).collect();
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = text(&metric["Name"]);
                let numbers = match &line[&name] {
                    Value::Array(many) => many.iter().map(|value| value.as_f64().unwrap()).collect(),
                    one => vec![one.as_f64().unwrap_or_else(|| panic!("{name}: {one}"))],
                };
                assert!(numbers.len() <= 100, "{name} has {} values in one line", numbers.len());
                values.entry((name, dimensions.clone())).or_default().extend(numbers);
            }
        }
    }
    values
}

/// Returns the copier's metrics that the alarms in template.yaml and the dashboard in examples/dashboard name.
fn shown() -> BTreeSet<Metric> {
    let read =
        |name: &str| std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (template, dashboard) = (read("template.yaml"), read("examples/dashboard/template.yaml"));
    let lines: Vec<_> = template.lines().map(str::trim).collect();
    let alarms =
        lines.windows(3).filter(|lines| lines[0] == format!("Namespace: {NAMESPACE}")).map(|lines| {
            assert_eq!(lines[2], "Dimensions: [{Name: Stack, Value: !Ref AWS::StackName}]");
            metric(lines[1].strip_prefix("MetricName: ").unwrap(), None)
        });
    let widgets = dashboard.lines().map(str::trim).filter(|line| line.contains(NAMESPACE)).map(|line| {
        let parts: Vec<Value> = serde_json::from_str(line.trim_end_matches(',')).unwrap();
        let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
        assert_eq!(&parts[..4], [NAMESPACE, parts[1], "Stack", "${CopierStack}"]);
        metric(parts[1], parts.get(5).copied())
    });
    alarms.chain(widgets).collect()
}

/// Checks that the log holds these metrics with one value each, and no other ones but `others`.
fn expect_once(values: &BTreeMap<Metric, Vec<f64>>, expected: &[(Metric, f64)], others: &[&str]) {
    for (metric, value) in expected {
        assert_eq!(values.get(metric), Some(&vec![*value]), "{metric:?}");
    }
    let unexpected = |metric: &&Metric| {
        !others.contains(&metric.0.as_str()) && expected.iter().all(|(name, _)| name != *metric)
    };
    assert_eq!(values.keys().find(unexpected), None);
}

#[tokio::test]
async fn a_batch_and_a_sweep_count_their_requests_by_outcome_and_reason_to_wait() {
    let copier = run_mixed_batch().await;
    let logs = logs(&copier);
    let one = |name| metric(name, None);
    let waits = WAITS.map(|(_, reason)| (metric("Waiting", Some(reason)), 1.0));
    let outcomes = ["Started", "Failed", "FailedOrTimedOut", "Rejected"].map(|name| (one(name), 1.0));
    let started = [&waits[..], &outcomes, &[(one("Requests"), 7.0)]].concat();
    expect_once(&values(&logs.start_copy), &started, &[]);

    let swept = values(&logs.check_copies);
    expect_once(&swept, &[(one("Completed"), 1.0)], &["CopyDuration", "OldestUnfinishedAge", "Waiting"]);
    for name in ["CopyDuration", "OldestUnfinishedAge"] {
        assert_eq!(swept[&one(name)], [40.0], "{name}");
    }
}

#[tokio::test]
async fn an_idle_sweep_logs_nothing() {
    let copier = Copier::deployed().await;
    copier.sweep().await;
    copier.send(&[&request("v1")]).await;
    copier.sweep_after(minutes(60)).await;
    let written = logs(&copier).check_copies.len();
    copier.sweep().await;
    assert_eq!(written, logs(&copier).check_copies.len(), "{:?}", logs(&copier).check_copies);
}

#[tokio::test]
async fn a_throttled_poll_is_an_error_only_if_the_next_one_is_throttled_too() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    let mut errors = Vec::new();
    for is_throttled in [true, false, true, true] {
        copier.sandbox().clear_faults();
        if is_throttled {
            copier.sandbox().fault(Fault::new(DESCRIBE, Effect::error("ThrottlingException")));
        }
        errors.push(copier.sweep().await["describeErrors"].as_u64().unwrap());
    }
    assert_eq!(errors, [0, 0, 0, 1]);
}

#[tokio::test]
async fn requests_that_wait_for_a_quota_count_as_no_error() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("LimitExceededException")).containing("v1"));
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).containing("v2"));
    copier.send(&[&request("v1"), &request("v2")]).await;
    for _ in 0..6 {
        copier.sweep_after(minutes(60)).await;
    }
    assert_eq!([copier.statuses("v1"), copier.statuses("v2")], [["QUEUED"], ["QUEUED"]]);
    let logs = logs(&copier);
    let values = values(&logs.all().cloned().collect::<Vec<_>>());
    let of = |name| values.get(&metric(name, None)).cloned().unwrap_or_default();
    for errors in ["LedgerErrors", "PolicyErrors", "DescribeErrors", "UnknownStatuses"] {
        assert_eq!(of(errors), [0.0; 0], "{errors}");
    }
    assert_eq!(of("OldestUnpublishedAge"), [0.0; 0]);
    assert!(of("OldestUnfinishedAge").last().is_some_and(|age| *age > 5.0 * 3600.0), "the requests wait");
}

#[tokio::test]
async fn every_failed_write_is_one_ledger_error() {
    let errors = |lines: &[String]| values(lines).get(&metric("LedgerErrors", None)).cloned();
    let copier = Copier::deployed().await;
    copier.sandbox().fault(refused("dynamodb:*"));
    copier.deployment.start_copy().invoke(&request("unrecorded")).await.unwrap_err();
    assert_eq!(errors(&logs(&copier).start_copy), Some(vec![1.0]), "of a request");

    let copier = Copier::deployed().await;
    copier.sandbox().fault(refused("dynamodb:PutItem").on_call(3));
    copier.send(&[&request("v1"), &request("v2")]).await;
    assert_eq!(errors(&logs(&copier).start_copy), Some(vec![1.0]), "of an outcome");

    let copier = Copier::deployed().await;
    copier.sandbox().fault(refused("dynamodb:PutItem").on_call(3));
    copier.send(&[&request("v1")]).await;
    copier.sandbox().fault(refused("dynamodb:PutItem"));
    copier.sweep().await;
    assert_eq!(copier.statuses("v1"), ["STARTED", "STARTED"]);
    let logs = logs(&copier);
    for function in [logs.start_copy, logs.check_copies] {
        assert_eq!(errors(&function), Some(vec![1.0]), "of a published announcement");
    }
}

#[tokio::test]
async fn a_copy_counts_as_started_once_even_while_its_announcement_is_unpublished() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).on_call(1));
    copier.sandbox().fault(refused("events:*"));
    copier.send(&[&request("v1")]).await;
    let starts = copier.sweep_after(minutes(6)).await;
    copier.pass(minutes(121));
    let AttributeValue::S(arn) = &copier.item("v1").await.unwrap()["projectVersionArn"] else {
        panic!("no copy")
    };
    assert!(copier.sandbox().set_status(arn, "COPYING_IN_PROGRESS", None));
    let polls = copier.sweep().await;
    assert_eq!((&starts["started"], &polls["started"]), (&json!(1), &json!(0)), "{polls}");
    copier.sandbox().clear_faults();
    copier.sweep().await;
    assert_eq!(copier.statuses("v1"), ["QUEUED", "STARTED", "OVERDUE"]);
}

#[tokio::test]
async fn an_unreadable_entry_of_the_index_is_a_ledger_error() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1"), &request("v2")]).await;
    let mut item = copier.item("v1").await.unwrap();
    item.insert("destinationProjectArn".to_owned(), AttributeValue::S("spoilt".to_owned()));
    let put = copier.ledger().put_item().table_name(TABLE).set_item(Some(item));
    put.send().await.unwrap();
    let report = copier.sweep().await;
    assert_eq!((&report["copying"], &report["ledgerErrors"]), (&json!(1), &json!(1)));
    let report = copier.sweep().await;
    assert_eq!((&report["copying"], &report["ledgerErrors"]), (&json!(2), &json!(0)), "it is written again");
}

#[tokio::test]
async fn every_sweep_measures_the_oldest_request_even_if_it_is_not_due() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("LimitExceededException")));
    copier.send(&[&request("v1")]).await;
    let report = copier.sweep_after(seconds(61)).await;
    assert_eq!((copier.calls(COPY), &report["waiting"]), (1, &json!({})), "the request is not due");
    let age = report["oldestUnfinishedSeconds"].as_i64().unwrap();
    assert!((61..120).contains(&age), "{age}");
}

#[tokio::test]
async fn alarms_and_dashboard_name_exactly_the_metrics_that_are_written() {
    let copier = run_mixed_batch().await;
    let arn = copier.last("release-2026-11-02")["projectVersionArn"].as_str().unwrap().to_owned();
    assert!(copier.sandbox().set_status(&arn, "DELETING", None));
    let name = event("copy-requested.json")["detail"]["versionName"].clone();
    copier.send(&[&with(request("again"), json!({"versionName": name}))]).await;
    copier.sandbox().fault(Fault::new(COPY, Effect::LoseAnswer));
    copier.send(&[&request("unknown")]).await;
    copier.sweep().await;
    let arn = copier.last("unknown")["projectVersionArn"].as_str().unwrap().to_owned();
    assert!(copier.sandbox().set_status(&arn, "HIBERNATING", None));
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")));
    copier.send(&[&request("never")]).await;
    copier.pass(minutes(25 * 60));
    copier.sandbox().fault(refused("dynamodb:Query").on_call(1));
    copier.sandbox().fault(refused(DESCRIBE).times(2));
    copier.sweep().await;
    copier.sweep().await;
    copier.sandbox().fault(refused("events:*"));
    copier.send(&[&request("unpublished")]).await;
    copier.pass(minutes(10));
    copier.sandbox().clear_faults();
    copier.sandbox().fault(refused("dynamodb:GetItem"));
    let report = copier.sweep().await;
    assert_eq!(report["oldestUnpublishedSeconds"], 600, "it is measured even if the record is unreadable");
    let written = values(&copier.deployment.logs().unwrap());
    for (name, value) in [("UnknownStatuses", 1.0), ("DescribeErrors", 1.0)] {
        assert_eq!(written[&metric(name, None)], [value], "{name}");
    }
    let mut shown = shown();
    // Three need a role in a source account, and no sweep of this test runs out of time.
    for elsewhere in [
        metric("Waiting", Some("PolicyFull")),
        metric("Waiting", Some("PolicyNotPut")),
        metric("PolicyErrors", None),
        metric("SweepLeft", None),
    ] {
        assert!(shown.remove(&elsewhere));
    }
    assert!(shown.len() > 15, "{shown:?}");
    let missing: Vec<_> = shown.iter().filter(|metric| !written.contains_key(metric)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let unseen: Vec<_> = written.keys().filter(|metric| !shown.contains(metric)).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

#[tokio::test]
async fn metrics_pass_lambdas_log_filter_at_every_level() {
    for level in ["WARN", "ERROR"] {
        let copier = Copier::deployed_with(&[("AWS_LAMBDA_LOG_LEVEL", level)]).await;
        copier.sandbox().fault(refused("events:*"));
        copier.send(&[&request("v1")]).await;
        copier.sweep_after(minutes(10)).await;
        let all = copier.deployment.logs().unwrap();
        let kept = all.iter().filter(|line| is_kept(line, level)).cloned().collect::<Vec<_>>();
        assert_eq!(values(&kept), values(&all));
        for name in ["Requests", "OldestUnfinishedAge"] {
            assert!(values(&kept).contains_key(&metric(name, None)), "{name}");
        }
    }
}

/// Whether Lambda's log filter keeps a line at this level. A line without a level or a time counts as INFO.
fn is_kept(line: &str, level: &str) -> bool {
    let rank =
        |level: &str| ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].iter().position(|name| *name == level);
    let line = &read(&[line.to_owned()])[0];
    let is_timed =
        line.get("timestamp").is_some_and(|time| time.as_str().unwrap().parse::<Timestamp>().is_ok());
    let of_line = line.get("level").filter(|_| is_timed).and_then(|level| rank(level.as_str()?));
    of_line.or(rank("INFO")) >= rank(level)
}
