//! What a record needs next, and what it says of itself.

use super::*;
use crate::domain::announcement::Announcement;
use crate::domain::decisions::polling::{PollResult, poll};
use crate::domain::examples::{
    accepted, after_answer, at, copy_arn, refused, starting, statuses, unanswered, version,
};

const HOUR: i64 = 3600;

/// With nothing left to publish.
fn published(mut accepted: Accepted) -> Record {
    accepted.header.outbox.clear();
    accepted.into()
}

fn copying() -> Accepted {
    after_answer(starting(), accepted(), at(1))
}

/// The copy after a poll that found this status.
fn polled(status: &str, seconds: i64) -> Accepted {
    let found = PollResult::Version(version(ModelStatus::read(status)));
    poll(copying(), &found, at(seconds), &Times::default()).unwrap()
}

#[test]
fn every_step_is_a_word_of_the_index() {
    let words: Vec<&str> = Step::ALL.iter().map(|step| step.as_str()).collect();
    assert_eq!(words, ["publish", "recover", "start", "poll"]);
}

#[test]
fn every_state_has_its_next_step() {
    let next = |accepted: Accepted| published(accepted).next_step();
    assert_eq!(next(starting()), Some((Step::Recover, at(1200))), "when its lease ends");
    let lost = after_answer(starting(), unanswered(), at(1));
    assert_eq!(next(lost.clone()), Some((Step::Recover, at(0))), "at once: only it can have made the call");
    assert_eq!(next(Accepted { attempts: 2, ..lost }), Some((Step::Recover, at(1200))));
    let waiting = after_answer(starting(), refused("LimitExceededException"), at(1));
    let State::Waiting { due, .. } = waiting.state else { panic!("it has to wait") };
    assert_eq!(next(waiting), Some((Step::Start, due)));
    assert_eq!(next(copying()), Some((Step::Poll, at(1))));
    assert_eq!(next(polled("RUNNING", HOUR)), None);
}

#[test]
fn announcements_are_published_before_anything_else() {
    let record = Record::from(copying());
    assert_eq!(record.next_step(), Some((Step::Publish, at(1))));
    assert_eq!(record.next_step_of_state(), Some((Step::Poll, at(1))));
}

#[test]
fn a_copy_is_read_when_a_poll_changes_its_record() {
    let times = Times::default();
    let missing = |accepted: Accepted| poll(accepted, &PollResult::Missing, at(7), &times).unwrap();
    let overdue = polled("COPYING_IN_PROGRESS", 2 * HOUR + 1);
    assert_eq!(copying().check_at(&times), Some(at(2 * HOUR + 1)));
    assert_eq!(overdue.check_at(&times), Some(at(24 * HOUR + 1)));
    assert_eq!(missing(copying()).check_at(&times), Some(at(7)));
    assert_eq!(missing(overdue).check_at(&times), Some(at(7)));
    assert_eq!(starting().check_at(&times), None);
}

#[test]
fn a_copy_is_known_from_its_start_on() {
    let arn = |accepted: &Accepted| accepted.started_copy().map(|copy| copy.project_version_arn.clone());
    assert_eq!(arn(&starting()), None);
    for accepted in [copying(), polled("RUNNING", HOUR), polled("COPYING_FAILED", HOUR)] {
        assert_eq!(arn(&accepted), Some(copy_arn()));
    }
}

#[test]
fn an_end_says_when_and_how_long_it_took() {
    let ended = polled("RUNNING", HOUR);
    let said: Announcement = serde_json::from_str(ended.header.outbox[1].detail.get()).unwrap();
    assert_eq!(said.copy.map(|copy| copy.started_at), Some(at(1)));
    assert_eq!(said.ended_at, Some(at(HOUR)));
    assert_eq!((said.duration_seconds, said.model_status), (Some(HOUR - 1), Some(ModelStatus::Running)));
    assert_eq!(said.requester_account, "111122223333");
}

#[test]
fn every_status_is_announced_once_and_remembered_with_its_code() {
    let failed = polled("COPYING_FAILED", HOUR);
    assert_eq!(statuses(&failed), ["STARTED", "FAILED"]);
    let announced: Vec<_> = failed.header.announced.iter().map(|a| (a.status, a.code.as_deref())).collect();
    assert_eq!(announced, [(Status::Started, None), (Status::Failed, Some("CopyingFailed"))]);
    let again = failed.clone().enter(failed.state.clone(), at(2 * HOUR));
    assert_eq!(again, failed);
}
