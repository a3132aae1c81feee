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
fn every_reason_waits_and_is_announced() {
    let silent = PolicyMissing::Error(PolicyError::Unavailable("timed out".to_owned()));
    let put = "rekognition:PutProjectPolicy";
    for (why, reason, code) in [
        (no_slot(), WaitReason::PolicyFull, "PolicyFull"),
        (silent, WaitReason::PolicyNotPut, "PolicyNotPut"),
        (PolicyMissing::Error(PolicyError::Conflict), WaitReason::PolicyNotPut, "PolicyNotPut"),
        (refused("sts:AssumeRole", "Throttling"), WaitReason::Throttled, "Throttling"),
        (refused("sts:AssumeRole", "AccessDenied"), WaitReason::PolicyNotPut, "AccessDenied"),
        (
            refused(put, "MalformedPolicyDocumentException"),
            WaitReason::PolicyNotPut,
            "MalformedPolicyDocumentException",
        ),
    ] {
        let record = after(starting(), &why, 0);
        let State::Waiting { reason: waits_for, failure, .. } = &record.state else { panic!("{why:?}") };
        assert_eq!((*waits_for, failure.code.as_str()), (reason, code));
        assert_eq!(statuses(&record), ["QUEUED"]);
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

#[test]
fn no_answer_waits_until_the_start_times_out() {
    let silent = PolicyMissing::Error(PolicyError::Unavailable("timed out".to_owned()));
    let mut record = starting();
    for hour in 0..23 {
        record = after(record, &silent, hour * 3600);
        assert_eq!(status(&record), "QUEUED");
    }
}
