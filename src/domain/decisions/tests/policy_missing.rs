//! Every reason why the source project's policy is not in place.

use crate::domain::aws_answer::Refusal;
use crate::domain::decisions::policy_missing::policy_missing;
use crate::domain::examples::{at, rules, starting, status, statuses};
use crate::domain::project_policy::{PolicyError, PolicyMissing};
use crate::domain::record::{Accepted, State, WaitReason};

fn after(accepted: Accepted, why: &PolicyMissing, seconds: i64) -> Accepted {
    policy_missing(accepted, why, at(seconds), &rules())
}

fn refused(action: &'static str, code: &str) -> PolicyMissing {
    let refusal = Refusal { code: code.to_owned(), message: "no".to_owned(), http_status: None };
    PolicyMissing::Error(PolicyError::Refused { action, refusal })
}

fn no_slot() -> PolicyMissing {
    PolicyMissing::NoSlot(vec!["a".to_owned()])
}

#[test]
fn every_reason_waits_and_is_announced_and_only_a_refusal_becomes_final() {
    let error = PolicyMissing::Error;
    let malformed = "MalformedPolicyDocumentException";
    let (full, not_put) = (WaitReason::PolicyFull, WaitReason::PolicyNotPut);
    for (why, reason, code, a_day_later) in [
        (no_slot(), full, "PolicyFull", "QUEUED"),
        (error(PolicyError::Unavailable("late".to_owned())), not_put, "PolicyNotPut", "QUEUED"),
        (error(PolicyError::Conflict), not_put, "PolicyNotPut", "QUEUED"),
        (refused("sts:AssumeRole", "Throttling"), WaitReason::Throttled, "Throttling", "QUEUED"),
        (refused("sts:AssumeRole", "AccessDenied"), not_put, "AccessDenied", "FAILED"),
        (refused("rekognition:PutProjectPolicy", malformed), not_put, malformed, "FAILED"),
    ] {
        let record = after(starting(), &why, 0);
        let State::Waiting { reason: waits_for, failure, .. } = &record.state else { panic!("{why:?}") };
        assert_eq!((*waits_for, failure.code.as_str()), (reason, code));
        assert_eq!(statuses(&record), ["QUEUED"]);
        assert_eq!(status(&after(record, &why, 23 * 3600)), a_day_later, "{why:?}");
    }
}

#[test]
fn a_refusal_that_lasts_is_final_and_names_action_and_remedy() {
    let why = refused("sts:AssumeRole", "AccessDenied");
    let record = after(after(starting(), &why, 0), &why, 899);
    assert_eq!(status(&record), "QUEUED");
    let record = after(record, &why, 900);
    let failure = record.failure().unwrap();
    assert!(status(&record) == "FAILED" && failure.message.starts_with("sts:AssumeRole: "), "{failure:?}");
    assert!(failure.remedy.as_deref().unwrap().contains("SourceAccountRoles"), "{failure:?}");
}

#[test]
fn a_full_project_is_no_refusal() {
    let denied = refused("sts:AssumeRole", "AccessDenied");
    let record = after(after(starting(), &denied, 0), &no_slot(), 3600);
    assert_eq!(record.refused_since, None);
    let record = after(record, &denied, 7200);
    assert_eq!(status(&record), "QUEUED", "the permission time-out begins once more");
}
