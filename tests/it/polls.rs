//! Tests of polls with the real check-copies. What each status does to a request is a table in
//! `src/domain/decisions/tests/polling.rs`.

use crate::support::{Copier, DESCRIBE, DESTINATION, PUT_EVENTS, minutes, project, request};
use aws_sdk_rekognition::types::ProjectVersionStatus;
use jiff::SignedDuration;
use sandbox::{Effect, Fault, Status, World};
use serde_json::{Value, json};

/// Deploys a copier and starts a copy for each version name.
async fn copying(names: &[&str]) -> Copier {
    let copier = Copier::deployed().await;
    let requests: Vec<Value> = names.iter().map(|name| request(name)).collect();
    copier.send(&requests).await;
    for name in names {
        assert_eq!(copier.statuses(name), ["STARTED"], "{name}");
    }
    copier
}

/// A status that AWS adds appears in the SDK first.
#[test]
fn the_copier_and_the_sandbox_know_every_status_of_the_sdk() {
    for word in ProjectVersionStatus::values() {
        assert!(!matches!(Status::read(word), Status::Unknown(_)), "{word}");
    }
}

#[tokio::test]
async fn a_sweep_announces_each_end_and_reports_an_unknown_status_as_an_error() {
    let table: [(&str, &[&str]); 4] = [
        ("RUNNING", &["STARTED", "COMPLETED"]),
        ("COPYING_FAILED", &["STARTED", "FAILED"]),
        ("COPYING_IN_PROGRESS", &["STARTED"]),
        ("HIBERNATING", &["STARTED"]),
    ];
    let copier = copying(&table.map(|(status, _)| status)).await;
    for (status, _) in table {
        copier.set_status(status, status);
    }
    let report = copier.sweep().await;
    for (status, statuses) in table {
        assert_eq!(copier.statuses(status), statuses, "{status}");
    }
    for count in ["completed", "failed", "copying", "unknownStatuses"] {
        assert_eq!(report[count], 1, "{count}");
    }
    let (completed, failed) = (copier.last("RUNNING"), copier.last("COPYING_FAILED"));
    assert_eq!(
        (&completed["modelStatus"], &failed["modelStatus"]),
        (&json!("RUNNING"), &json!("COPYING_FAILED"))
    );
    assert_eq!(failed["failure"]["message"], "the reason of COPYING_FAILED");
    let errors = copier.logged("ERROR");
    assert!(errors.iter().any(|line| line["modelStatus"] == "HIBERNATING"), "{errors:?}");
}

#[tokio::test]
async fn a_copy_counts_as_deleted_with_its_project_or_if_another_version_has_its_name() {
    let with_a_new_version = |world: &mut World| {
        let version = &mut project(world, DESTINATION).versions[0];
        version.project_version_arn = format!("{}9", version.project_version_arn).try_into().unwrap();
        version.status = Status::CopyingCompleted;
        version.next = None;
    };
    let without_the_project = |world: &mut World| {
        world.projects.retain(|project| project.project_arn.to_string() != DESTINATION);
    };
    for change in [with_a_new_version, without_the_project] {
        let copier = copying(&["v1"]).await;
        let copy = copier.last("v1")["projectVersionArn"].clone();
        copier.sandbox().change(change);
        copier.sweep().await;
        copier.sweep_after(minutes(10)).await;
        assert_eq!(copier.statuses("v1"), ["STARTED", "FAILED"]);
        let failed = copier.last("v1");
        assert_eq!(
            (&failed["failure"]["code"], &failed["projectVersionArn"]),
            (&json!("VersionDeleted"), &copy)
        );
    }
}

#[tokio::test]
async fn an_unreadable_project_fails_none_of_its_copies() {
    for error in ["AccessDeniedException", "InternalServerError"] {
        let copier = copying(&["v1"]).await;
        copier.sandbox().fault(Fault::new(DESCRIBE, Effect::error(error)));
        copier.sweep_after(SignedDuration::from_hours(25)).await;
        let report = copier.sweep().await;
        assert_eq!((&report["unreadable"], &report["describeErrors"]), (&json!(1), &json!(1)), "{error}");
        assert_eq!(copier.statuses("v1"), ["STARTED"], "{error}");
        copier.sandbox().clear_faults();
        copier.sweep().await;
        assert_eq!(copier.statuses("v1"), ["STARTED", "COMPLETED"], "{error}");
    }
}

#[tokio::test]
async fn one_call_describes_all_copies_of_a_project_and_one_call_publishes_ten_announcements() {
    for (copies, publications) in [(10, 1), (11, 2)] {
        let names: Vec<String> = (0..copies).map(|n| format!("v{n}")).collect();
        let copier = copying(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(copier.calls(PUT_EVENTS), publications);
        let report = copier.sweep_after(minutes(1)).await;
        assert_eq!((&report["describeCalls"], &report["completed"]), (&json!(1), &json!(copies)));
        assert_eq!((copier.calls(DESCRIBE), copier.calls(PUT_EVENTS)), (1, 2 * publications));
    }
}
