//! What the copier relies on from its ledger, held against the ledger of files.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use model_copier::file_ledger::FileLedger;
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::ports::{Created, Ledger};
use serde_json::json;

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

fn ledger(state: &Path) -> FileLedger {
    FileLedger::in_folder(state, ACCOUNT, "us-east-1")
}

async fn due(ledger: &FileLedger, step: Step, until: Timestamp) -> Vec<String> {
    let page = ledger.due(step, until, None).await.unwrap();
    page.items.into_iter().map(|entry| entry.key.request_id).collect()
}

#[tokio::test]
async fn a_record_is_created_once_and_only_its_latest_revision_is_replaced() {
    let state = tempfile::tempdir().unwrap();
    let ledger = ledger(state.path());
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
async fn what_is_due_comes_longest_due_first_or_of_one_request_alone() {
    let state = tempfile::tempdir().unwrap();
    let ledger = ledger(state.path());
    for (id, since) in [("later", 2), ("first", -10), ("now", 0)] {
        ledger.create(&waiting(id, at(since))).await.unwrap();
    }
    assert_eq!(due(&ledger, Step::Start, at(0)).await, ["first", "now"]);
    assert!(due(&ledger, Step::Poll, at(99)).await.is_empty());
    let only = ledger.only(waiting("now", at(0)).header().key.clone());
    assert_eq!(due(&only, Step::Start, at(99)).await, ["now"]);
}

#[tokio::test]
async fn every_id_has_a_file_of_its_own() {
    let state = tempfile::tempdir().unwrap();
    let ledger = ledger(state.path());
    let long = "x".repeat(128);
    let ids = ["r", "R", "../r", "a/b", ".", "r.json", "lock", "writing", "con:", " ", &long];
    for id in ids {
        assert!(matches!(ledger.create(&waiting(id, at(0))).await, Ok(Created::New(_))), "{id}");
    }
    assert_eq!(ledger.records().unwrap().records.len(), ids.len());
    for id in ids {
        let record = ledger.load(&waiting(id, at(0)).header().key).await.unwrap().unwrap();
        assert_eq!(record.header().key.request_id, id);
    }
}

#[tokio::test]
async fn an_unreadable_file_is_an_error_and_hides_no_other() {
    let state = tempfile::tempdir().unwrap();
    let ledger = ledger(state.path());
    ledger.create(&waiting("good", at(0))).await.unwrap();
    let folder = state.path().join("model-copier").join(ACCOUNT).join("us-east-1");
    std::fs::write(folder.join("bad.json"), "{").unwrap();
    let error = ledger.create(&waiting("bad", at(0))).await.unwrap_err().to_string();
    assert!(error.contains("bad.json` is not a record"), "{error}");
    let found = ledger.records().unwrap();
    assert_eq!((found.records.len(), found.unreadable.len()), (1, 1));
    assert_eq!(ledger.due(Step::Start, at(0), None).await.unwrap().unreadable, 1);
}

#[tokio::test]
async fn a_request_belongs_to_one_process_until_that_ends() {
    let state = tempfile::tempdir().unwrap();
    let key = waiting("r", at(0)).header().key.clone();
    let held = ledger(state.path()).try_hold(&key).unwrap();
    assert!(held.is_some());
    assert!(ledger(state.path()).try_hold(&key).unwrap().is_none());
    drop(held);
    assert!(ledger(state.path()).try_hold(&key).unwrap().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_a_record() {
    use std::os::unix::fs::PermissionsExt;
    let state = tempfile::tempdir().unwrap();
    ledger(state.path()).create(&waiting("r", at(0))).await.unwrap();
    let folder = state.path().join("model-copier").join(ACCOUNT).join("us-east-1");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("r.json"))), (0o700, 0o600));
}
