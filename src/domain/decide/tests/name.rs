//! Every version that can have our name.

use jiff::SignedDuration;

use crate::domain::decide::name::{take_over, take_over_blindly, taken};
use crate::domain::decide::start::{Start, may_call};
use crate::domain::examples::{after_answer, at, refused, starting, unanswered, version, words};
use crate::domain::model::{ModelStatus, Version};
use crate::domain::record::{Record, State, WaitReason};
use crate::domain::times::Times;

const MIN: i64 = 60;
const HOUR: i64 = 60 * MIN;

fn from_elsewhere() -> Version {
    let source = "arn:aws:rekognition:us-east-1:111122223333:project/trees/version/1/1762077600000";
    Version { source_project_version_arn: Some(source.into()), ..version(ModelStatus::CopyingInProgress) }
}

fn trained() -> Version {
    Version { source_project_version_arn: None, ..version(ModelStatus::TrainingCompleted) }
}

fn in_another_bucket() -> Version {
    Version { s3_bucket: Some("another".into()), ..version(ModelStatus::CopyingInProgress) }
}

fn unanswered_record() -> Record {
    after_answer(starting(), unanswered(), at(1))
}

#[test]
fn a_taken_name_is_adopted_from_the_same_source_whatever_its_status() {
    for status in ModelStatus::ALL.iter().filter(|status| **status != ModelStatus::Deleting) {
        let record = taken(starting(), Some(&version(status.clone())), at(1), &Times::default());
        assert_eq!((record.status(), words(&record)), ("STARTED", vec!["STARTED"]), "{status}");
        assert!(record.outbox[0].detail.get().contains(r#""adopted":true"#));
    }
}

#[test]
fn a_name_of_another_model_fails_the_request() {
    for (other, why) in [
        (from_elsewhere(), "a copy of `arn:aws:rekognition:us-east-1:111122223333:project/trees"),
        (trained(), "a model that was trained there"),
        (in_another_bucket(), "with another bucket or key"),
    ] {
        let record = taken(starting(), Some(&other), at(1), &Times::default());
        let failure = record.failure().unwrap();
        assert_eq!((record.status(), failure.code.as_str()), ("FAILED", "VersionNameTaken"));
        assert!(failure.message.contains(why), "{}", failure.message);
        let remedy = failure.remedy.as_deref().unwrap();
        assert!(remedy.contains("another `versionName` and a new `requestId`"), "{remedy}");
    }
}

#[test]
fn a_name_that_nobody_visible_has_is_waited_for() {
    let elsewhere = Version { status: ModelStatus::Deleting, ..from_elsewhere() };
    for seen in [None, Some(&version(ModelStatus::Deleting)), Some(&elsewhere)] {
        let record = taken(starting(), seen, at(1), &Times::default());
        let State::Waiting { reason, .. } = record.state else { panic!("{:?}", record.state) };
        assert_eq!(reason, WaitReason::NameBusy);
    }
}

#[test]
fn a_key_in_another_form_is_not_taken_for_another_key() {
    let copy = starting().copy.unwrap();
    let by_alias = Version { kms_key_id: Some("alias/flowers".into()), ..version(ModelStatus::Running) };
    assert!(by_alias.answers(&copy));
    let other = copy.kms_key_id.as_ref().map(|key| key.replace("1234abcd", "99999999"));
    assert!(!Version { kms_key_id: other, ..version(ModelStatus::Running) }.answers(&copy));
}

#[test]
fn before_a_lease_ends_a_lost_answer_is_only_ever_adopted() {
    let times = Times::default();
    let seen = version(ModelStatus::CopyingInProgress);
    let Start::Ended(adopted) = take_over(unanswered_record(), Some(&seen), "o", at(60), &times) else {
        panic!("it is ours")
    };
    assert_eq!(adopted.status(), "STARTED");
    for seen in [None, Some(&from_elsewhere()), Some(&trained())] {
        assert_eq!(take_over(unanswered_record(), seen, "o", at(60), &times), Start::NotDue);
    }
    let second = Record { attempts: 2, ..unanswered_record() };
    assert_eq!(take_over(second, Some(&seen), "o", at(60), &times), Start::NotDue);
    assert_eq!(take_over(starting(), Some(&seen), "o", at(60), &times), Start::NotDue, "its holder may live");
}

#[test]
fn after_a_lease_the_name_decides() {
    let (times, now) = (Times::default(), at(20 * MIN));
    for record in [starting(), unanswered_record()] {
        let decide = |seen: Option<&Version>| take_over(record.clone(), seen, "o", now, &times);
        let Start::Call(again) = decide(None) else { panic!("nothing landed") };
        assert_eq!((again.attempts, may_call(&again, now)), (2, true));
        let ours = version(ModelStatus::Running);
        let Start::Ended(adopted) = decide(Some(&ours)) else { panic!("it is ours") };
        assert_eq!(adopted.status(), "STARTED");
        let theirs = from_elsewhere();
        let Start::Ended(failed) = decide(Some(&theirs)) else { panic!("it is taken") };
        assert_eq!(failed.status(), "FAILED");
    }
}

#[test]
fn an_early_adoption_remembers_that_a_call_could_still_land() {
    let seen = version(ModelStatus::CopyingInProgress);
    let Start::Ended(adopted) = take_over(unanswered_record(), Some(&seen), "o", at(60), &Times::default())
    else {
        panic!("it is ours")
    };
    let State::Copying(copying) = adopted.state else { panic!("it is copying") };
    assert_eq!(copying.unsettled_until, Some(at(20 * MIN)));
}

#[test]
fn an_adoption_after_the_lease_has_nothing_to_wait_for() {
    let seen = version(ModelStatus::CopyingInProgress);
    let Start::Ended(adopted) =
        take_over(unanswered_record(), Some(&seen), "o", at(20 * MIN), &Times::default())
    else {
        panic!("it is ours")
    };
    let State::Copying(copying) = adopted.state else { panic!("it is copying") };
    assert_eq!(copying.unsettled_until, None);
}

#[test]
fn past_the_deadline_a_start_is_adopted_or_given_up() {
    let (times, now) = (Times::default(), at(24 * HOUR));
    let Start::Ended(given_up) = take_over(starting(), None, "o", now, &times) else { panic!("it is late") };
    assert_eq!(given_up.status(), "TIMED_OUT");
    let seen = version(ModelStatus::CopyingInProgress);
    let Start::Ended(adopted) = take_over(starting(), Some(&seen), "o", now, &times) else { panic!() };
    assert_eq!(adopted.status(), "STARTED");
}

#[test]
fn a_start_that_cannot_be_looked_up_is_given_up_late() {
    let times = Times::default();
    assert_eq!(take_over_blindly(starting(), at(47 * HOUR), &times), None);
    assert_eq!(take_over_blindly(starting(), at(48 * HOUR), &times).unwrap().status(), "TIMED_OUT");
}

#[test]
fn nothing_is_given_up_blindly_before_its_lease_ends() {
    let minute = SignedDuration::from_mins(1);
    let times = Times { start_timeout: minute, copy_timeout: minute, ..Times::default() };
    assert_eq!(take_over_blindly(starting(), at(20 * MIN - 1), &times), None);
    let given_up = take_over_blindly(starting(), at(20 * MIN), &times).unwrap();
    let message = &given_up.failure().unwrap().message;
    assert_eq!(message, "the copy could not be started within 60 s: no call was answered");
}

#[test]
fn only_a_start_is_taken_over() {
    let waiting = after_answer(starting(), refused("ThrottlingException"), at(1));
    let seen = version(ModelStatus::Running);
    assert_eq!(take_over(waiting.clone(), Some(&seen), "o", at(HOUR), &Times::default()), Start::NotDue);
    assert_eq!(take_over_blindly(waiting, at(100 * HOUR), &Times::default()), None);
}
