//! What a look at a copy may show, sent by the sandbox to the real check-copies: every status, versions that
//! are gone, projects that can't be read, and the deadlines.

use std::collections::BTreeSet;

use crate::support::{Copier, DESCRIBE, DESTINATION, minutes, request, seconds};
use aws_sdk_rekognition::types::ProjectVersionStatus;
use jiff::SignedDuration;
use sandbox::{Effect, Fault, Status, World};
use serde_json::{Value, json};

/// What a status leads to.
enum To {
    /// COMPLETED at once.
    Copied,
    /// FAILED at once, with this code.
    Failed(&'static str),
    /// Nothing: the next look will tell.
    Nothing,
}

/// Every status of the service model, and one that isn't in it.
const STATUSES: [(&str, To); 15] = [
    ("TRAINING_IN_PROGRESS", To::Failed("VersionNameTaken")),
    ("TRAINING_COMPLETED", To::Failed("VersionNameTaken")),
    ("TRAINING_FAILED", To::Failed("VersionNameTaken")),
    ("STARTING", To::Copied),
    ("RUNNING", To::Copied),
    ("FAILED", To::Copied),
    ("STOPPING", To::Copied),
    ("STOPPED", To::Copied),
    ("DELETING", To::Failed("VersionDeleted")),
    ("COPYING_IN_PROGRESS", To::Nothing),
    ("COPYING_COMPLETED", To::Copied),
    ("COPYING_FAILED", To::Failed("CopyingFailed")),
    ("DEPRECATED", To::Copied),
    ("EXPIRED", To::Copied),
    ("HIBERNATING", To::Nothing),
];

/// A copier with a copy of each of these names on its way.
async fn copying(names: &[&str]) -> Copier {
    let copier = Copier::deployed().await;
    let requests: Vec<Value> = names.iter().map(|name| request(name)).collect();
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    for name in names {
        assert_eq!(copier.words(name), ["STARTED"], "{name}");
    }
    copier
}

impl Copier {
    /// Gives the copy of this name a status, for good.
    fn show(&self, name: &str, status: &str, message: Option<&str>) {
        let arn = self.version(name).unwrap().project_version_arn.to_string();
        assert!(self.sandbox().set_status(&arn, status, message));
    }

    /// Changes the versions of the destination project past all rules.
    fn change(&self, change: impl FnOnce(&mut Vec<sandbox::Version>)) {
        let destination = DESTINATION.parse().unwrap();
        self.sandbox().change(|World { projects, .. }| {
            let mut projects = projects.iter_mut();
            change(&mut projects.find(|project| project.project_arn == destination).unwrap().versions);
        });
    }
}

#[test]
fn the_table_has_every_status_that_the_sdk_and_the_sandbox_know() {
    let table: BTreeSet<&str> = STATUSES.iter().map(|(word, _)| *word).collect();
    let sdk = ProjectVersionStatus::values().iter().copied();
    let known: BTreeSet<&str> = sdk.chain(Status::ALL.iter().map(Status::as_str)).collect();
    assert_eq!(table, known.into_iter().chain(["HIBERNATING"]).collect());
}

#[tokio::test]
async fn every_status_leads_where_it_has_to() {
    let words = STATUSES.map(|(word, _)| word);
    let copier = copying(&words).await;
    for word in words {
        copier.show(word, word, Some(&format!("{word}, said Rekognition")));
    }
    let report = copier.sweep().await;
    for (word, to) in &STATUSES {
        match to {
            To::Copied => assert_eq!(copier.words(word), ["STARTED", "COMPLETED"], "{word}"),
            To::Failed(_) => assert_eq!(copier.words(word), ["STARTED", "FAILED"], "{word}"),
            To::Nothing => assert_eq!(copier.words(word), ["STARTED"], "{word}"),
        }
    }
    assert_eq!((&report["completed"], &report["failed"]), (&json!(8), &json!(5)));
    assert_eq!((&report["copying"], &report["unknownStatuses"]), (&json!(1), &json!(1)));
    let loud = copier.logged("ERROR");
    assert!(loud.iter().any(|line| line.to_string().contains("HIBERNATING")), "{loud:?}");
    for (word, to) in &STATUSES {
        let end = match to {
            To::Copied => "COMPLETED",
            To::Failed(_) => "FAILED",
            To::Nothing => "STARTED",
        };
        let last = copier.last(word);
        assert_eq!(last["status"], end, "{word}");
        assert_eq!(copier.words(word).len(), if end == "STARTED" { 1 } else { 2 }, "{word}");
        if end != "STARTED" {
            assert_eq!(last["modelStatus"], *word);
        }
        if let To::Failed(code) = to {
            assert_eq!(last["failure"]["code"], *code, "{word}");
        }
    }
    let told = copier.last("COPYING_FAILED")["failure"]["message"].clone();
    assert_eq!(told, "COPYING_FAILED, said Rekognition", "the StatusMessage is the reason");
}

#[tokio::test]
async fn a_model_that_runs_by_the_time_we_look_is_completed() {
    let copier = copying(&["v1"]).await;
    copier.pass(seconds(30)).await;
    let arn = copier.version("v1").unwrap().project_version_arn.to_string();
    crate::support::rekognition::start(&copier.sandbox().endpoint(), &arn).await;
    copier.pass(seconds(10)).await;
    assert_eq!(copier.version("v1").unwrap().status.as_str(), "RUNNING");
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
    assert_eq!(copier.last("v1")["modelStatus"], "RUNNING");
}

#[tokio::test]
async fn a_failure_of_the_copy_itself_is_told_in_rekognitions_words() {
    let copier = Copier::deployed().await;
    let end = Effect::EndCopy {
        status: Status::CopyingFailed,
        status_message: Some("no access to the bucket".to_owned()),
        after: None,
    };
    copier.sandbox().fault(Fault::new(crate::support::COPY, end));
    copier.send(&[&request("v1")]).await;
    copier.pass(seconds(30)).await;
    copier.sweep().await;
    let failed = copier.last("v1");
    let failure = &failed["failure"];
    assert_eq!(
        (&failure["code"], &failure["message"]),
        (&json!("CopyingFailed"), &json!("no access to the bucket"))
    );
    assert!(failure["remedy"].as_str().unwrap().contains("delete the failed version"), "{failure}");
    assert!(failed["durationSeconds"].as_i64().unwrap() >= 30);
}

#[tokio::test]
async fn a_version_that_stays_away_for_ten_minutes_was_deleted() {
    let copier = copying(&["v1"]).await;
    copier.change(Vec::clear);
    for _ in 0..2 {
        copier.sweep().await;
    }
    copier.pass(minutes(9)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED"], "one absence, however often it is looked at, is no deletion");
    copier.pass(minutes(1)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "FAILED"]);
    assert_eq!(copier.last("v1")["failure"]["code"], "VersionDeleted");
}

#[tokio::test]
async fn a_version_that_comes_back_was_not_deleted() {
    let copier = copying(&["v1"]).await;
    let mut away = Vec::new();
    copier.change(|versions| away.append(versions));
    copier.sweep().await;
    copier.change(|versions| versions.append(&mut away));
    copier.pass(minutes(11)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
}

#[tokio::test]
async fn a_new_version_under_the_name_is_not_the_copy() {
    let copier = copying(&["v1"]).await;
    let ours = copier.last("v1")["projectVersionArn"].clone();
    copier.change(|versions| {
        versions[0].project_version_arn.number += 1;
        versions[0].status = Status::CopyingCompleted;
        versions[0].next = None;
    });
    copier.sweep().await;
    copier.pass(minutes(10)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "FAILED"]);
    let failed = copier.last("v1");
    assert_eq!((&failed["failure"]["code"], &failed["projectVersionArn"]), (&json!("VersionDeleted"), &ours));
}

#[tokio::test]
async fn a_copy_that_takes_long_is_overdue_once_and_completes_all_the_same() {
    let copier = copying(&["v1"]).await;
    copier.show("v1", "COPYING_IN_PROGRESS", None);
    copier.pass(minutes(119)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    for _ in 0..3 {
        copier.pass(minutes(1)).await;
        copier.sweep().await;
    }
    assert_eq!(copier.words("v1"), ["STARTED", "OVERDUE"]);
    let overdue = copier.last("v1");
    assert_eq!(overdue["modelStatus"], "COPYING_IN_PROGRESS");
    assert_eq!((overdue.get("endedAt"), overdue.get("failure")), (None, None));
    copier.show("v1", "COPYING_COMPLETED", None);
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "OVERDUE", "COMPLETED"]);
}

#[tokio::test]
async fn a_copy_that_does_not_end_times_out_whatever_its_status_says() {
    let words = ["COPYING_IN_PROGRESS", "HIBERNATING"];
    let copier = copying(&words).await;
    for word in words {
        copier.show(word, word, None);
    }
    copier.pass(SignedDuration::from_hours(2)).await;
    copier.sweep().await;
    copier.pass(SignedDuration::from_hours(22)).await;
    copier.sweep().await;
    for word in words {
        assert_eq!(copier.words(word), ["STARTED", "OVERDUE", "TIMED_OUT"], "{word}");
        let last = copier.last(word);
        assert_eq!((&last["failure"]["code"], &last["modelStatus"]), (&json!("CopyTimedOut"), &json!(word)));
        assert!(last["failure"]["message"].as_str().unwrap().contains(word), "{last}");
    }
    let looks = copier.calls(DESCRIBE);
    copier.sweep().await;
    assert_eq!(copier.calls(DESCRIBE), looks, "nobody watches it any longer");
}

#[tokio::test]
async fn a_project_that_cannot_be_read_says_nothing_about_its_copies() {
    let errors = ["AccessDeniedException", "ThrottlingException", "InternalServerError", "NobodyKnows"];
    futures_util::future::join_all(errors.map(|error| async move {
        let copier = copying(&["v1"]).await;
        copier.sandbox().fault(Fault::new(DESCRIBE, Effect::error(error)));
        copier.pass(SignedDuration::from_hours(25)).await;
        copier.sweep().await;
        let report = copier.sweep().await;
        assert_eq!((&report["unreadable"], &report["describeErrors"]), (&json!(1), &json!(1)), "{error}");
        assert_eq!(copier.words("v1"), ["STARTED"], "{error}");
        copier.sandbox().clear_faults();
        copier.sweep().await;
        assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"], "{error}");
    }))
    .await;
}

#[tokio::test]
async fn a_project_that_is_gone_has_taken_its_copies_with_it() {
    let copier = copying(&["v1"]).await;
    copier.sandbox().change(|world| {
        let destination = DESTINATION.parse().unwrap();
        world.projects.retain(|project| project.project_arn != destination);
    });
    copier.sweep().await;
    copier.pass(minutes(10)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "FAILED"]);
    assert_eq!(copier.last("v1")["failure"]["code"], "VersionDeleted");
}

#[tokio::test]
async fn two_sweeps_at_once_do_no_harm() {
    let names: Vec<String> = (0..10).map(|i| format!("v{i}")).collect();
    let copier = copying(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    copier.pass(seconds(30)).await;
    let (one, other) = futures_util::future::join(copier.sweep(), copier.sweep()).await;
    let completed = one["completed"].as_u64().unwrap() + other["completed"].as_u64().unwrap();
    // What both write in the same millisecond is the same bytes: each finds its own write, and counts it.
    assert!(completed >= 10, "{completed}");
    for name in &names {
        let told = copier.told(name);
        assert!(told.len() >= 2 && told[1..].iter().all(|detail| *detail == told[1]), "{told:?}");
        assert_eq!(told[1]["status"], "COMPLETED");
    }
}

#[tokio::test]
async fn a_project_is_read_in_as_few_calls_as_can_be() {
    for (pending, calls) in [(1, 1), (10, 1), (11, 1), (25, 1)] {
        let names: Vec<String> = (0..pending).map(|i| format!("v{i}")).collect();
        let copier = copying(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let report = copier.sweep().await;
        assert_eq!((&report["describeCalls"], &report["copying"]), (&json!(calls), &json!(pending)));
        assert_eq!(copier.calls(DESCRIBE), calls);
    }
}
