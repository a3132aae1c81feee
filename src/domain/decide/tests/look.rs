//! Every status that a look can show.

use jiff::Timestamp;

use crate::domain::decide::look::{Seen, looked};
use crate::domain::decide::name::take_over;
use crate::domain::decide::start::Start;
use crate::domain::examples::{accepted, after_answer, at, starting, unanswered, version, words};
use crate::domain::model::ModelStatus;
use crate::domain::record::{Record, State};
use crate::domain::times::Times;

const MIN: i64 = 60;
const HOUR: i64 = 60 * MIN;

/// A copy that was accepted a second after ten.
fn copying() -> Record {
    after_answer(starting(), accepted(), at(1))
}

fn look(record: Record, status: ModelStatus, now: Timestamp) -> Option<Record> {
    looked(record, &Seen::Version(version(status)), now, &Times::default())
}

/// Every status of the service model and one more: what the first look leads to, and the second.
#[test]
fn every_status_leads_where_the_table_says() {
    let table: &[(&str, &str, &str)] = &[
        ("TRAINING_IN_PROGRESS", "FAILED VersionNameTaken", ""),
        ("TRAINING_COMPLETED", "FAILED VersionNameTaken", ""),
        ("TRAINING_FAILED", "FAILED VersionNameTaken", ""),
        ("STARTING", "COMPLETED", ""),
        ("RUNNING", "COMPLETED", ""),
        ("FAILED", "doubted", "COMPLETED"),
        ("STOPPING", "COMPLETED", ""),
        ("STOPPED", "COMPLETED", ""),
        ("DELETING", "FAILED VersionDeleted", ""),
        ("COPYING_IN_PROGRESS", "nothing", "nothing"),
        ("COPYING_COMPLETED", "COMPLETED", ""),
        ("COPYING_FAILED", "FAILED CopyingFailed", ""),
        ("DEPRECATED", "doubted", "COMPLETED"),
        ("EXPIRED", "doubted", "COMPLETED"),
        ("HIBERNATING", "nothing", "nothing"),
    ];
    let known: Vec<&str> = ModelStatus::ALL.iter().map(ModelStatus::as_str).collect();
    assert_eq!(known.len() + 1, table.len(), "every status is a row");
    for (status, first, second) in table {
        let read = || ModelStatus::from((*status).to_owned());
        let after_first = look(copying(), read(), at(MIN));
        assert_eq!(told(after_first.as_ref()), *first, "{status}");
        if !second.is_empty() {
            let after_second = look(after_first.unwrap_or_else(copying), read(), at(2 * MIN));
            assert_eq!(told(after_second.as_ref()), *second, "{status} again");
        }
    }
}

fn told(record: Option<&Record>) -> String {
    let Some(record) = record else { return "nothing".into() };
    match (&record.state, record.failure()) {
        (State::Copying(copying), _) if copying.doubt.is_some() => "doubted".into(),
        (_, Some(failure)) => format!("{} {}", record.status(), failure.code),
        _ => record.status().into(),
    }
}

#[test]
fn a_completed_copy_says_how_long_it_took() {
    let record = look(copying(), ModelStatus::Running, at(91)).unwrap();
    let detail = record.outbox.last().unwrap().detail.get();
    for part in [r#""durationSeconds":90"#, r#""modelStatus":"RUNNING""#, r#""status":"COMPLETED""#] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
}

#[test]
fn a_failed_copy_says_what_rekognition_said() {
    let record = look(copying(), ModelStatus::CopyingFailed, at(MIN)).unwrap();
    assert_eq!(record.failure().unwrap().message, "a word of Rekognition");
}

#[test]
fn one_absence_is_no_deletion() {
    let times = Times::default();
    let absent = |record, now| looked(record, &Seen::Absent, now, &times);
    let once = absent(copying(), at(MIN)).unwrap();
    assert_eq!(once.status(), "STARTED");
    assert_eq!(absent(once.clone(), at(10 * MIN)), None, "too soon after the first");
    let twice = absent(once.clone(), at(11 * MIN)).unwrap();
    assert_eq!((twice.status(), twice.failure().unwrap().code.as_str()), ("FAILED", "VersionDeleted"));
    let back = look(once, ModelStatus::CopyingInProgress, at(5 * MIN)).unwrap();
    let doubted_anew = absent(back, at(20 * MIN)).unwrap();
    assert_eq!(doubted_anew.status(), "STARTED", "seen in between, it counts from the start");
}

#[test]
fn one_reading_about_hosting_is_no_word_about_the_copy() {
    let once = look(copying(), ModelStatus::Failed, at(MIN)).unwrap();
    assert_eq!(
        look(once.clone(), ModelStatus::Failed, at(MIN + 5)),
        None,
        "another checker's look, not a second one"
    );
    let other = look(once.clone(), ModelStatus::Expired, at(2 * MIN)).unwrap();
    assert_eq!(other.status(), "STARTED", "another word counts from the start");
    assert_eq!(look(once, ModelStatus::CopyingFailed, at(2 * MIN)).unwrap().status(), "FAILED");
}

#[test]
fn a_failed_copy_says_what_to_do_about_its_name() {
    let record = look(copying(), ModelStatus::CopyingFailed, at(MIN)).unwrap();
    assert!(record.failure().unwrap().remedy.as_ref().unwrap().contains("delete"));
}

#[test]
fn readings_that_contradict_each_other_for_ever_are_given_up() {
    let expired = Seen::Version(version(ModelStatus::Expired));
    let mut record = copying();
    for (n, seen) in [Seen::Absent, expired, Seen::Absent].iter().enumerate() {
        let now = at((46 + n as i64) * HOUR + 2);
        record = looked(record, seen, now, &Times::default()).unwrap();
    }
    assert_eq!((record.status(), words(&record)), ("TIMED_OUT", vec!["STARTED", "TIMED_OUT"]));
}

#[test]
fn a_long_copy_is_overdue_once_and_given_up_at_its_deadline() {
    let overdue = look(copying(), ModelStatus::CopyingInProgress, at(2 * HOUR + 1)).unwrap();
    assert_eq!((overdue.status(), words(&overdue)), ("OVERDUE", vec!["STARTED", "OVERDUE"]));
    assert_eq!(look(overdue.clone(), ModelStatus::CopyingInProgress, at(3 * HOUR)), None);
    let given_up = look(overdue, ModelStatus::CopyingInProgress, at(24 * HOUR + 1)).unwrap();
    assert_eq!((given_up.status(), given_up.failure().unwrap().code.as_str()), ("TIMED_OUT", "CopyTimedOut"));
}

#[test]
fn deadlines_run_under_a_status_nobody_knows() {
    let unknown = || ModelStatus::Unknown("HIBERNATING".into());
    assert_eq!(look(copying(), unknown(), at(2 * HOUR + 1)).unwrap().status(), "OVERDUE");
    let given_up = look(copying(), unknown(), at(24 * HOUR + 1)).unwrap();
    let message = &given_up.failure().unwrap().message;
    assert_eq!(given_up.status(), "TIMED_OUT");
    assert!(message.ends_with("within 86400 s: the version still reads `HIBERNATING`"), "{message}");
}

#[test]
fn a_copy_that_is_there_is_completed_even_past_its_deadline() {
    assert_eq!(look(copying(), ModelStatus::Stopped, at(30 * HOUR)).unwrap().status(), "COMPLETED");
}

#[test]
fn a_project_that_cannot_be_read_says_nothing_until_very_late() {
    let times = Times::default();
    let blind = |now| looked(copying(), &Seen::Nothing, now, &times);
    assert_eq!(blind(at(47 * HOUR)), None);
    assert_eq!(blind(at(48 * HOUR + 1)).unwrap().status(), "TIMED_OUT");
}

#[test]
fn nothing_fails_while_a_call_could_still_land() {
    let times = Times::default();
    let lost = after_answer(starting(), unanswered(), at(1));
    let seen = version(ModelStatus::CopyingInProgress);
    let Start::Ended(adopted) = take_over(lost, Some(&seen), "o", at(MIN), &times) else { panic!() };
    for status in [ModelStatus::CopyingFailed, ModelStatus::Deleting, ModelStatus::TrainingFailed] {
        assert_eq!(look(adopted.clone(), status.clone(), at(19 * MIN)), None, "{status}");
        assert_eq!(
            look(adopted.clone(), status.clone(), at(20 * MIN)).unwrap().status(),
            "FAILED",
            "{status}"
        );
    }
    let absent = looked(adopted.clone(), &Seen::Absent, at(2 * MIN), &times).unwrap();
    assert_eq!(looked(absent.clone(), &Seen::Absent, at(19 * MIN), &times), None);
    assert_eq!(looked(absent, &Seen::Absent, at(20 * MIN), &times).unwrap().status(), "FAILED");
    assert_eq!(look(adopted, ModelStatus::Running, at(2 * MIN)).unwrap().status(), "COMPLETED");
}

#[test]
fn only_a_copy_is_looked_at() {
    let ended = look(copying(), ModelStatus::Running, at(MIN)).unwrap();
    for record in [starting(), ended] {
        for seen in [Seen::Absent, Seen::Nothing, Seen::Version(version(ModelStatus::CopyingFailed))] {
            assert_eq!(looked(record.clone(), &seen, at(1000 * HOUR), &Times::default()), None);
        }
    }
}
