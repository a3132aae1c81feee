//! Every version that can have the requested name.

use jiff::SignedDuration;
use strum::IntoEnumIterator;

use crate::domain::decisions::name_holder::{name_taken, recover, recover_unreadable};
use crate::domain::decisions::starting::{StartDecision, may_send};
use crate::domain::examples::{
    after_answer, at, called, refused, saved, starting, status, statuses, unanswered, version,
};
use crate::domain::model::{ModelStatus, Origin, Version};
use crate::domain::record::{Accepted, State, WaitReason};
use crate::domain::times::Times;

const MIN: i64 = 60;
const HOUR: i64 = 60 * MIN;

fn ours() -> Version {
    version(ModelStatus::CopyingInProgress)
}

fn from_elsewhere() -> Version {
    let source = "arn:aws:rekognition:us-east-1:111122223333:project/trees/version/1/1762077600000";
    Version { source_project_version_arn: Some(source.into()), ..ours() }
}

fn trained() -> Version {
    Version { source_project_version_arn: None, ..version(ModelStatus::TrainingCompleted) }
}

/// The record after the call was refused because this version has the name.
fn taken(record: Accepted, holder: Option<&Version>) -> Accepted {
    name_taken(record, holder, at(1), &Times::default())
}

/// The decision so many seconds after a start whose outcome is unknown.
fn recovered(record: &Accepted, holder: Option<&Version>, seconds: i64) -> StartDecision {
    recover(record.clone(), holder, "o", at(seconds), &Times::default())
}

/// The record after a call without an answer.
fn lost(record: Accepted) -> Accepted {
    after_answer(record, unanswered(), at(1))
}

#[test]
fn a_taken_name_is_adopted_from_the_same_source_whatever_its_status() {
    for word in ModelStatus::iter().filter(|word| *word != ModelStatus::Deleting) {
        let record = taken(starting(), Some(&version(word.clone())));
        assert_eq!((status(&record), statuses(&record)), ("STARTED", vec!["STARTED"]), "{word:?}");
        assert!(record.header.outbox[0].detail.get().contains(r#""adopted":true"#));
    }
}

#[test]
fn a_name_of_another_model_fails_the_request() {
    let in_another_bucket = Version { s3_bucket: Some("another".into()), ..ours() };
    for (request, other, why) in [
        (starting(), from_elsewhere(), "a copy of `arn:aws:rekognition:us-east-1:111122223333:project/trees"),
        (starting(), trained(), "a model that was trained there"),
        (starting(), in_another_bucket, "with another bucket or key"),
        (within_one_project(), without_source(1), "AWS does not show which model"),
        (within_one_project(), trained(), "a model that was trained there"),
    ] {
        let record = taken(request, Some(&other));
        let failure = record.failure().unwrap();
        assert_eq!((status(&record), failure.code.as_str()), ("FAILED", "VersionNameTaken"));
        assert!(failure.message.contains(why), "{}", failure.message);
        let remedy = failure.remedy.as_deref().unwrap();
        assert!(remedy.contains("another `versionName` under a new `requestId`"), "{remedy}");
    }
}

#[test]
fn a_name_without_a_visible_owner_is_waited_for() {
    let elsewhere = Version { status: ModelStatus::Deleting, ..from_elsewhere() };
    for seen in [None, Some(&version(ModelStatus::Deleting)), Some(&elsewhere)] {
        let record = taken(starting(), seen);
        let State::Waiting { reason, .. } = record.state else { panic!("{:?}", record.state) };
        assert_eq!(reason, WaitReason::NameBusy);
    }
}

#[test]
fn a_key_in_another_form_is_not_taken_for_another_key() {
    let copy = starting().copy;
    let by_alias = Version { kms_key_id: Some("alias/flowers".into()), ..ours() };
    assert_eq!(by_alias.origin(&copy), Origin::Same);
    let other = copy.kms_key_id.as_ref().map(|key| key.replace("1234abcd", "99999999"));
    assert_eq!(Version { kms_key_id: other, ..ours() }.origin(&copy), Origin::OtherBucketOrKey);
}

#[test]
fn before_a_lease_ends_a_lost_answer_is_only_ever_adopted() {
    let record = lost(starting());
    assert_eq!(status(&saved(recovered(&record, Some(&ours()), MIN))), "STARTED");
    for seen in [None, Some(&from_elsewhere()), Some(&trained())] {
        assert_eq!(recovered(&record, seen, MIN), StartDecision::NotDue);
    }
    let second = Accepted { attempts: 2, ..record };
    assert_eq!(recovered(&second, Some(&ours()), MIN), StartDecision::NotDue);
    let may_still_call = recovered(&starting(), Some(&ours()), MIN);
    assert_eq!(may_still_call, StartDecision::NotDue, "its owner may still call");
}

#[test]
fn after_a_lease_the_name_decides() {
    for record in [starting(), lost(starting())] {
        let again = called(recovered(&record, None, 20 * MIN));
        assert_eq!((again.attempts, may_send(&again, at(20 * MIN))), (2, true));
        for (holder, expected) in [(ours(), "STARTED"), (from_elsewhere(), "FAILED")] {
            assert_eq!(status(&saved(recovered(&record, Some(&holder), 20 * MIN))), expected);
        }
    }
}

#[test]
fn an_early_adoption_records_until_when_a_call_could_still_land() {
    for (seconds, unsettled_until) in [(MIN, Some(at(20 * MIN))), (20 * MIN, None)] {
        let adopted = saved(recovered(&lost(starting()), Some(&ours()), seconds));
        let State::Copying(copying) = adopted.state else { panic!("{:?}", adopted.state) };
        assert_eq!(copying.unsettled_until, unsettled_until);
    }
}

#[test]
fn past_the_deadline_a_start_is_adopted_or_given_up() {
    assert_eq!(status(&saved(recovered(&starting(), None, 24 * HOUR))), "TIMED_OUT");
    assert_eq!(status(&saved(recovered(&starting(), Some(&ours()), 24 * HOUR))), "STARTED");
}

#[test]
fn a_start_that_cannot_be_looked_up_is_given_up_late_and_never_before_its_lease_ends() {
    let minute = SignedDuration::from_mins(1);
    let short = Times { start_timeout: minute, copy_timeout: minute, ..Times::default() };
    for (times, waits, gives_up) in
        [(Times::default(), 47 * HOUR, 48 * HOUR), (short, 20 * MIN - 1, 20 * MIN)]
    {
        assert_eq!(recover_unreadable(starting(), at(waits), &times), None);
        let given_up = recover_unreadable(starting(), at(gives_up), &times).unwrap();
        assert_eq!(status(&given_up), "TIMED_OUT");
        assert!(given_up.failure().unwrap().message.starts_with("the destination project cannot be read"));
    }
}

#[test]
fn only_a_start_is_recovered() {
    let waiting = after_answer(starting(), refused("ThrottlingException"), at(1));
    assert_eq!(recovered(&waiting, Some(&ours()), HOUR), StartDecision::NotDue);
    assert_eq!(recover_unreadable(waiting, at(100 * HOUR), &Times::default()), None);
}

/// A request to copy within one project, and what Rekognition shows of such a copy.
fn within_one_project() -> Accepted {
    let mut accepted = starting();
    accepted.copy.destination_project_arn = accepted.copy.source_project_arn.clone();
    accepted
}

fn without_source(created_at: i64) -> Version {
    Version { source_project_version_arn: None, created_at: Some(at(created_at)), ..ours() }
}

#[test]
fn a_copy_without_source_is_adopted_only_within_one_project_by_the_call_that_may_have_made_it() {
    let unknown = Version { created_at: None, ..without_source(1) };
    // From five minutes before the start to five minutes after the end of its call's signature.
    for (request, owner, expected) in [
        (within_one_project(), without_source(-5 * MIN - 1), "FAILED"),
        (within_one_project(), without_source(-5 * MIN), "STARTED"),
        (within_one_project(), without_source(22 * MIN), "STARTED"),
        (within_one_project(), without_source(22 * MIN + 1), "FAILED"),
        (within_one_project(), unknown, "FAILED"),
        (starting(), without_source(1), "FAILED"),
    ] {
        let record = saved(recovered(&lost(request), Some(&owner), 20 * MIN));
        assert_eq!(status(&record), expected, "created at {:?}", owner.created_at);
    }
}

#[test]
fn within_one_project_a_later_call_recognizes_what_an_earlier_one_made() {
    let again = called(recovered(&lost(within_one_project()), None, 20 * MIN));
    assert_eq!(again.unanswered_starts, [at(0)]);
    assert_eq!(status(&taken(again, Some(&without_source(1)))), "STARTED");
}
