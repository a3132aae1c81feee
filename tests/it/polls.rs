//! Tests of polls: the sandbox shows a copy in every status or not at all, and the real check-copies acts.

use std::collections::BTreeSet;

use crate::support::{Copier, DESCRIBE, DESTINATION, PUT_EVENTS, minutes, project, request};
use aws_sdk_rekognition::types::ProjectVersionStatus;
use jiff::SignedDuration;
use sandbox::{Effect, Fault, Status};
use serde_json::{Value, json};

/// What a status does to the request.
enum Outcome {
    Completed,
    Failed { code: &'static str },
    StillCopying,
}
use Outcome::{Completed, Failed, StillCopying};

/// Every status of the service model, and an unknown one.
const STATUSES: [(&str, Outcome); 15] = [
    ("TRAINING_IN_PROGRESS", Failed { code: "VersionNameTaken" }),
    ("TRAINING_COMPLETED", Failed { code: "VersionNameTaken" }),
    ("TRAINING_FAILED", Failed { code: "VersionNameTaken" }),
    ("STARTING", Completed),
    ("RUNNING", Completed),
    ("FAILED", Completed),
    ("STOPPING", Completed),
    ("STOPPED", Completed),
    ("DELETING", Failed { code: "VersionDeleted" }),
    ("COPYING_IN_PROGRESS", StillCopying),
    ("COPYING_COMPLETED", Completed),
    ("COPYING_FAILED", Failed { code: "CopyingFailed" }),
    ("DEPRECATED", Completed),
    ("EXPIRED", Completed),
    ("HIBERNATING", StillCopying),
];

/// Deploys a copier and starts a copy for each version name.
async fn copying(names: &[&str]) -> Copier {
    let copier = Copier::deployed().await;
    let requests: Vec<Value> = names.iter().map(|name| request(name)).collect();
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    for name in names {
        assert_eq!(copier.statuses(name), ["STARTED"], "{name}");
    }
    copier
}

#[test]
fn the_table_has_every_status_of_the_sdk_and_the_sandbox() {
    let table: BTreeSet<&str> = STATUSES.iter().map(|(status, _)| *status).collect();
    let sdk = ProjectVersionStatus::values().iter().copied();
    let known: BTreeSet<&str> = sdk.chain(Status::ALL.iter().map(Status::as_str)).collect();
    assert_eq!(table, known.into_iter().chain(["HIBERNATING"]).collect());
}

#[tokio::test]
async fn every_status_has_the_outcome_of_the_table() {
    let statuses = STATUSES.map(|(status, _)| status);
    let copier = copying(&statuses).await;
    for status in statuses {
        let arn = copier.version(status).unwrap().project_version_arn.to_string();
        assert!(copier.sandbox().set_status(&arn, status, Some(&format!("the reason of {status}"))));
    }
    let report = copier.sweep().await;
    for (status, outcome) in &STATUSES {
        let last = copier.last(status);
        match outcome {
            Completed => assert_eq!(copier.statuses(status), ["STARTED", "COMPLETED"], "{status}"),
            Failed { code } => {
                assert_eq!(copier.statuses(status), ["STARTED", "FAILED"], "{status}");
                assert_eq!(last["failure"]["code"], *code, "{status}");
            }
            StillCopying => {
                assert_eq!(copier.statuses(status), ["STARTED"], "{status}");
                continue;
            }
        }
        assert_eq!(last["modelStatus"], *status);
    }
    assert_eq!((&report["completed"], &report["failed"]), (&json!(8), &json!(5)));
    assert_eq!((&report["copying"], &report["unknownStatuses"]), (&json!(1), &json!(1)));
    let errors = copier.logged("ERROR");
    assert!(errors.iter().any(|line| line.to_string().contains("HIBERNATING")), "{errors:?}");
    let message = copier.last("COPYING_FAILED")["failure"]["message"].clone();
    assert_eq!(message, "the reason of COPYING_FAILED");
}

#[tokio::test]
async fn a_new_version_under_the_name_is_not_the_copy() {
    let copier = copying(&["v1"]).await;
    let copy = copier.last("v1")["projectVersionArn"].clone();
    copier.sandbox().change(|world| {
        let version = &mut project(world, DESTINATION).versions[0];
        version.project_version_arn.number += 1;
        version.status = Status::CopyingCompleted;
        version.next = None;
    });
    copier.sweep().await;
    copier.pass(minutes(10)).await;
    copier.sweep().await;
    assert_eq!(copier.statuses("v1"), ["STARTED", "FAILED"]);
    let failed = copier.last("v1");
    assert_eq!((&failed["failure"]["code"], &failed["projectVersionArn"]), (&json!("VersionDeleted"), &copy));
}

#[tokio::test]
async fn an_unreadable_project_fails_none_of_its_copies() {
    let errors = ["AccessDeniedException", "ThrottlingException", "InternalServerError", "NobodyKnows"];
    futures_util::future::join_all(errors.map(|error| async move {
        let copier = copying(&["v1"]).await;
        copier.sandbox().fault(Fault::new(DESCRIBE, Effect::error(error)));
        copier.pass(SignedDuration::from_hours(25)).await;
        copier.sweep().await;
        let report = copier.sweep().await;
        assert_eq!((&report["unreadable"], &report["describeErrors"]), (&json!(1), &json!(1)), "{error}");
        assert_eq!(copier.statuses("v1"), ["STARTED"], "{error}");
        copier.sandbox().clear_faults();
        copier.sweep().await;
        assert_eq!(copier.statuses("v1"), ["STARTED", "COMPLETED"], "{error}");
    }))
    .await;
}

#[tokio::test]
async fn the_copies_of_a_deleted_project_count_as_deleted() {
    let copier = copying(&["v1"]).await;
    copier.sandbox().change(|world| {
        world.projects.retain(|project| project.project_arn.to_string() != DESTINATION);
    });
    copier.sweep().await;
    copier.pass(minutes(10)).await;
    copier.sweep().await;
    assert_eq!(copier.statuses("v1"), ["STARTED", "FAILED"]);
    assert_eq!(copier.last("v1")["failure"]["code"], "VersionDeleted");
}

#[tokio::test]
async fn one_call_describes_all_copies_of_a_project_and_one_call_publishes_ten_announcements() {
    for (copies, publications) in [(1, 1), (10, 1), (11, 2), (25, 3)] {
        let names: Vec<String> = (0..copies).map(|n| format!("v{n}")).collect();
        let copier = copying(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(copier.calls(PUT_EVENTS), publications);
        copier.pass(minutes(1)).await;
        let report = copier.sweep().await;
        assert_eq!((&report["describeCalls"], &report["completed"]), (&json!(1), &json!(copies)));
        assert_eq!((copier.calls(DESCRIBE), copier.calls(PUT_EVENTS)), (1, 2 * publications));
    }
}
