//! When the copier's policy fits, and what is done when it does not.

use super::*;
use crate::domain::examples::at;

const ROLES: [&str; 2] =
    ["arn:aws:iam::444455556666:role/check-copies", "arn:aws:iam::444455556666:role/start-copy"];
const MIN: i64 = 60;

fn ours() -> CopierPolicy {
    CopierPolicy {
        name: CopierPolicy::name_of("444455556666", "copier"),
        principals: ROLES.map(str::to_owned).into(),
        expires: true,
    }
}

fn policy(name: &str, document: impl Into<String>) -> ProjectPolicy {
    let document = document.into();
    ProjectPolicy { name: name.to_owned(), revision_id: "7".to_owned(), document, updated_at: None }
}

/// The copier's policy as it was put at this second.
fn put_at(seconds: i64) -> ProjectPolicy {
    policy(&ours().name, ours().document(at(seconds)))
}

fn put(revision_id: Option<&str>) -> Result<Option<Change>, Vec<String>> {
    Ok(Some(Change::Put { revision_id: revision_id.map(str::to_owned) }))
}

#[test]
fn the_document_admits_both_roles_to_this_project_for_an_hour() {
    assert_eq!(
        serde_json::from_str::<Value>(&ours().document(at(0))).unwrap(),
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "AWS": ROLES },
                "Action": "rekognition:CopyProjectVersion",
                "Resource": "*",
                "Condition": { "DateLessThan": { "aws:CurrentTime": "2026-11-24T11:00:00Z" } }
            }]
        })
    );
    let unconditioned = CopierPolicy { expires: false, ..ours() };
    assert!(!unconditioned.document(at(0)).contains("Condition"));
}

#[test]
fn no_document_allows_anything_later_than_an_hour_after_it_was_put() {
    let now = saturating_add(at(0), SignedDuration::from_millis(999));
    let expiry = Statement::read(&ours().document(now)).unwrap().expiry.unwrap();
    assert!(expiry <= saturating_add(now, POLICY_LIFETIME));
}

#[test]
fn a_name_has_at_most_128_characters() {
    assert_eq!(CopierPolicy::name_of("444455556666", "copier"), "model-copier-444455556666-copier");
    assert_eq!(CopierPolicy::name_of("444455556666", &"s".repeat(128)).len(), 128);
}

#[test]
fn a_missing_policy_is_put_without_a_revision() {
    assert_eq!(ours().change(&[], false, at(0)), put(None));
    assert_eq!(ours().change(&[policy("another", "{}")], false, at(0)), put(None));
}

#[test]
fn a_policy_fits_until_15_minutes_before_it_expires() {
    let change = |seconds| ours().change(&[put_at(0)], false, at(seconds));
    assert_eq!(change(0), Ok(None));
    assert_eq!(change(45 * MIN), Ok(None));
    assert_eq!(change(45 * MIN + 1), put(Some("7")));
    assert_eq!(change(120 * MIN), put(Some("7")));
    assert_eq!(change(-5 * MIN), Ok(None), "put by a clock that is ahead");
    assert_eq!(change(-5 * MIN - 1), put(Some("7")), "put by somebody else");
}

#[test]
fn a_policy_in_other_words_fits() {
    let expiry = "2026-11-24T11:00:00Z";
    let document = json!({ "Statement": {
        "Sid": "a", "Effect": "Allow", "Principal": { "AWS": [ROLES[1], ROLES[0]] }, "Action": [ACTION],
        "Resource": ["*"], "Condition": { "DateLessThan": { "aws:currenttime": [expiry] } }
    }});
    let policies = [policy(&ours().name, document.to_string())];
    assert_eq!(ours().change(&policies, false, at(0)), Ok(None));
}

#[test]
fn a_policy_that_says_more_or_less_is_replaced() {
    let with = |member: &str, value: Value| {
        let mut document: Value = serde_json::from_str(&ours().document(at(0))).unwrap();
        document["Statement"][0][member] = value;
        document.to_string()
    };
    for document in [
        with("Effect", json!("Deny")),
        with("Action", json!("rekognition:*")),
        with("Principal", json!("*")),
        with("Principal", json!({ "AWS": ROLES[0] })),
        with("Principal", json!({ "AWS": ROLES, "Service": "lambda.amazonaws.com" })),
        with("Resource", json!("arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/*")),
        with("Resource", json!(["*", "*/*"])),
        with("Resource", json!(7)),
        with("NotResource", json!("*")),
        with("Condition", json!({ "Bool": { "aws:SecureTransport": "true" } })),
        with("Condition", json!({ "DateLessThan": { "aws:CurrentTime": "tomorrow" } })),
        with("Condition", json!({})),
        CopierPolicy { expires: false, ..ours() }.document(at(0)),
        json!({ "Statement": [] }).to_string(),
        "no JSON".to_owned(),
    ] {
        let change = ours().change(&[policy(&ours().name, &*document)], false, at(0));
        assert_eq!(change, put(Some("7")), "{document}");
    }
}

#[test]
fn without_expiry_only_an_unconditioned_policy_fits() {
    let forever = CopierPolicy { expires: false, ..ours() };
    assert_eq!(forever.change(&[put_at(0)], false, at(0)), put(Some("7")));
    let unconditioned = policy(&ours().name, forever.document(at(0)));
    assert_eq!(forever.change(&[unconditioned], false, at(1000 * MIN)), Ok(None));
}

#[test]
fn after_a_refusal_a_policy_is_put_once_more_if_it_is_over_a_minute_old() {
    let change = |seconds| ours().change(&[put_at(0)], true, at(seconds));
    assert_eq!(change(MIN), Ok(None));
    assert_eq!(change(MIN + 1), put(Some("7")));

    let forever = CopierPolicy { expires: false, ..ours() };
    let mut policies = [policy(&ours().name, forever.document(at(0)))];
    assert_eq!(forever.change(&policies, true, at(0)), put(Some("7")), "nobody knows how old it is");
    policies[0].updated_at = Some(at(0));
    assert_eq!(forever.change(&policies, true, at(MIN)), Ok(None));
    assert_eq!(forever.change(&policies, true, at(MIN + 1)), put(Some("7")));
}

#[test]
fn a_full_project_gives_up_one_expired_policy_of_a_copier() {
    let expired = ProjectPolicy { revision_id: "9".to_owned(), ..put_at(-61 * MIN) };
    let expired = ProjectPolicy { name: "model-copier-999988887777-other".to_owned(), ..expired };
    let others: Vec<_> = (0..4).map(|n| policy(&format!("p{n}"), "{}")).collect();
    let change = |fifth: ProjectPolicy| ours().change(&[&others[..], &[fifth]].concat(), false, at(0));
    let delete = Change::Delete { name: expired.name.clone(), revision_id: "9".to_owned() };
    assert_eq!(change(expired.clone()), Ok(Some(delete)));

    let names = |fifth: &str| Err(["p0", "p1", "p2", "p3", fifth].map(str::to_owned).to_vec());
    let valid = ProjectPolicy { document: ours().document(at(0)), ..expired.clone() };
    assert_eq!(change(valid), names("model-copier-999988887777-other"));
    let foreign = ProjectPolicy { name: "theirs".to_owned(), ..expired };
    assert_eq!(change(foreign), names("theirs"));
    assert_eq!(change(put_at(-61 * MIN)), put(Some("7")), "a put of the copier's own policy needs no room");
}
