use jiff::SignedDuration;

use super::*;
use crate::domain::announcement::Status;
use crate::domain::examples::{at, starting};
use crate::domain::policy::{CHARACTERS, Policy};

const START: &str = "arn:aws:iam::444455556666:role/rekognition-model-copier-StartCopyRole-1A2B3C4D5E6F";
const CHECK: &str = "arn:aws:iam::444455556666:role/rekognition-model-copier-CheckCopiesRole-1A2B3C4D5E6F";

fn project() -> ProjectArn {
    starting().copy.unwrap().source_project_arn
}

fn granting() -> Granting {
    Granting {
        roles: [("111122223333".to_owned(), "arn:aws:iam::111122223333:role/grants".to_owned())].into(),
        principals: [START, CHECK].map(str::to_owned).into(),
        project_wide: false,
    }
}

fn version(n: usize) -> ProjectVersionArn {
    let arn = format!(
        "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.{n}/1762077600000"
    );
    ProjectVersionArn::parse(&arn).unwrap()
}

/// Holder `n` of version `v`.
fn holder(n: usize, v: usize) -> Holder {
    let key = RecordKey { sender: "111122223333".to_owned(), request_id: format!("request-{n}") };
    Holder { key, project_version_arn: version(v) }
}

fn none() -> Grants {
    Grants::none(project())
}

fn given(granting: &Granting, grants: Grants, holder: Holder) -> Grants {
    match granting.ask(grants, holder, at(0)) {
        Asked::Given(grants) => grants,
        other => panic!("{other:?}"),
    }
}

/// Grants for as many versions as fit, and how many that is.
fn full(granting: &Granting) -> (Grants, usize) {
    let mut grants = none();
    for n in 0.. {
        match granting.ask(grants.clone(), holder(n, n), at(0)) {
            Asked::Given(more) => grants = more,
            Asked::Full => return (grants, n),
            Asked::Held => panic!("a new holder holds nothing"),
        }
    }
    panic!("never full")
}

#[test]
fn a_policy_allows_exactly_what_is_held() {
    let granting = granting();
    let grants = given(&granting, given(&granting, none(), holder(1, 1)), holder(2, 2));
    let allows = granting.allows(&grants);
    assert_eq!(allows.resources, [version(1), version(2)].map(String::from).into());
    assert_eq!(allows.principals, [START, CHECK].map(str::to_owned).into());
    assert!(granting.allows(&none()).resources.is_empty());
}

#[test]
fn two_requests_for_one_version_are_one_resource_until_both_have_ended() {
    let granting = granting();
    let both = given(&granting, given(&granting, none(), holder(1, 7)), holder(2, 7));
    let is_first = |key: &RecordKey| *key == holder(1, 7).key;
    let one = both.released(is_first, at(1)).unwrap();
    assert_eq!(granting.allows(&one).resources, [String::from(version(7))].into());
    assert!(granting.allows(&one.released(|_| true, at(2)).unwrap()).resources.is_empty());
}

#[test]
fn who_asks_again_holds_already() {
    let grants = given(&granting(), none(), holder(1, 1));
    assert_eq!(granting().ask(grants, holder(1, 1), at(1)), Asked::Held);
}

#[test]
fn a_policy_is_full_at_2000_characters_and_never_longer() {
    let granting = granting();
    let (grants, room) = full(&granting);
    assert!((10..20).contains(&room), "{room}");
    let document = granting.allows(&grants).document();
    assert!(document.chars().count() <= CHARACTERS);
    assert!(document.chars().count() + version(room).as_str().len() + 3 > CHARACTERS);
}

#[test]
fn a_version_that_is_in_a_full_policy_already_needs_no_room() {
    let granting = granting();
    let (grants, _) = full(&granting);
    assert!(matches!(granting.ask(grants, holder(99, 0), at(0)), Asked::Given(_)));
}

#[test]
fn room_that_is_left_is_given_again() {
    let granting = granting();
    let (grants, room) = full(&granting);
    let grants = grants.released(|key| *key == holder(3, 3).key, at(1)).unwrap();
    let grants = given(&granting, grants, holder(room, room));
    let resources = granting.allows(&grants).resources;
    assert!(resources.contains(version(room).as_str()) && !resources.contains(version(3).as_str()));
}

#[test]
fn all_versions_are_allowed_at_once_only_by_choice_and_only_while_single_ones_do_not_fit() {
    let (grants, room) = full(&granting());
    let wide = Granting { project_wide: true, ..granting() };
    let more = given(&wide, grants, holder(room, room));
    let every = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/*";
    assert_eq!(wide.allows(&more).resources, [every.to_owned()].into());
    let fewer = more.released(|key| *key == holder(0, 0).key, at(1)).unwrap();
    assert_eq!(wide.allows(&fewer).resources.len(), room);
}

#[test]
fn longer_principals_take_no_more_than_what_no_longer_fits() {
    let (grants, room) = full(&granting());
    let mut longer = granting();
    longer.principals.insert("arn:aws:iam::444455556666:role/one-more".to_owned());
    let allows = longer.allows(&grants);
    assert!(allows.fits());
    assert_eq!(allows.resources.len(), room - 1);
}

#[test]
fn one_item_never_holds_more_than_it_has_room_for() {
    let granting = granting();
    let mut grants = none();
    grants.holders = (0..HOLDERS).map(|n| holder(n, 1)).collect();
    let last = grants.holders.pop().unwrap();
    let grants = given(&granting, grants, last);
    assert_eq!(granting.ask(grants, holder(HOLDERS, 1), at(0)), Asked::Full);
}

#[test]
fn a_grant_goes_through_the_role_of_the_source_account() {
    let granting = granting();
    assert!(granting.serves("111122223333") && !granting.serves("444455556666"));
    assert_eq!(granting.role_for(&starting()), "arn:aws:iam::111122223333:role/grants");
    let without = Granting { roles: Default::default(), ..granting };
    assert_eq!(without.role_for(&starting()), "");
}

#[test]
fn nobody_is_released_who_is_not_over() {
    let grants = given(&granting(), none(), holder(1, 1));
    assert_eq!(grants.released(|_| false, at(1)), None);
}

#[test]
fn grants_are_due_at_once_after_a_change_now_and_then_while_held_and_then_never() {
    let grants = given(&granting(), none(), holder(1, 1));
    assert_eq!(grants.due(), Some(at(0)));
    let settled = grants.settled(after(at(0), LEASE)).unwrap();
    assert_eq!(settled.due(), Some(after(after(at(0), LEASE), AUDIT)));
    let released = settled.released(|_| true, at(9000)).unwrap();
    assert_eq!(released.due(), Some(at(9000)));
    assert_eq!(released.settled(after(at(9000), LEASE)).unwrap().due(), None);
}

#[test]
fn grants_settle_only_when_no_change_of_ours_can_land_any_more() {
    let grants = given(&granting(), none(), holder(1, 1));
    let almost = after(at(0), LEASE - SignedDuration::from_millis(1));
    assert_eq!(grants.clone().settled(almost), None);
    let settled = grants.settled(after(at(0), LEASE)).unwrap();
    assert_eq!(settled.clone().settled(after(at(0), LEASE)), None, "nothing new");
    assert!(settled.settled(after(after(at(0), LEASE), AUDIT)).is_some());
}

#[test]
fn a_policy_is_changed_only_soon_after_the_grants_were_written() {
    let grants = given(&granting(), none(), holder(1, 1));
    assert!(grants.may_change_policy(at(0)));
    assert!(!grants.may_change_policy(after(at(0), CHANGE_BY)));
    let settled = grants.settled(after(at(0), LEASE)).unwrap();
    assert!(!settled.may_change_policy(after(at(0), LEASE)), "at rest");
    assert!(settled.changing(at(5000)).may_change_policy(at(5000)));
}

#[test]
fn a_change_that_was_sent_in_time_lands_before_the_grants_settle() {
    assert!(CHANGE_BY + crate::domain::times::SIGNATURE < LEASE);
}

#[test]
fn a_record_needs_its_grant_until_it_has_ended_or_is_gone() {
    let record = Record { grant: true, ..starting() };
    assert!(needs_grant(Some(&record)));
    assert!(!needs_grant(Some(&starting())), "it was withdrawn, or never given");
    assert!(!needs_grant(Some(&record.ending(Status::Failed, None, None, at(1)))));
    assert!(!needs_grant(None));
}

#[test]
fn a_project_without_room_for_a_policy_is_full_and_no_refusal() {
    let refused = |action, code: &str| {
        let refusal = Refusal { code: code.to_owned(), message: "because".to_owned() };
        Ungranted::from(PolicyError::Refused { action, refusal })
    };
    let full = Ungranted::Full("because".to_owned());
    assert_eq!(refused("rekognition:PutProjectPolicy", "LimitExceededException"), full);
    assert_eq!(refused("rekognition:PutProjectPolicy", "ServiceQuotaExceededException"), full);
    for (action, code) in [
        ("rekognition:PutProjectPolicy", "AccessDeniedException"),
        ("rekognition:ListProjectPolicies", "LimitExceededException"),
    ] {
        assert!(matches!(refused(action, code), Ungranted::Refused { .. }), "{action} {code}");
    }
}

#[test]
fn a_policy_name_is_one_and_says_whose_it_is() {
    assert_eq!(policy_name("444455556666"), "rekognition-model-copier-444455556666");
}

#[test]
fn grants_read_back_what_was_written() {
    let grants = given(&granting(), none(), holder(1, 1));
    let json = serde_json::to_string(&grants).unwrap();
    assert_eq!(serde_json::from_str::<Grants>(&json).unwrap(), grants);
}

#[test]
fn a_policy_of_ours_is_left_as_it_is_when_it_says_what_is_held() {
    let grants = given(&granting(), none(), holder(1, 1));
    let allows = granting().allows(&grants);
    let policy = Policy { revision_id: "1".to_owned(), document: allows.document() };
    assert_eq!(allows.change(Some(&policy)), None);
}
