//! The contract that the copier needs its ledger to keep, tested against the adapter and an embedded DynamoDB.
//!
//! The tests use records that release 0.1.0 wrote.

use crate::support::table::{RETENTION, Table};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::{Accepted, Record, State, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::{Created, Entry, EntryCopy, Ledger};
use serde_json::{Value, json};

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Returns the time so many seconds after 10:00.
fn at(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-12-24T10:00:00Z".parse().unwrap();
    ten + SignedDuration::from_secs(seconds)
}

/// Returns a record that release 0.1.0 wrote, under another id. Its next step has been due since then.
fn due_for(step: Step, id: &str, since: Timestamp) -> Record {
    let (example, due) = match step {
        Step::Publish => ("unpublished", "/accepted/header/outbox/0/time"),
        Step::Recover => ("answer-unrecorded", "/accepted/state/starting/lease/until"),
        Step::Start => ("throttled", "/accepted/state/waiting/due"),
        Step::Poll => ("copying", "/accepted/state/copying/copy/startedAt"),
    };
    let release: Value = serde_json::from_str(include_str!("releases/0.1.0.json")).unwrap();
    let mut items = release["items"].as_array().unwrap().iter();
    let item = items.find(|item| item["id"]["S"].as_str().unwrap().ends_with(&format!("#{example}")));
    let mut record: Value = serde_json::from_str(item.unwrap()["record"]["S"].as_str().unwrap()).unwrap();
    *record.pointer_mut(due).unwrap() = json!(since);
    record["accepted"]["header"]["key"]["requestId"] = json!(id);
    record["accepted"]["header"]["revision"] = json!(0);
    record["accepted"]["copy"]["versionName"] = json!(id);
    // The detail of an announcement is a raw value, which can be read only from text.
    serde_json::from_str(&record.to_string()).unwrap()
}

/// Returns the record of a request that ended then, with nothing left to publish.
fn ended(id: &str, at: Timestamp) -> Record {
    let mut record = due_for(Step::Publish, id, at);
    record.header_mut().outbox.clear();
    if let State::Ended(ended) = &mut accepted(&mut record).state {
        ended.at = at;
    }
    record
}

fn accepted(record: &mut Record) -> &mut Accepted {
    match record {
        Record::Accepted(accepted) => accepted,
        Record::Rejected(_) => panic!("it is accepted"),
    }
}

fn key(record: &Record) -> RecordKey {
    record.header().key.clone()
}

#[tokio::test]
async fn a_record_is_created_once_and_read_as_it_was_written() {
    let table = Table::new().await;
    let first = due_for(Step::Recover, "r", at(0));
    assert_eq!(table.ledger.load(&key(&first)).await, Ok(None));
    table.create(&first).await;
    let second = due_for(Step::Start, "r", at(0));
    assert_eq!(table.ledger.create(&second).await, Ok(Created::Exists(first.clone())));
    assert_eq!(table.ledger.load(&key(&first)).await, Ok(Some(first)));
}

#[tokio::test]
async fn a_save_replaces_only_the_revision_that_was_read() {
    let table = Table::new().await;
    let first = due_for(Step::Recover, "r", at(0));
    table.create(&first).await;
    let second = table.ledger.save(due_for(Step::Start, "r", at(0))).await.unwrap().unwrap();
    assert_eq!((second.header().revision, second.status_word()), (1, "QUEUED"));
    assert_eq!(table.ledger.save(due_for(Step::Poll, "r", at(0))).await, Ok(None), "it was overtaken");
    assert_eq!(table.ledger.load(&key(&second)).await, Ok(Some(second.clone())));
    let third = table.ledger.save(second).await.unwrap().unwrap();
    assert_eq!(third.header().revision, 2);
    let gone = ended("gone", at(0));
    assert_eq!(table.ledger.save(gone.clone()).await, Ok(None), "it no longer exists");
    assert_eq!(table.ledger.load(&key(&gone)).await, Ok(None));
}

#[tokio::test]
async fn the_same_write_sent_twice_is_one_write() {
    let table = Table::new().await;
    let first = due_for(Step::Recover, "r", at(0));
    table.create(&first).await;
    table.create(&first).await;
    let next = due_for(Step::Start, "r", at(0));
    let saved = table.ledger.save(next.clone()).await.unwrap();
    assert!(saved.is_some());
    assert_eq!(table.ledger.save(next).await, Ok(saved), "the answer to the first was lost");
    let other = due_for(Step::Recover, "r", at(0));
    assert_eq!(table.ledger.save(other).await, Ok(None), "a write of another record is another write");
}

#[tokio::test]
async fn a_query_returns_the_due_entries_of_its_step_in_the_order_of_their_due_times() {
    let table = Table::new().await;
    for &step in Step::ALL {
        let id = |name: &str| format!("{}-{name}", step.as_str());
        for (name, since) in [("later", 2), ("first", -10), ("now", 0), ("second", -5)] {
            table.create(&due_for(step, &id(name), at(since))).await;
        }
    }
    for &step in Step::ALL {
        let ids = ["first", "second", "now"].map(|name| format!("{}-{name}", step.as_str()));
        table.expect_due(step, at(0), &ids.each_ref().map(String::as_str)).await;
        table.expect_due(step, at(-11), &[]).await;
    }
}

#[tokio::test]
async fn an_entry_of_the_index_has_every_field_that_a_poll_needs() {
    let table = Table::new().await;
    let record = due_for(Step::Poll, "v1", at(-10));
    table.create(&record).await;
    table.expect_due(Step::Poll, at(0), &["v1"]).await;
    let (entries, _) = table.due(Step::Poll, at(0)).await;
    let accepted = record.accepted().unwrap();
    let expected = Entry {
        key: key(&record),
        due: at(-10),
        requested_at: record.header().requested_at,
        copy: Some(EntryCopy {
            source_project_arn: accepted.copy.source_project_arn.clone(),
            destination_project_arn: accepted.copy.destination_project_arn.clone(),
            version_name: "v1".to_owned(),
            project_version_arn: accepted.started_copy().map(|copy| copy.project_version_arn.clone()),
            check_at: Some(at(-10) + Times::default().overdue_after),
        }),
    };
    assert_eq!(entries, [expected]);
}

#[tokio::test]
async fn several_pages_are_read_without_gap_or_repetition() {
    let table = Table::new().await;
    let ids: Vec<String> = (0..16).map(|i| format!("{i:02}")).collect();
    for (i, id) in (0..).zip(&ids) {
        // Two records share each due time, so that a page may end between them.
        let mut record = due_for(Step::Start, id, at(i / 2));
        // A page holds 1 MB, so seven names of 150 kB fill it.
        accepted(&mut record).copy.version_name = format!("{id}{}", "x".repeat(150_000));
        table.create(&record).await;
    }
    let (entries, pages) = table.due(Step::Start, at(1000)).await;
    let mut found: Vec<String> = entries.iter().map(|entry| entry.key.request_id.clone()).collect();
    assert!(entries.is_sorted_by_key(|entry| entry.due));
    found.sort_unstable();
    assert_eq!(found, ids);
    assert!(pages > 1, "the DynamoDB has no pages");
}

#[tokio::test]
async fn only_records_with_a_next_step_are_in_the_index_and_the_others_expire() {
    let table = Table::new().await;
    for &step in Step::ALL {
        let record = due_for(step, step.as_str(), at(0));
        table.create(&record).await;
        let item = table.item(&key(&record).to_string()).await;
        assert_eq!(item["step"], s(step.as_str()));
        assert_eq!(item["due"], n(at(0).as_millisecond()));
        assert_eq!(item.get("expiresAt"), None, "{}", step.as_str());
        assert_eq!(item["status"], s(record.status_word()));
    }
    let over = ended("over", at(0));
    table.create(&over).await;
    let item = table.item(&key(&over).to_string()).await;
    assert_eq!((item.get("step"), item.get("due")), (None, None));
    assert_eq!(item["expiresAt"], n((at(0) + RETENTION).as_second()));

    let mut record = due_for(Step::Poll, "v1", at(0));
    table.create(&record).await;
    accepted(&mut record).state = over.accepted().unwrap().state.clone();
    let record = table.ledger.save(record).await.unwrap().unwrap();
    let item = table.item(&key(&record).to_string()).await;
    assert_eq!((item.get("step"), item["revision"].clone()), (None, n(1)), "it has left the index");
    table.expect_due(Step::Poll, at(0), &["poll"]).await;
}

#[tokio::test]
async fn an_unreadable_item_is_an_error_and_affects_no_other_item() {
    let table = Table::new().await;
    let record = due_for(Step::Poll, "v1", at(-1));
    table.create(&record).await;
    let spoilt = RecordKey { request_id: "spoilt".to_owned(), ..key(&record) };
    let mut item = table.item(&key(&record).to_string()).await;
    item.insert("id".to_owned(), s(&spoilt.to_string()));
    item.insert("record".to_owned(), s(r#"{"header": "a secret"}"#));
    table.put(item.clone()).await;

    assert_eq!(table.due(Step::Poll, at(0)).await.0.len(), 2);
    let unread = table.ledger.load(&spoilt).await.unwrap_err().to_string();
    assert!(unread.contains(&format!("`{spoilt}`")) && !unread.contains("secret"), "{unread}");
    let unread = table.ledger.create(&due_for(Step::Start, "spoilt", at(0))).await.unwrap_err().to_string();
    assert!(unread.contains(&format!("`{spoilt}`")), "an unreadable record is not a new one: {unread}");
    item.remove("record");
    table.put(item).await;
    table.ledger.load(&spoilt).await.unwrap_err();
}

#[tokio::test]
async fn derived_attributes_that_differ_from_the_record_are_reported_once_and_written_again() {
    let spoilt: [(&str, Option<AttributeValue>); 4] = [
        ("step", Some(s("start"))),
        ("revision", Some(n(7))),
        ("destinationProjectArn", None),
        ("projectVersionArn", Some(s("nonsense"))),
    ];
    let table = Table::new().await;
    let record = due_for(Step::Poll, "v1", at(-1));
    table.create(&record).await;
    let sound = table.item(&key(&record).to_string()).await;
    for (name, value) in spoilt {
        let mut item = sound.clone();
        match value {
            Some(value) => drop(item.insert(name.to_owned(), value)),
            None => drop(item.remove(name)),
        }
        table.put(item).await;
        let error = table.ledger.load(&key(&record)).await.unwrap_err().to_string();
        assert!(error.contains(&key(&record).to_string()) && error.contains("written again"), "{error}");
        assert_eq!(table.ledger.load(&key(&record)).await, Ok(Some(record.clone())), "{name}");
        assert_eq!(table.item(&key(&record).to_string()).await, sound, "{name}");
    }
}
