//! Every status that a poll can find.

use jiff::Timestamp;

use crate::domain::decisions::name_holder::recover;
use crate::domain::decisions::polling::{PollResult, poll};
use crate::domain::decisions::starting::StartDecision;
use crate::domain::examples::{accepted, after_answer, at, starting, status, statuses, unanswered, version};
use crate::domain::model::ModelStatus;
use crate::domain::record::Accepted;
use crate::domain::times::Times;

const MIN: i64 = 60;
const HOUR: i64 = 60 * MIN;

/// A copy that was accepted one second after the request.
fn copying() -> Accepted {
    after_answer(starting(), accepted(), at(1))
}

fn poll_status(record: Accepted, word: ModelStatus, now: Timestamp) -> Option<Accepted> {
    poll(record, &PollResult::Version(version(word)), now, &Times::default())
}

/// Every status of the service model and one more.
#[test]
fn every_status_leads_where_the_table_says() {
    let table: &[(&str, &str)] = &[
        ("TRAINING_IN_PROGRESS", "FAILED VersionNameTaken"),
        ("TRAINING_COMPLETED", "FAILED VersionNameTaken"),
        ("TRAINING_FAILED", "FAILED VersionNameTaken"),
        ("STARTING", "COMPLETED"),
        ("RUNNING", "COMPLETED"),
        ("FAILED", "COMPLETED"),
        ("STOPPING", "COMPLETED"),
        ("STOPPED", "COMPLETED"),
        ("DELETING", "FAILED VersionDeleted"),
        ("COPYING_IN_PROGRESS", "nothing"),
        ("COPYING_COMPLETED", "COMPLETED"),
        ("COPYING_FAILED", "FAILED CopyingFailed"),
        ("DEPRECATED", "COMPLETED"),
        ("EXPIRED", "COMPLETED"),
        ("HIBERNATING", "nothing"),
    ];
    let known: Vec<&str> = ModelStatus::ALL.iter().map(ModelStatus::as_str).collect();
    assert_eq!(known.len() + 1, table.len(), "every status is a row");
    for (word, expected) in table {
        let next = poll_status(copying(), ModelStatus::from((*word).to_owned()), at(MIN));
        let told = match &next {
            None => "nothing".to_owned(),
            Some(next) => {
                let code = next.failure().map(|failure| format!(" {}", failure.code));
                format!("{}{}", status(next), code.unwrap_or_default())
            }
        };
        assert_eq!(told, *expected, "{word}");
    }
}

#[test]
fn a_completed_copy_says_how_long_it_took() {
    let record = poll_status(copying(), ModelStatus::Running, at(91)).unwrap();
    let detail = record.header.outbox.last().unwrap().detail.get();
    for part in [r#""durationSeconds":90"#, r#""modelStatus":"RUNNING""#, r#""status":"COMPLETED""#] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
}

#[test]
fn a_failed_copy_says_what_rekognition_said() {
    let record = poll_status(copying(), ModelStatus::CopyingFailed, at(MIN)).unwrap();
    assert_eq!(record.failure().unwrap().message, "a word of Rekognition");
}

#[test]
fn a_version_counts_as_deleted_when_it_is_missing_twice_ten_minutes_apart() {
    let times = Times::default();
    let missing = |record, now| poll(record, &PollResult::Missing, now, &times);
    let once = missing(copying(), at(MIN)).unwrap();
    assert_eq!(status(&once), "STARTED");
    assert_eq!(missing(once.clone(), at(10 * MIN)), None, "too soon after the first");
    let twice = missing(once.clone(), at(11 * MIN)).unwrap();
    assert_eq!((status(&twice), twice.failure().unwrap().code.as_str()), ("FAILED", "VersionDeleted"));
    let back = poll_status(once, ModelStatus::CopyingInProgress, at(5 * MIN)).unwrap();
    let missing_again = missing(back, at(20 * MIN)).unwrap();
    assert_eq!(status(&missing_again), "STARTED", "found in between, it counts from the start");
}

#[test]
fn a_failed_copy_says_what_to_do_about_its_name() {
    let record = poll_status(copying(), ModelStatus::CopyingFailed, at(MIN)).unwrap();
    assert!(record.failure().unwrap().remedy.as_ref().unwrap().contains("delete"));
}

#[test]
fn a_long_copy_is_overdue_once_and_given_up_at_its_deadline() {
    let overdue = poll_status(copying(), ModelStatus::CopyingInProgress, at(2 * HOUR + 1)).unwrap();
    assert_eq!((status(&overdue), statuses(&overdue)), ("OVERDUE", vec!["STARTED", "OVERDUE"]));
    assert_eq!(poll_status(overdue.clone(), ModelStatus::CopyingInProgress, at(3 * HOUR)), None);
    let given_up = poll_status(overdue, ModelStatus::CopyingInProgress, at(24 * HOUR + 1)).unwrap();
    assert_eq!((status(&given_up), given_up.failure().unwrap().code.as_str()), ("TIMED_OUT", "CopyTimedOut"));
}

#[test]
fn deadlines_run_under_a_status_nobody_knows() {
    let unknown = || ModelStatus::Unknown("HIBERNATING".into());
    assert_eq!(status(&poll_status(copying(), unknown(), at(2 * HOUR + 1)).unwrap()), "OVERDUE");
    let given_up = poll_status(copying(), unknown(), at(24 * HOUR + 1)).unwrap();
    let message = &given_up.failure().unwrap().message;
    assert_eq!(status(&given_up), "TIMED_OUT");
    assert!(message.ends_with("within 86400 s: the version still has status `HIBERNATING`"), "{message}");
}

#[test]
fn a_copy_that_is_there_is_completed_even_past_its_deadline() {
    assert_eq!(status(&poll_status(copying(), ModelStatus::Stopped, at(30 * HOUR)).unwrap()), "COMPLETED");
}

#[test]
fn an_unreadable_project_times_out_after_48_hours() {
    let times = Times::default();
    let unreadable = |now| poll(copying(), &PollResult::Unreadable, now, &times);
    assert_eq!(unreadable(at(47 * HOUR)), None);
    assert_eq!(status(&unreadable(at(48 * HOUR + 1)).unwrap()), "TIMED_OUT");
}

#[test]
fn nothing_fails_while_a_call_could_still_land() {
    let times = Times::default();
    let lost = after_answer(starting(), unanswered(), at(1));
    let seen = version(ModelStatus::CopyingInProgress);
    let StartDecision::Save(adopted) = recover(lost, Some(&seen), "o", at(MIN), &times) else { panic!() };
    for word in [ModelStatus::CopyingFailed, ModelStatus::Deleting, ModelStatus::TrainingFailed] {
        assert_eq!(poll_status(adopted.clone(), word.clone(), at(19 * MIN)), None, "{word:?}");
        let failed = poll_status(adopted.clone(), word.clone(), at(20 * MIN)).unwrap();
        assert_eq!(status(&failed), "FAILED", "{word:?}");
    }
    let absent = poll(adopted.clone(), &PollResult::Missing, at(2 * MIN), &times).unwrap();
    assert_eq!(poll(absent.clone(), &PollResult::Missing, at(19 * MIN), &times), None);
    assert_eq!(status(&poll(absent, &PollResult::Missing, at(20 * MIN), &times).unwrap()), "FAILED");
    assert_eq!(status(&poll_status(adopted, ModelStatus::Running, at(2 * MIN)).unwrap()), "COMPLETED");
}

#[test]
fn only_a_running_copy_is_polled() {
    let ended = poll_status(copying(), ModelStatus::Running, at(MIN)).unwrap();
    for record in [starting(), ended] {
        for found in [
            PollResult::Missing,
            PollResult::Unreadable,
            PollResult::Version(version(ModelStatus::CopyingFailed)),
        ] {
            assert_eq!(poll(record.clone(), &found, at(1000 * HOUR), &Times::default()), None);
        }
    }
}
