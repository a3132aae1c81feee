//! What a record needs next, and what it says of itself.

use super::*;
use crate::domain::examples::{accepted, after_answer, at, copy_arn, refused, starting, unanswered};

const HOUR: i64 = 3600;

/// With nothing left to publish.
fn said(record: Record) -> Record {
    let count = record.outbox.len();
    record.published(count)
}

fn copying() -> Record {
    said(after_answer(starting(), accepted(), at(1)))
}

fn ended() -> Record {
    said(copying().ending(Status::Completed, None, None, at(HOUR)))
}

#[test]
fn every_step_is_a_word_of_the_index() {
    assert_eq!(Step::ALL.map(Step::as_str), ["publish", "take-over", "start", "look", "withdraw"]);
}

#[test]
fn every_state_has_its_next_step() {
    assert_eq!(starting().next(), Some((Step::TakeOver, at(1200))), "when its lease ends");
    let lost = after_answer(starting(), unanswered(), at(1));
    assert_eq!(lost.next(), Some((Step::TakeOver, at(0))), "at once: only it can have made the call");
    let again = Record { attempts: 2, ..lost };
    assert_eq!(again.next(), Some((Step::TakeOver, at(1200))));
    let waiting = said(after_answer(starting(), refused("LimitExceededException"), at(1)));
    let State::Waiting { due, .. } = waiting.state else { panic!("it has to wait") };
    assert_eq!(waiting.next(), Some((Step::Start, due)));
    assert_eq!(copying().next(), Some((Step::Look, at(1))));
    assert_eq!(ended().next(), None);
    let granted = Record { grant: true, ..ended() };
    assert_eq!(granted.next(), Some((Step::Withdraw, at(HOUR))));
    assert_eq!(granted.without_grant().next(), None);
}

#[test]
fn news_go_out_before_anything_else() {
    let record = after_answer(starting(), accepted(), at(1));
    assert_eq!(record.next(), Some((Step::Publish, at(1))));
    assert_eq!(record.next_of_state(), Some((Step::Look, at(1))));
}

#[test]
fn a_copy_is_read_when_a_look_has_something_to_say() {
    let times = Times::default();
    let doubted = |record: Record| {
        let State::Copying(copying) = record.state.clone() else { panic!("it is copying") };
        let doubt = Some(Doubt { of: DoubtOf::Absent, since: at(7) });
        Record { state: State::Copying(Copying { doubt, ..copying }), ..record }
    };
    let overdue = copying().announcing(Status::Overdue, None, at(2 * HOUR + 1));
    assert_eq!(copying().check_at(&times), Some(at(2 * HOUR + 1)));
    assert_eq!(overdue.check_at(&times), Some(at(24 * HOUR + 1)));
    assert_eq!(doubted(copying()).check_at(&times), Some(at(7)));
    assert_eq!(doubted(overdue).check_at(&times), Some(at(7)));
    assert_eq!(starting().check_at(&times), None);
}

#[test]
fn a_copy_is_known_from_its_start_on() {
    assert_eq!(starting().project_version_arn(), None);
    assert_eq!(copying().project_version_arn(), Some(&copy_arn()));
    assert_eq!(ended().project_version_arn(), Some(&copy_arn()));
}

#[test]
fn an_end_says_when_and_how_long_it_took() {
    let record = copying().ending(Status::Completed, None, None, at(HOUR));
    let said: Announcement = serde_json::from_str(record.outbox[0].detail.get()).unwrap();
    assert_eq!((said.started_at, said.ended_at), (Some(at(1)), Some(at(HOUR))));
    assert_eq!(said.duration_seconds, Some(HOUR - 1));
}
