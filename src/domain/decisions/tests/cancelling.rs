//! Which requests may be cancelled, and what becomes of them.

use crate::domain::decisions::cancelling::{NotCancelled, cancel};
use crate::domain::decisions::starting::decide_start;
use crate::domain::examples::{accepted, after_answer, at, called, refused, starting, statuses, unanswered};
use crate::domain::record::Accepted;
use crate::domain::times::Times;

fn waiting() -> Accepted {
    after_answer(starting(), refused("ThrottlingException"), at(1))
}

#[test]
fn only_a_request_that_waits_is_cancelled() {
    let called_again = called(decide_start(waiting(), "owner-2", at(600), &Times::default()));
    for (record, expected) in [
        (waiting(), Ok(())),
        (starting(), Err(NotCancelled::Starting)),
        (after_answer(starting(), unanswered(), at(1)), Err(NotCancelled::Starting)),
        (called_again, Err(NotCancelled::Starting)),
        (after_answer(starting(), accepted(), at(1)), Err(NotCancelled::Copying)),
        (after_answer(starting(), refused("InvalidParameterException"), at(1)), Err(NotCancelled::Ended)),
        (cancel(waiting(), at(2)).unwrap(), Err(NotCancelled::Ended)),
    ] {
        assert_eq!(cancel(record.clone(), at(700)).map(drop), expected, "{:?}", record.state);
    }
}

#[test]
fn a_cancelled_request_fails_and_says_what_it_waited_for() {
    let cancelled = cancel(waiting(), at(2)).unwrap();
    let failure = cancelled.failure().unwrap();
    assert_eq!(failure.code, "Cancelled");
    assert_eq!(failure.message, "it was cancelled while it waited: because");
    assert_eq!(statuses(&cancelled), ["QUEUED", "FAILED"]);
}
