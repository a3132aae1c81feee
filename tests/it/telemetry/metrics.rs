//! Tests of the metrics, read from the logs as CloudWatch reads them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use rekognition_model_copier::telemetry::NAMESPACE;
use sandbox::{Effect, Fault};
use serde_json::{Value, json};

use super::{WAITS, is_metrics, logs, read, refused, run_mixed_batch};
use crate::support::{COPY, Copier, DESCRIBE, TABLE, minutes, request, root, seconds, with};

/// The default of `STACK_NAME`.
const STACK: &str = "rekognition-model-copier";

/// Returns every value of every metric in the lines of a log. `NAME REASON` is a metric with a reason.
fn values(lines: &[String]) -> BTreeMap<String, Vec<f64>> {
    let mut values = BTreeMap::<_, Vec<f64>>::new();
    for line in read(lines).iter().filter(|line| is_metrics(line)) {
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!((&directive["Namespace"], &line["Stack"]), (&json!(NAMESPACE), &json!(STACK)));
            let [dimensions] = &directive["Dimensions"].as_array().unwrap()[..] else { panic!("{line:?}") };
            let reason = dimensions.as_array().unwrap().iter().find(|name| *name != "Stack");
            let reason = reason.map_or("", |name| line[name.as_str().unwrap()].as_str().unwrap());
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                let numbers = match &line[name] {
                    Value::Array(many) => many.iter().map(|value| value.as_f64().unwrap()).collect(),
                    one => vec![one.as_f64().unwrap_or_else(|| panic!("{name}: {one}"))],
                };
                assert!(numbers.len() <= 100, "{name} has {} values in one line", numbers.len());
                let name = format!("{name} {reason}").trim_end().to_owned();
                values.entry(name).or_default().extend(numbers);
            }
        }
    }
    values
}

/// Returns the copier's metrics that the alarms in template.yaml and the dashboard in examples/dashboard name.
fn shown() -> BTreeSet<String> {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let (template, dashboard) = (read("template.yaml"), read("examples/dashboard/template.yaml"));
    let lines: Vec<_> = template.lines().map(str::trim).collect();
    let alarms =
        lines.windows(3).filter(|lines| lines[0] == format!("Namespace: {NAMESPACE}")).map(|lines| {
            assert_eq!(lines[2], "Dimensions: [{Name: Stack, Value: !Ref AWS::StackName}]");
            lines[1].strip_prefix("MetricName: ").unwrap().to_owned()
        });
    let widgets = dashboard.lines().map(str::trim).filter(|line| line.contains(NAMESPACE)).map(|line| {
        let parts: Vec<Value> = serde_json::from_str(line.trim_end_matches(',')).unwrap();
        let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
        assert_eq!(&parts[..4], [NAMESPACE, parts[1], "Stack", "${CopierStack}"]);
        format!("{} {}", parts[1], parts.get(5).unwrap_or(&"")).trim_end().to_owned()
    });
    alarms.chain(widgets).collect()
}

#[tokio::test]
async fn a_batch_and_a_sweep_count_their_requests_by_outcome_and_reason_to_wait() {
    let copier = run_mixed_batch().await;
    let logs = logs(&copier);
    let waits = WAITS.map(|(_, reason)| format!("Waiting {reason}"));
    let outcomes = ["Started", "Failed", "FailedOrTimedOut", "Rejected"].map(str::to_owned);
    let mut expected: BTreeMap<_, _> =
        waits.into_iter().chain(outcomes).map(|name| (name, vec![1.0])).collect();
    expected.insert("Requests".to_owned(), vec![7.0]);
    assert_eq!(values(&logs.start_copy), expected);

    let mut swept = values(&logs.check_copies);
    swept.retain(|name, _| !name.starts_with("Waiting"));
    let expected = [("Completed", 1.0), ("CopyDuration", 40.0), ("OldestUnfinishedAge", 40.0)];
    assert_eq!(swept, expected.map(|(name, value)| (name.to_owned(), vec![value])).into());
}

#[tokio::test]
async fn an_idle_sweep_logs_nothing() {
    let copier = Copier::deployed().await;
    copier.sweep().await;
    copier.send([request("v1")]).await;
    copier.sweep_after(minutes(60)).await;
    let written = logs(&copier).check_copies.len();
    copier.sweep().await;
    assert_eq!(written, logs(&copier).check_copies.len(), "{:?}", logs(&copier).check_copies);
}

#[tokio::test]
async fn a_throttled_poll_is_an_error_only_if_the_next_one_is_throttled_too() {
    let copier = Copier::deployed().await;
    copier.send([request("v1")]).await;
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
    copier.send([request("v1"), request("v2")]).await;
    for _ in 0..6 {
        copier.sweep_after(minutes(60)).await;
    }
    assert_eq!([copier.statuses("v1"), copier.statuses("v2")], [["QUEUED"], ["QUEUED"]]);
    let logs = logs(&copier);
    let values = values(&logs.all().cloned().collect::<Vec<_>>());
    for name in ["LedgerErrors", "PolicyErrors", "DescribeErrors", "UnknownStatuses", "OldestUnpublishedAge"]
    {
        assert_eq!(values.get(name), None, "{name}");
    }
    assert_eq!(values["OldestUnfinishedAge"].last(), Some(&(6.0 * 3600.0)), "the requests wait");
}

#[tokio::test]
async fn every_failed_write_is_one_ledger_error() {
    let errors = |lines: &[String]| values(lines).get("LedgerErrors").cloned();
    let copier = Copier::deployed().await;
    copier.sandbox().fault(refused("dynamodb:*"));
    copier.deployment.start_copy().invoke(&request("unrecorded")).await.unwrap_err();
    assert_eq!(errors(&logs(&copier).start_copy), Some(vec![1.0]), "of a request");

    let copier = Copier::deployed().await;
    copier.sandbox().fault(refused("dynamodb:PutItem").on_call(3));
    copier.send([request("v1"), request("v2")]).await;
    assert_eq!(errors(&logs(&copier).start_copy), Some(vec![1.0]), "of an outcome");

    let copier = Copier::deployed().await;
    copier.sandbox().fault(refused("dynamodb:PutItem").on_call(3));
    copier.send([request("v1")]).await;
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
    copier.send([request("v1")]).await;
    let starts = copier.sweep_after(minutes(6)).await;
    copier.pass(minutes(121));
    copier.set_status("v1", "COPYING_IN_PROGRESS");
    let polls = copier.sweep().await;
    assert_eq!((&starts["started"], &polls["started"]), (&json!(1), &json!(0)), "{polls}");
    copier.sandbox().clear_faults();
    copier.sweep().await;
    assert_eq!(copier.statuses("v1"), ["QUEUED", "STARTED", "OVERDUE"]);
}

#[tokio::test]
async fn an_unreadable_entry_of_the_index_is_a_ledger_error() {
    let copier = Copier::deployed().await;
    copier.send([request("v1"), request("v2")]).await;
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
    copier.send([request("v1")]).await;
    let report = copier.sweep_after(seconds(61)).await;
    assert_eq!((copier.calls(COPY), &report["waiting"]), (1, &json!({})), "the request is not due");
    assert_eq!(report["oldestUnfinishedSeconds"], 61);
}

#[tokio::test]
async fn alarms_and_dashboard_name_exactly_the_metrics_that_are_written() {
    let copier = run_mixed_batch().await;
    copier.set_status("flowers.2026-11-02", "DELETING");
    copier.send([with(request("again"), json!({"versionName": "flowers.2026-11-02"}))]).await;
    copier.sandbox().fault(Fault::new(COPY, Effect::LoseAnswer));
    copier.send([request("unknown")]).await;
    copier.sweep().await;
    copier.set_status("unknown", "HIBERNATING");
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")));
    copier.send([request("never")]).await;
    copier.pass(minutes(25 * 60));
    copier.sandbox().fault(refused("dynamodb:Query").on_call(1));
    copier.sandbox().fault(refused(DESCRIBE).times(2));
    copier.sweep().await;
    copier.sweep().await;
    copier.sandbox().fault(refused("events:*"));
    copier.send([request("unpublished")]).await;
    copier.pass(minutes(10));
    copier.sandbox().clear_faults();
    copier.sandbox().fault(refused("dynamodb:GetItem"));
    let report = copier.sweep().await;
    assert_eq!(report["oldestUnpublishedSeconds"], 600, "it is measured even if the record is unreadable");
    let written = values(&copier.deployment.logs().unwrap());
    assert_eq!((&written["UnknownStatuses"][..], &written["DescribeErrors"][..]), (&[1.0][..], &[1.0][..]));
    let mut shown = shown();
    // Three need a role in a source account, and no sweep of this test runs out of time.
    for elsewhere in ["Waiting PolicyFull", "Waiting PolicyNotPut", "PolicyErrors", "SweepLeft"] {
        assert!(shown.remove(elsewhere));
    }
    assert_eq!(shown, written.into_keys().collect());
}

#[tokio::test]
async fn metrics_pass_lambdas_log_filter_at_every_level() {
    for level in ["WARN", "ERROR"] {
        let copier = Copier::deployed_with(&[("AWS_LAMBDA_LOG_LEVEL", level)]).await;
        copier.sandbox().fault(refused("events:*"));
        copier.send([request("v1")]).await;
        copier.sweep_after(minutes(10)).await;
        let all = copier.deployment.logs().unwrap();
        let kept = all.iter().filter(|line| is_kept(line, level)).cloned().collect::<Vec<_>>();
        assert_eq!(values(&kept), values(&all));
        let names: BTreeSet<_> = values(&kept).into_keys().collect();
        assert!(names.contains("Requests") && names.contains("OldestUnfinishedAge"), "{names:?}");
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
