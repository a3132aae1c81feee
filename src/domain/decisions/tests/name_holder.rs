//! Every version that can have the requested name.

use jiff::SignedDuration;

use crate::domain::decisions::name_holder::{name_taken, recover, recover_unreadable};
use crate::domain::decisions::starting::{StartDecision, may_send};
use crate::domain::examples::{after_answer, at, refused, starting, status, statuses, unanswered, version};
use crate::domain::model::{ModelStatus, Origin, Version};
use crate::domain::record::{Accepted, State, WaitReason};
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

fn unanswered_record() -> Accepted {
    after_answer(starting(), unanswered(), at(1))
}

#[test]
fn a_taken_name_is_adopted_from_the_same_source_whatever_its_status() {
    for word in ModelStatus::ALL.iter().filter(|word| **word != ModelStatus::Deleting) {
        let record = name_taken(starting(), Some(&version(word.clone())), at(1), &Times::default());
        assert_eq!((status(&record), statuses(&record)), ("STARTED", vec!["STARTED"]), "{word:?}");
        assert!(record.header.outbox[0].detail.get().contains(r#""adopted":true"#));
    }
}

#[test]
fn a_name_of_another_model_fails_the_request() {
    for (other, why) in [
        (from_elsewhere(), "a copy of `arn:aws:rekognition:us-east-1:111122223333:project/trees"),
        (trained(), "a model that was trained there"),
        (in_another_bucket(), "with another bucket or key"),
    ] {
        let record = name_taken(starting(), Some(&other), at(1), &Times::default());
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
        let record = name_taken(starting(), seen, at(1), &Times::default());
        let State::Waiting { reason, .. } = record.state else { panic!("{:?}", record.state) };
        assert_eq!(reason, WaitReason::NameBusy);
    }
}

#[test]
fn a_key_in_another_form_is_not_taken_for_another_key() {
    let copy = starting().copy;
    let by_alias = Version { kms_key_id: Some("alias/flowers".into()), ..version(ModelStatus::Running) };
    assert_eq!(by_alias.origin(&copy), Origin::Same);
    let other = copy.kms_key_id.as_ref().map(|key| key.replace("1234abcd", "99999999"));
    let other = Version { kms_key_id: other, ..version(ModelStatus::Running) };
    assert_eq!(other.origin(&copy), Origin::OtherBucketOrKey);
}

#[test]
fn before_a_lease_ends_a_lost_answer_is_only_ever_adopted() {
    let times = Times::default();
    let seen = version(ModelStatus::CopyingInProgress);
    let StartDecision::Save(adopted) = recover(unanswered_record(), Some(&seen), "o", at(60), &times) else {
        panic!("it is ours")
    };
    assert_eq!(status(&adopted), "STARTED");
    for seen in [None, Some(&from_elsewhere()), Some(&trained())] {
        assert_eq!(recover(unanswered_record(), seen, "o", at(60), &times), StartDecision::NotDue);
    }
    let second = Accepted { attempts: 2, ..unanswered_record() };
    assert_eq!(recover(second, Some(&seen), "o", at(60), &times), StartDecision::NotDue);
    assert_eq!(
        recover(starting(), Some(&seen), "o", at(60), &times),
        StartDecision::NotDue,
        "its owner may still call"
    );
}

#[test]
fn after_a_lease_the_name_decides() {
    let (times, now) = (Times::default(), at(20 * MIN));
    for record in [starting(), unanswered_record()] {
        let decide = |seen: Option<&Version>| recover(record.clone(), seen, "o", now, &times);
        let StartDecision::Call(again) = decide(None) else { panic!("nothing landed") };
        assert_eq!((again.attempts, may_send(&again, now)), (2, true));
        let ours = version(ModelStatus::Running);
        let StartDecision::Save(adopted) = decide(Some(&ours)) else { panic!("it is ours") };
        assert_eq!(status(&adopted), "STARTED");
        let theirs = from_elsewhere();
        let StartDecision::Save(failed) = decide(Some(&theirs)) else { panic!("it is taken") };
        assert_eq!(status(&failed), "FAILED");
    }
}

#[test]
fn an_early_adoption_records_until_when_a_call_could_still_land() {
    let seen = version(ModelStatus::CopyingInProgress);
    let StartDecision::Save(adopted) =
        recover(unanswered_record(), Some(&seen), "o", at(60), &Times::default())
    else {
        panic!("it is ours")
    };
    let State::Copying(copying) = adopted.state else { panic!("it is copying") };
    assert_eq!(copying.unsettled_until, Some(at(20 * MIN)));
}

#[test]
fn an_adoption_after_the_lease_is_settled() {
    let seen = version(ModelStatus::CopyingInProgress);
    let StartDecision::Save(adopted) =
        recover(unanswered_record(), Some(&seen), "o", at(20 * MIN), &Times::default())
    else {
        panic!("it is ours")
    };
    let State::Copying(copying) = adopted.state else { panic!("it is copying") };
    assert_eq!(copying.unsettled_until, None);
}

#[test]
fn past_the_deadline_a_start_is_adopted_or_given_up() {
    let (times, now) = (Times::default(), at(24 * HOUR));
    let StartDecision::Save(given_up) = recover(starting(), None, "o", now, &times) else {
        panic!("it is late")
    };
    assert_eq!(status(&given_up), "TIMED_OUT");
    let seen = version(ModelStatus::CopyingInProgress);
    let StartDecision::Save(adopted) = recover(starting(), Some(&seen), "o", now, &times) else { panic!() };
    assert_eq!(status(&adopted), "STARTED");
}

#[test]
fn a_start_that_cannot_be_looked_up_is_given_up_late() {
    let times = Times::default();
    assert_eq!(recover_unreadable(starting(), at(47 * HOUR), &times), None);
    assert_eq!(status(&recover_unreadable(starting(), at(48 * HOUR), &times).unwrap()), "TIMED_OUT");
}

#[test]
fn nothing_is_given_up_before_its_lease_ends() {
    let minute = SignedDuration::from_mins(1);
    let times = Times { start_timeout: minute, copy_timeout: minute, ..Times::default() };
    assert_eq!(recover_unreadable(starting(), at(20 * MIN - 1), &times), None);
    let given_up = recover_unreadable(starting(), at(20 * MIN), &times).unwrap();
    let message = &given_up.failure().unwrap().message;
    assert_eq!(
        message,
        "the destination project cannot be read, so it is not known whether the copy has started"
    );
}

#[test]
fn only_a_start_is_recovered() {
    let waiting = after_answer(starting(), refused("ThrottlingException"), at(1));
    let seen = version(ModelStatus::Running);
    assert_eq!(
        recover(waiting.clone(), Some(&seen), "o", at(HOUR), &Times::default()),
        StartDecision::NotDue
    );
    assert_eq!(recover_unreadable(waiting, at(100 * HOUR), &Times::default()), None);
}

/// A request to copy within one project, and what Rekognition shows of such a copy.
fn within_one_project() -> Accepted {
    let mut accepted = starting();
    accepted.copy.destination_project_arn = accepted.copy.source_project_arn.clone();
    accepted
}

fn without_source(created_at: i64) -> Version {
    Version {
        source_project_version_arn: None,
        created_at: Some(at(created_at)),
        ..version(ModelStatus::CopyingInProgress)
    }
}

#[test]
fn within_one_project_a_copy_without_source_is_adopted_by_the_call_that_may_have_made_it() {
    let times = Times::default();
    let lost = after_answer(within_one_project(), unanswered(), at(1));
    // From five minutes before the start to five minutes after the end of its call's signature.
    for (created_at, expected) in
        [(-5 * MIN - 1, "FAILED"), (-5 * MIN, "STARTED"), (22 * MIN, "STARTED"), (22 * MIN + 1, "FAILED")]
    {
        let owner = without_source(created_at);
        let decision = recover(lost.clone(), Some(&owner), "o", at(20 * MIN), &times);
        let StartDecision::Save(record) = decision else { panic!("{created_at}") };
        assert_eq!(status(&record), expected, "{created_at}");
    }
    let unknown = Version { created_at: None, ..without_source(1) };
    let StartDecision::Save(record) = recover(lost, Some(&unknown), "o", at(20 * MIN), &times) else {
        panic!()
    };
    assert_eq!(status(&record), "FAILED", "nobody knows when it was made");
}

#[test]
fn within_one_project_a_later_call_recognizes_what_an_earlier_one_made() {
    let times = Times::default();
    let lost = after_answer(within_one_project(), unanswered(), at(1));
    let StartDecision::Call(again) = recover(lost, None, "o", at(20 * MIN), &times) else { panic!() };
    assert_eq!(again.unanswered_starts, [at(0)]);
    let record = name_taken(again, Some(&without_source(1)), at(20 * MIN), &times);
    assert_eq!(status(&record), "STARTED");
}

#[test]
fn within_one_project_another_request_for_the_name_fails_and_says_why() {
    let record = name_taken(within_one_project(), Some(&without_source(1)), at(1), &Times::default());
    let failure = record.failure().unwrap();
    assert_eq!(failure.code, "VersionNameTaken");
    assert!(failure.message.contains("AWS does not show which model"), "{}", failure.message);
    let trained = name_taken(within_one_project(), Some(&trained()), at(1), &Times::default());
    assert!(trained.failure().unwrap().message.contains("a model that was trained"));
}

#[test]
fn across_projects_a_copy_without_source_is_never_adopted() {
    let decision =
        recover(unanswered_record(), Some(&without_source(1)), "o", at(20 * MIN), &Times::default());
    let StartDecision::Save(record) = decision else { panic!() };
    assert_eq!(status(&record), "FAILED");
}
