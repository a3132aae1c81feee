//! What the copier relies on from its ledger, held against a DynamoDB: by default the one embedded in the
//! sandbox, another one when `AWS_ENDPOINT_URL_DYNAMODB` is set. With moto's server, for instance:
//!
//! ```sh
//! python3 -m venv /tmp/moto && /tmp/moto/bin/pip install 'moto[server]'
//! /tmp/moto/bin/moto_server -H 127.0.0.1 -p 5555 &
//! AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:5555 AWS_ACCESS_KEY_ID=444455556666 AWS_SECRET_ACCESS_KEY=test \
//!     AWS_REGION=us-east-1 cargo test --workspace --test it ledger_contract
//! ```
//!
//! Each test makes a table of its own and deletes it. Records are written here as the JSON that is in
//! everybody's tables already: whoever changes it learns here that records in flight can't be read any more.

use crate::support::table::{RETENTION, Table};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::{Created, Entry, Ledger};
use serde_json::{Value, json};

const ARN: &str =
    "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/v1/1763978401250";

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Ten o'clock and so many seconds.
fn at(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    ten + SignedDuration::from_secs(seconds)
}

/// A record as the ledger holds it.
fn record(id: &str, state: Value) -> Record {
    let record = json!({
        "key": {"sender": crate::support::REQUESTER, "requestId": id},
        "revision": 0,
        "fingerprint": "12245b5acce3415592e5e52830ba5dc8",
        "eventNamespace": "ae37732a-5949-50c0-af4f-8c05371be8ea",
        "correlationId": "pipeline-run-4711",
        "causationId": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "context": {"pipeline": "flowers"},
        "copy": {
            "sourceProjectArn": crate::support::SOURCE,
            "sourceProjectVersionArn": crate::support::SOURCE_VERSION,
            "destinationProjectArn": crate::support::DESTINATION,
            "versionName": id,
            "outputConfig": {"s3Bucket": "flowers-production-models"},
            "tags": {"team": "flowers"},
        },
        "requestedAt": at(-60),
        "attempts": 1,
        "state": state,
        "announced": [],
        "outbox": [],
    });
    // Through text: a raw value is read from nothing else.
    serde_json::from_str(&record.to_string()).unwrap()
}

fn starting(until: Timestamp) -> Value {
    json!({"name": "starting", "lease": {"until": until, "owner": "me"}, "unanswered": false})
}

fn waiting(due: Timestamp) -> Value {
    let failure = json!({"code": "ThrottlingException", "message": "slow down"});
    json!({"name": "waiting", "due": due, "reason": "Throttled", "failure": failure})
}

fn copying(since: Timestamp) -> Value {
    json!({"name": "copying", "projectVersionArn": ARN, "adopted": false, "startedAt": since})
}

fn ended(at: Timestamp) -> Value {
    json!({"name": "ended", "status": "COMPLETED", "at": at, "projectVersionArn": ARN})
}

/// A record that is due for a step since then.
fn due_for(step: Step, id: &str, since: Timestamp) -> Record {
    match step {
        Step::Publish => {
            let mut record = record(id, ended(since));
            let letter = json!({"status": "COMPLETED", "time": since, "resources": [], "detail": {}});
            record.outbox = serde_json::from_str(&json!([letter]).to_string()).unwrap();
            record
        }
        Step::TakeOver => record(id, starting(since)),
        Step::Start => record(id, waiting(since)),
        Step::Look => record(id, copying(since)),
        Step::Withdraw => Record { grant: true, ..record(id, ended(since)) },
    }
}

#[tokio::test]
async fn a_record_is_created_once_and_read_as_it_was_written() {
    let table = Table::new().await;
    let first = record("r", starting(at(0)));
    assert_eq!(table.ledger.load(&first.key).await, Ok(None));
    table.create(&first).await;
    let second = record("r", waiting(at(0)));
    assert_eq!(table.ledger.create(&second).await, Ok(Created::Exists(first.clone())));
    assert_eq!(table.ledger.load(&first.key).await, Ok(Some(first)));
    table.delete().await;
}

#[tokio::test]
async fn requests_of_two_senders_are_two_records() {
    let table = Table::new().await;
    let one = record("r", starting(at(0)));
    let key = RecordKey { sender: crate::support::ACCOUNT.to_owned(), ..one.key.clone() };
    let other = Record { key, ..record("r", waiting(at(0))) };
    table.create(&one).await;
    table.create(&other).await;
    assert_eq!(table.ledger.load(&one.key).await, Ok(Some(one)));
    assert_eq!(table.ledger.load(&other.key).await, Ok(Some(other)));
    table.delete().await;
}

#[tokio::test]
async fn only_who_knows_the_latest_revision_writes_the_next() {
    let table = Table::new().await;
    let first = record("r", starting(at(0)));
    table.create(&first).await;
    let saved = table.ledger.save(Record { state: first.state.clone(), attempts: 2, ..first.clone() }).await;
    let saved = saved.unwrap().unwrap();
    assert_eq!((saved.revision, saved.attempts), (1, 2));
    let overtaken = Record { attempts: 9, ..first };
    assert_eq!(table.ledger.save(overtaken).await, Ok(None));
    assert_eq!(table.ledger.load(&saved.key).await, Ok(Some(saved.clone())));
    let third = table.ledger.save(Record { attempts: 3, ..saved }).await.unwrap().unwrap();
    assert_eq!(third.revision, 2);
    table.delete().await;
}

#[tokio::test]
async fn a_record_that_is_gone_is_not_written_again() {
    let table = Table::new().await;
    let gone = Record { revision: 4, ..record("r", ended(at(0))) };
    assert_eq!(table.ledger.save(gone.clone()).await, Ok(None));
    assert_eq!(table.ledger.load(&gone.key).await, Ok(None));
    table.delete().await;
}

#[tokio::test]
async fn our_own_write_sent_twice_is_one_write() {
    let table = Table::new().await;
    let first = record("r", starting(at(0)));
    table.create(&first).await;
    table.create(&first).await;
    let next = record("r", waiting(at(0)));
    let saved = table.ledger.save(next.clone()).await.unwrap();
    assert!(saved.is_some());
    assert_eq!(table.ledger.save(next).await, Ok(saved), "the answer to the first was lost");
    let other_lease =
        json!({"name": "starting", "lease": {"until": at(0), "owner": "she"}, "unanswered": false});
    let hers = record("r", other_lease);
    assert_eq!(table.ledger.save(hers).await, Ok(None), "somebody else's is somebody else's");
    table.delete().await;
}

#[tokio::test]
async fn what_is_due_for_a_step_comes_longest_due_first_and_nothing_else_comes() {
    let table = Table::new().await;
    for step in Step::ALL {
        let id = |name: &str| format!("{}-{name}", step.as_str());
        for (name, since) in [("later", 2), ("first", -10), ("now", 0), ("second", -5)] {
            table.create(&due_for(step, &id(name), at(since))).await;
        }
    }
    for step in Step::ALL {
        let ids = ["first", "second", "now"].map(|name| format!("{}-{name}", step.as_str()));
        table.expect_due(step, at(0), &ids.each_ref().map(String::as_str)).await;
        table.expect_due(step, at(-11), &[]).await;
    }
    table.delete().await;
}

#[tokio::test]
async fn an_entry_tells_what_a_look_needs_without_the_record() {
    let table = Table::new().await;
    let record = due_for(Step::Look, "v1", at(-10));
    table.create(&record).await;
    table.expect_due(Step::Look, at(0), &["v1"]).await;
    let (entries, _) = table.due(Step::Look, at(0)).await;
    let copy = record.copy.as_ref().unwrap();
    let expected = Entry {
        key: record.key.clone(),
        due: at(-10),
        requested_at: at(-60),
        destination_project_arn: Some(copy.destination_project_arn.clone()),
        version_name: Some("v1".to_owned()),
        project_version_arn: record.project_version_arn().cloned(),
        check_at: Some(at(-10) + Times::default().overdue_after),
    };
    assert_eq!(entries, [expected]);
    table.delete().await;
}

#[tokio::test]
async fn more_than_a_page_is_read_to_its_end_without_gap_or_repeat() {
    let table = Table::new().await;
    let ids: Vec<String> = (0..16).map(|i| format!("{i:02}")).collect();
    for (i, id) in (0..).zip(&ids) {
        // Two at a time, for a page that ends between records of one moment.
        let mut record = due_for(Step::Start, id, at(i / 2));
        // A page is 1 MB: names of 150 kB fill it with 7.
        record.copy.as_mut().unwrap().version_name = format!("{id}{}", "x".repeat(150_000));
        table.create(&record).await;
    }
    let (entries, pages) = table.due(Step::Start, at(1000)).await;
    let mut found: Vec<String> = entries.iter().map(|entry| entry.key.request_id.clone()).collect();
    assert!(entries.is_sorted_by_key(|entry| entry.due));
    found.sort_unstable();
    assert_eq!(found, ids);
    assert!(pages > 1, "the DynamoDB has no pages");
    table.delete().await;
}

#[tokio::test]
async fn the_index_has_only_what_has_something_due_and_the_rest_expires() {
    let table = Table::new().await;
    for step in Step::ALL {
        let record = due_for(step, step.as_str(), at(0));
        table.create(&record).await;
        let item = table.item(&record.key.to_string()).await;
        assert_eq!(item["step"], s(step.as_str()));
        assert_eq!(item["due"], n(at(0).as_millisecond()));
        assert_eq!(item.get("expiresAt"), None, "{}", step.as_str());
        assert_eq!(item["status"], s(record.status()));
    }
    let over = record("over", ended(at(0)));
    table.create(&over).await;
    let item = table.item(&over.key.to_string()).await;
    assert_eq!((item.get("step"), item.get("due")), (None, None));
    assert_eq!(item["expiresAt"], n((at(0) + RETENTION).as_second()));

    let mut record = due_for(Step::Look, "v1", at(0));
    table.create(&record).await;
    record.state = over.state;
    let record = table.ledger.save(record).await.unwrap().unwrap();
    let item = table.item(&record.key.to_string()).await;
    assert_eq!((item.get("step"), item["revision"].clone()), (None, n(1)), "it has left the index");
    table.expect_due(Step::Look, at(0), &["look"]).await;
    table.delete().await;
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_an_error_for_who_asks_and_stops_nobody_else() {
    let table = Table::new().await;
    let record = due_for(Step::Look, "v1", at(-1));
    table.create(&record).await;
    let spoilt = RecordKey { request_id: "spoilt".to_owned(), ..record.key };
    let item = [("id", s(&spoilt.to_string())), ("step", s("look")), ("due", n(at(-2).as_millisecond()))];
    table.put(&[&item[..], &[("record", s("{"))]].concat()).await;
    table.put(&[("id", s("no key")), ("step", s("look")), ("due", n(at(-3).as_millisecond()))]).await;

    table.expect_due(Step::Look, at(0), &["spoilt", "v1"]).await;
    let unread = table.ledger.load(&spoilt).await.unwrap_err().to_string();
    assert!(unread.contains(&format!("`{spoilt}`")), "{unread}");
    let unread = table.ledger.create(&due_for(Step::Start, "spoilt", at(0))).await.unwrap_err().to_string();
    assert!(unread.contains(&format!("`{spoilt}`")), "an unreadable record is not a new one: {unread}");
    table.put(&item).await;
    table.ledger.load(&spoilt).await.unwrap_err();
    table.delete().await;
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_error_and_no_answer() {
    let table = Table::new().await;
    table.client.delete_table().table_name(&table.name).send().await.unwrap();
    let record = record("r", starting(at(0)));
    table.ledger.create(&record).await.unwrap_err();
    table.ledger.load(&record.key).await.unwrap_err();
    table.ledger.save(record).await.unwrap_err();
    table.ledger.due(Step::Look, at(0), None).await.unwrap_err();
}
