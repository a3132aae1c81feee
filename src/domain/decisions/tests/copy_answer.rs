//! Every answer of CopyProjectVersion, and every start of a waiting record.

use jiff::{SignedDuration, Timestamp};

use crate::domain::decisions::copy_answer::copy_answer;
use crate::domain::decisions::starting::{StartDecision, decide_start, may_send};
use crate::domain::examples::{
    accepted, after_answer, at, called, refused, rules, saved, starting, status, statuses, unanswered,
};
use crate::domain::record::{Accepted, State, WaitReason};
use crate::domain::times::Times;

const MIN: i64 = 60;
const HOUR: i64 = 60 * MIN;

fn waiting_since_start(code: &str) -> Accepted {
    after_answer(starting(), refused(code), at(1))
}

fn start(record: &Accepted, now: Timestamp) -> StartDecision {
    decide_start(record.clone(), "owner-2", now, &Times::default())
}

/// The record after another call that was refused.
fn refused_again(record: &Accepted, code: &str, seconds: i64) -> Accepted {
    after_answer(called(start(record, at(seconds))), refused(code), at(seconds))
}

#[test]
fn an_accepted_call_is_a_copy_that_has_started() {
    let refused_before = Accepted { refused_since: Some(at(0)), ..starting() };
    let record = after_answer(refused_before, accepted(), at(1));
    assert_eq!((status(&record), statuses(&record)), ("STARTED", vec!["STARTED"]));
    let detail = record.header.outbox[0].detail.get();
    assert!(detail.contains(r#""adopted":false"#), "{detail}");
    assert_eq!(record.refused_since, None);
}

/// Every error of CopyProjectVersion with the state or wait reason that follows, and the bounds of the wait in seconds.
#[test]
fn every_refusal_leads_where_the_table_says() {
    type Row = (&'static str, &'static str, Option<(i64, i64)>);
    let table: &[Row] = &[
        ("AccessDeniedException", "Permission", Some((5, 60))),
        ("AccessDenied", "Permission", Some((5, 60))),
        ("KMSAccessDeniedException", "Permission", Some((5, 60))),
        ("InvalidS3ObjectException", "Permission", Some((5, 60))),
        ("ResourceNotFoundException", "Permission", Some((5, 60))),
        ("ThrottlingException", "Throttled", Some((5, 300))),
        ("ProvisionedThroughputExceededException", "Throttled", Some((5, 300))),
        ("LimitExceededException", "Quota", Some((120, 1800))),
        ("ServiceQuotaExceededException", "Quota", Some((300, 3600))),
        ("HttpStatus429", "Throttled", Some((5, 300))),
        ("HttpStatus413", "Unknown", Some((30, 900))),
        ("SomethingNewException", "Unknown", Some((30, 900))),
        ("InvalidParameterException", "FAILED", None),
        ("ValidationException", "FAILED", None),
        ("InternalServerError", "STARTING", None),
    ];
    for (code, expected, wait) in table {
        let record = waiting_since_start(code);
        match (&record.state, wait) {
            (State::Waiting { due, reason, failure }, Some((least, most))) => {
                assert_eq!((reason.as_str(), failure.code.as_str()), (*expected, *code));
                assert!((at(1 + least)..=at(1 + most)).contains(due), "{code}: {due}");
                assert_eq!(statuses(&record), ["QUEUED"], "{code}");
            }
            (_, None) => assert_eq!(status(&record), *expected, "{code}"),
            (state, _) => panic!("{code}: {state:?}"),
        }
    }
}

#[test]
fn a_taken_name_without_a_version_that_has_it_waits() {
    for code in ["ResourceInUseException", "ResourceAlreadyExistsException"] {
        assert!(refused(code).is_name_taken(), "{code}");
        let State::Waiting { reason, .. } = waiting_since_start(code).state else { panic!("{code}") };
        assert_eq!(reason, WaitReason::NameBusy, "{code}");
    }
    assert!(!refused("LimitExceededException").is_name_taken());
}

#[test]
fn a_call_without_an_answer_keeps_its_lease_and_says_nothing() {
    let record = after_answer(starting(), unanswered(), at(1));
    assert!(matches!(record.state, State::Starting { unanswered: true, .. }));
    assert!(record.header.outbox.is_empty());
    assert!(!may_send(&record, at(1)), "not again under the same lease");
}

#[test]
fn a_wait_is_announced_once() {
    let record = refused_again(&waiting_since_start("ThrottlingException"), "LimitExceededException", HOUR);
    assert_eq!(statuses(&record), ["QUEUED"]);
}

#[test]
fn a_quota_asks_for_a_person() {
    let record = waiting_since_start("ServiceQuotaExceededException");
    assert!(record.header.outbox[0].detail.get().contains("Service Quotas"));
}

#[test]
fn a_missing_permission_is_final_only_after_a_while() {
    let denied = "AccessDeniedException";
    let mut record = waiting_since_start(denied);
    for (minutes, expected) in [(5, "QUEUED"), (15, "QUEUED"), (20, "FAILED")] {
        record = refused_again(&record, denied, minutes * MIN);
        assert_eq!(status(&record), expected, "after {minutes} minutes");
    }
    assert_eq!(statuses(&record), ["QUEUED", "FAILED"]);
    assert!(record.failure().unwrap().remedy.as_ref().unwrap().contains("put-project-policy"));
}

#[test]
fn a_refusal_soon_after_the_policy_was_put_is_never_final() {
    let long_refused = Accepted { refused_since: Some(at(-HOUR)), ..starting() };
    for (put_at, expected) in [(Some(at(0)), "QUEUED"), (Some(at(-MIN)), "FAILED"), (None, "FAILED")] {
        let answer = refused("AccessDeniedException");
        let record = copy_answer(long_refused.clone(), answer, None, put_at, at(1), &rules());
        assert_eq!(status(&record), expected, "{put_at:?}");
    }
}

#[test]
fn a_waiting_record_is_started_when_due_and_given_up_at_its_deadline() {
    let record = waiting_since_start("ThrottlingException");
    let State::Waiting { due, .. } = record.state else { panic!("it waits") };
    assert_eq!(start(&record, due - SignedDuration::from_millis(1)), StartDecision::NotDue);
    let again = called(start(&record, due));
    assert_eq!((again.attempts, may_send(&again, due)), (2, true));
    let ended = saved(start(&record, at(24 * HOUR)));
    assert_eq!((status(&ended), statuses(&ended)), ("TIMED_OUT", vec!["QUEUED", "TIMED_OUT"]));
    assert!(ended.failure().unwrap().message.contains("24 h: ThrottlingException"));
}

#[test]
fn a_permission_that_was_there_in_between_has_its_whole_time_again() {
    let record = waiting_since_start("AccessDeniedException");
    let permitted = refused_again(&record, "LimitExceededException", 10 * MIN);
    assert_eq!(status(&refused_again(&permitted, "AccessDeniedException", HOUR)), "QUEUED");
}

#[test]
fn a_wait_ends_with_the_time_to_start_at_the_latest() {
    let last = Accepted { attempts: 30, ..starting() };
    let record = after_answer(last, refused("ServiceQuotaExceededException"), at(24 * HOUR - 1));
    let State::Waiting { due, .. } = record.state else { panic!("it waits") };
    assert_eq!(due, at(24 * HOUR));
}

#[test]
fn only_a_waiting_record_is_started() {
    let copying = after_answer(starting(), accepted(), at(1));
    let ended = after_answer(starting(), refused("ValidationException"), at(1));
    for record in [starting(), copying, ended] {
        assert_eq!(start(&record, at(100 * HOUR)), StartDecision::NotDue);
    }
}

#[test]
fn a_call_is_sent_in_the_first_two_minutes_of_its_lease_or_never() {
    assert!(may_send(&starting(), at(119)));
    assert!(!may_send(&starting(), at(120)));
}
