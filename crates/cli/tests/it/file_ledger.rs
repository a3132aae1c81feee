//! What the copier relies on from its ledger, held against the ledger of files.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use model_copier::file_ledger::FileLedger;
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::ports::{Created, Ledger};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{ACCOUNT, DESTINATION, SOURCE, SOURCE_VERSION};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

/// A request that waits until then.
pub(crate) fn waiting(id: &str, due: Timestamp) -> Record {
    let record = json!({"accepted": {
        "header": {
            "key": {"requester": ACCOUNT, "requestId": id},
            "revision": 0,
            "fingerprint": "12245b5acce3415592e5e52830ba5dc8",
            "eventNamespace": "ae37732a-5949-50c0-af4f-8c05371be8ea",
            "correlationId": id,
            "causationId": id,
            "requestedAt": at(-60),
            "announced": [],
            "outbox": [],
        },
        "copy": {
            "sourceProjectArn": SOURCE,
            "sourceProjectVersionArn": SOURCE_VERSION,
            "destinationProjectArn": DESTINATION,
            "versionName": "v1",
            "outputConfig": {"s3Bucket": "flowers-production-models"},
        },
        "attempts": 1,
        "state": {"waiting": {
            "due": due,
            "reason": "Throttled",
            "failure": {"code": "ThrottlingException", "message": "slow down"},
        }},
    }});
    serde_json::from_str(&record.to_string()).unwrap()
}

/// An empty ledger, and the folder of the state.
fn ledger() -> (FileLedger, TempDir) {
    let state = tempfile::tempdir().unwrap();
    (FileLedger::in_folder(state.path(), ACCOUNT, "us-east-1"), state)
}

fn folder(state: &TempDir) -> PathBuf {
    state.path().join("model-copier").join(ACCOUNT).join("us-east-1")
}

#[tokio::test]
async fn a_record_is_created_once_and_only_its_latest_revision_is_replaced() {
    let (ledger, _state) = ledger();
    let first = waiting("r", at(0));
    let key = first.header().key.clone();
    assert_eq!(ledger.load(&key).await, Ok(None));
    assert_eq!(ledger.save(first.clone()).await, Ok(None), "a record that is gone is not written again");
    assert_eq!(ledger.create(&first).await, Ok(Created::New(first.clone())));
    assert_eq!(ledger.create(&first).await, Ok(Created::New(first.clone())), "the same write, sent twice");
    assert_eq!(ledger.create(&waiting("r", at(9))).await, Ok(Created::Exists(first.clone())));
    let saved = ledger.save(first.clone()).await.unwrap().unwrap();
    assert_eq!(saved.header().revision, 1);
    assert_eq!(ledger.save(waiting("r", at(9))).await, Ok(None), "overtaken");
    assert_eq!(ledger.load(&key).await, Ok(Some(saved)));
}

#[tokio::test]
async fn only_the_request_of_the_copy_is_due() {
    let (ledger, _state) = ledger();
    for id in ["first", "now"] {
        ledger.create(&waiting(id, at(0))).await.unwrap();
    }
    let ledger = ledger.only(waiting("now", at(0)).header().key.clone());
    for (step, until, expected) in
        [(Step::Start, at(0), &["now"] as &[&str]), (Step::Start, at(-1), &[]), (Step::Poll, at(99), &[])]
    {
        let page = ledger.due(step, until, None).await.unwrap();
        let ids: Vec<_> = page.items.iter().map(|entry| entry.key.request_id.as_str()).collect();
        assert_eq!(ids, expected, "{step:?} until {until}");
    }
}

#[tokio::test]
async fn every_id_has_a_file_of_its_own() {
    let (ledger, _state) = ledger();
    let long = "x".repeat(128);
    let ids = ["r", "R", "../r", "a/b", ".", "r.json", "lock", "writing", "con:", " ", &long];
    for id in ids {
        assert!(matches!(ledger.create(&waiting(id, at(0))).await, Ok(Created::New(_))), "{id}");
    }
    assert_eq!(ledger.records(|_| true).unwrap().1, ids.len());
    for id in ids {
        let record = ledger.load(&waiting(id, at(0)).header().key).await.unwrap().unwrap();
        assert_eq!(record.header().key.request_id, id);
    }
}

#[tokio::test]
async fn an_unreadable_file_is_an_error_and_hides_no_other() {
    let (ledger, state) = ledger();
    ledger.create(&waiting("good", at(0))).await.unwrap();
    std::fs::write(folder(&state).join("bad.json"), "{").unwrap();
    let error = ledger.create(&waiting("bad", at(0))).await.unwrap_err().to_string();
    assert!(error.contains("bad.json` is not a record"), "{error}");
    let (found, count) = ledger.records(|_| true).unwrap();
    assert_eq!((found.records.len(), found.unreadable.len(), count), (1, 1, 2));
}

#[tokio::test]
async fn a_request_belongs_to_one_process_until_that_ends() {
    let (ledger, _state) = ledger();
    let key = waiting("r", at(0)).header().key.clone();
    let held = ledger.try_hold(&key).unwrap();
    assert!(held.is_some());
    assert!(ledger.try_hold(&key).unwrap().is_none());
    drop(held);
    assert!(ledger.try_hold(&key).unwrap().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_a_record() {
    use std::os::unix::fs::PermissionsExt;
    let (ledger, state) = ledger();
    ledger.create(&waiting("r", at(0))).await.unwrap();
    let folder = folder(&state);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("r.json"))), (0o700, 0o600));
}
