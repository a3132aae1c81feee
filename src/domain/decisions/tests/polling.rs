//! Every status that a poll can find.

use strum::IntoEnumIterator;

use crate::domain::decisions::name_holder::recover;
use crate::domain::decisions::polling::{PollResult, poll};
use crate::domain::examples::{
    accepted, after_answer, at, saved, starting, status, statuses, unanswered, version,
};
use crate::domain::model::ModelStatus;
use crate::domain::record::Accepted;
use crate::domain::times::Times;

const MIN: i64 = 60;
const HOUR: i64 = 60 * MIN;

/// A copy that was accepted one second after the request.
fn copying() -> Accepted {
    after_answer(starting(), accepted(), at(1))
}

fn poll_at(seconds: i64, record: &Accepted, found: &PollResult) -> Option<Accepted> {
    poll(record.clone(), found, at(seconds), &Times::default())
}

fn found(word: &str) -> PollResult {
    PollResult::Version(version(ModelStatus::read(word)))
}

/// Every status of the service model and one more, some also at or after the deadlines of the copy.
#[test]
fn every_status_leads_where_the_table_says() {
    let table = [
        ("TRAINING_IN_PROGRESS", MIN, "FAILED VersionNameTaken"),
        ("TRAINING_COMPLETED", MIN, "FAILED VersionNameTaken"),
        ("TRAINING_FAILED", MIN, "FAILED VersionNameTaken"),
        ("STARTING", MIN, "COMPLETED"),
        ("RUNNING", MIN, "COMPLETED"),
        ("FAILED", MIN, "COMPLETED"),
        ("STOPPING", MIN, "COMPLETED"),
        ("STOPPED", MIN, "COMPLETED"),
        ("STOPPED", 30 * HOUR, "COMPLETED"),
        ("DELETING", MIN, "FAILED VersionDeleted"),
        ("COPYING_IN_PROGRESS", MIN, "nothing"),
        ("COPYING_COMPLETED", MIN, "COMPLETED"),
        ("COPYING_FAILED", MIN, "FAILED CopyingFailed"),
        ("DEPRECATED", MIN, "COMPLETED"),
        ("EXPIRED", MIN, "COMPLETED"),
        ("HIBERNATING", MIN, "nothing"),
        ("HIBERNATING", 2 * HOUR + 1, "OVERDUE"),
        ("HIBERNATING", 24 * HOUR + 1, "TIMED_OUT CopyTimedOut"),
    ];
    for known in ModelStatus::iter().filter(|status| *status != ModelStatus::Unknown(String::new())) {
        assert!(table.iter().any(|(word, ..)| *word == known.as_str()), "{known:?} is no row");
    }
    for (word, seconds, expected) in table {
        let next = poll_at(seconds, &copying(), &found(word));
        let told = next.map_or("nothing".to_owned(), |next| match next.failure() {
            Some(failure) => format!("{} {}", status(&next), failure.code),
            None => status(&next).to_owned(),
        });
        assert_eq!(told, expected, "{word} after {seconds} s");
    }
}

#[test]
fn a_failed_copy_says_what_rekognition_said_and_what_to_do_about_its_name() {
    let record = poll_at(MIN, &copying(), &found("COPYING_FAILED")).unwrap();
    let failure = record.failure().unwrap();
    assert_eq!(failure.message, "a word of Rekognition");
    assert!(failure.remedy.as_ref().unwrap().contains("delete"));
}

#[test]
fn a_version_counts_as_deleted_when_it_is_missing_twice_ten_minutes_apart() {
    let missing = |record: &Accepted, seconds| poll_at(seconds, record, &PollResult::Missing);
    let once = missing(&copying(), MIN).unwrap();
    assert_eq!(status(&once), "STARTED");
    assert_eq!(missing(&once, 10 * MIN), None, "too soon after the first");
    let twice = missing(&once, 11 * MIN).unwrap();
    assert_eq!((status(&twice), twice.failure().unwrap().code.as_str()), ("FAILED", "VersionDeleted"));
    let back = poll_at(5 * MIN, &once, &found("COPYING_IN_PROGRESS")).unwrap();
    let missing_again = missing(&back, 20 * MIN).unwrap();
    assert_eq!(status(&missing_again), "STARTED", "found in between, it counts from the start");
}

#[test]
fn a_long_copy_is_overdue_once_and_given_up_at_its_deadline() {
    let copying_still = found("COPYING_IN_PROGRESS");
    let overdue = poll_at(2 * HOUR + 1, &copying(), &copying_still).unwrap();
    assert_eq!((status(&overdue), statuses(&overdue)), ("OVERDUE", vec!["STARTED", "OVERDUE"]));
    assert_eq!(poll_at(3 * HOUR, &overdue, &copying_still), None);
    let given_up = poll_at(24 * HOUR + 1, &overdue, &copying_still).unwrap();
    assert_eq!((status(&given_up), given_up.failure().unwrap().code.as_str()), ("TIMED_OUT", "CopyTimedOut"));
}

#[test]
fn an_unreadable_project_times_out_after_48_hours() {
    assert_eq!(poll_at(47 * HOUR, &copying(), &PollResult::Unreadable), None);
    let given_up = poll_at(48 * HOUR + 1, &copying(), &PollResult::Unreadable).unwrap();
    assert_eq!(status(&given_up), "TIMED_OUT");
}

#[test]
fn nothing_fails_while_a_call_could_still_land() {
    let lost = after_answer(starting(), unanswered(), at(1));
    let seen = version(ModelStatus::CopyingInProgress);
    let adopted = saved(recover(lost, Some(&seen), "o", at(MIN), &Times::default()));
    let absent = poll_at(2 * MIN, &adopted, &PollResult::Missing).unwrap();
    for (record, failing) in [
        (&adopted, found("COPYING_FAILED")),
        (&adopted, found("DELETING")),
        (&adopted, found("TRAINING_FAILED")),
        (&absent, PollResult::Missing),
    ] {
        assert_eq!(poll_at(19 * MIN, record, &failing), None, "{failing:?}");
        assert_eq!(status(&poll_at(20 * MIN, record, &failing).unwrap()), "FAILED", "{failing:?}");
    }
    assert_eq!(status(&poll_at(2 * MIN, &adopted, &found("RUNNING")).unwrap()), "COMPLETED");
}

#[test]
fn only_a_running_copy_is_polled() {
    let ended = poll_at(MIN, &copying(), &found("RUNNING")).unwrap();
    for record in [starting(), ended] {
        for found in [PollResult::Missing, PollResult::Unreadable, found("COPYING_FAILED")] {
            assert_eq!(poll_at(1000 * HOUR, &record, &found), None);
        }
    }
}
