//! Which policies are malformed, and which calls a statement covers.

use serde_json::json;

use super::*;
use crate::caller::Sessions;

const RESOURCE: &str = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/*";
const VERSION: &str =
    "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.1/1762077600000";
const ROLE: &str = "arn:aws:iam::444455556666:role/copier";

const PROJECT: Kind<'_> = Kind::Project("arn:aws:rekognition:us-east-1:111122223333:project/flowers");

fn statement(change: &Value) -> Value {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": ACTION,
        "Resource": RESOURCE,
    });
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => statement.as_object_mut().unwrap().remove(name),
            value => statement.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    statement
}

fn read(statements: &[Value]) -> Result<Policy, Malformed> {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    Policy::read(&document.to_string(), PROJECT)
}

/// The verdict for a session of [`ROLE`].
fn verdict(statements: &[Value]) -> Verdict {
    let (caller, ..) = Sessions::default().open(ROLE, "session", jiff::Timestamp::MAX).unwrap();
    let context = [
        ("aws:principalarn", vec![caller.principal_arn.clone()]),
        ("aws:principalaccount", vec![caller.account.clone()]),
        ("aws:principalorgid", vec!["o-flowers0001".to_owned()]),
        ("aws:securetransport", vec!["true".to_owned()]),
        ("aws:currenttime", vec!["2026-11-24T12:00:00Z".to_owned()]),
        ("aws:tagkeys", vec!["team".to_owned(), "stage".to_owned()]),
    ];
    let context = context.map(|(key, values)| (key.to_owned(), values)).into();
    let question = Question { caller: &caller, action: ACTION, resource: VERSION, context };
    evaluate(&[read(statements).unwrap()], &question)
}

#[test]
fn a_principal_covers_whom_it_names() {
    for (principal, covered) in [
        (json!("*"), true),
        (json!({"AWS": "*"}), true),
        (json!({"AWS": "444455556666"}), true),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), true),
        (json!({"AWS": ROLE}), true),
        (json!({"AWS": ["777788889999", ROLE]}), true),
        (json!({"AWS": "arn:aws:sts::444455556666:assumed-role/copier/session"}), true),
        (json!({"AWS": "arn:aws:sts::444455556666:assumed-role/copier/another"}), false),
        (json!({"AWS": "777788889999"}), false),
        (json!({"AWS": "arn:aws:iam::444455556666:role/another"}), false),
        (json!({"Service": "rekognition.amazonaws.com"}), false),
    ] {
        let expected = if covered { Verdict::Allowed } else { Verdict::NotCovered };
        assert_eq!(verdict(&[statement(&json!({"Principal": principal}))]), expected, "{principal}");
    }
}

#[test]
fn a_resource_covers_the_versions_it_matches() {
    for (resource, covered) in [
        (RESOURCE, true),
        (VERSION, true),
        ("*", true),
        ("arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.?/*", true),
        ("arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/roses*", false),
    ] {
        let expected = if covered { Verdict::Allowed } else { Verdict::NotCovered };
        assert_eq!(verdict(&[statement(&json!({"Resource": resource}))]), expected, "{resource}");
    }
}

#[test]
fn what_aws_leaves_open_about_a_policy_is_a_choice() {
    let condition = json!({"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-24T13:00:00Z"}}});
    for (change, refuse) in [
        (json!({"Effect": "ALLOW"}), Settings { upper_case_effect: false, ..Settings::default() }),
        (json!({"Resource": "*"}), Settings { star_resource: false, ..Settings::default() }),
        (condition, Settings { policy_conditions: PolicyConditions::Refused, ..Settings::default() }),
    ] {
        let policy = read(&[statement(&change)]).unwrap();
        let accept = Settings { upper_case_effect: true, ..Settings::default() };
        assert!(policy.check(&accept).is_ok(), "{change}");
        assert!(policy.check(&refuse).is_err(), "{change}");
    }
}

#[test]
fn a_condition_holds_as_iam_defines_it() {
    for (condition, holds) in [
        (json!({"StringEquals": {"aws:PrincipalOrgID": "o-flowers0001"}}), true),
        (json!({"StringEquals": {"aws:PrincipalOrgID": ["o-other", "o-flowers0001"]}}), true),
        (json!({"StringEquals": {"aws:PrincipalOrgID": "o-other"}}), false),
        (json!({"StringEquals": {"AWS:principalorgid": "o-flowers0001"}}), true),
        (json!({"StringNotEquals": {"aws:PrincipalOrgID": ["o-other", "o-flowers0001"]}}), false),
        (json!({"StringNotEquals": {"aws:PrincipalTag/absent": "x"}}), true),
        (json!({"StringEquals": {"aws:PrincipalTag/absent": "x"}}), false),
        (json!({"StringEqualsIfExists": {"aws:PrincipalTag/absent": "x"}}), true),
        (json!({"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-FLOWERS0001"}}), true),
        (json!({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/cop*"}}), true),
        (json!({"StringNotLike": {"aws:PrincipalArn": "*copier"}}), false),
        (json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/cop*"}}), true),
        (json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/copier"}}), true),
        (json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:*"}}), false),
        (json!({"Bool": {"aws:SecureTransport": true}}), true),
        (json!({"Bool": {"aws:SecureTransport": "false"}}), false),
        (json!({"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}), true),
        (json!({"DateGreaterThan": {"aws:CurrentTime": "2026-11-24T12:00:00Z"}}), false),
        (json!({"DateGreaterThanEquals": {"aws:CurrentTime": "2026-11-24T12:00:00Z"}}), true),
        (json!({"DateLessThan": {"aws:CurrentTime": "2026-11-25"}}), true),
        (json!({"Null": {"aws:PrincipalTag/absent": "true"}}), true),
        (json!({"Null": {"aws:PrincipalArn": "true"}}), false),
        (json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage", "x"]}}), true),
        (json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}), false),
        (json!({"ForAnyValue:StringEquals": {"aws:TagKeys": ["stage"]}}), true),
        (
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-flowers0001", "aws:PrincipalAccount": "1"}}),
            false,
        ),
    ] {
        let expected = if holds { Verdict::Allowed } else { Verdict::NotCovered };
        assert_eq!(verdict(&[statement(&json!({"Condition": condition}))]), expected, "{condition}");
    }
}

#[test]
fn an_explicit_deny_wins_over_any_allow() {
    let allow = statement(&json!({}));
    let deny = statement(&json!({"Effect": "Deny", "Principal": {"AWS": ROLE}}));
    assert_eq!(verdict(&[allow.clone(), deny.clone()]), Verdict::Denied);
    assert_eq!(verdict(&[deny, allow]), Verdict::Denied);
}

#[test]
fn what_the_documentation_forbids_is_malformed() {
    for change in [
        json!({"Effect": null}),
        json!({"Effect": "Permit"}),
        json!({"Principal": null}),
        json!({"Principal": {}}),
        json!({"Principal": {"AWS": []}}),
        json!({"Principal": {"AWS": "somebody"}}),
        json!({"Principal": {"AWS": "arn:aws:iam::444455556666:role/*"}}),
        json!({"Principal": {"Who": "444455556666"}}),
        json!({"Action": null}),
        json!({"Action": []}),
        json!({"Action": "rekognition:*"}),
        json!({"Action": ["rekognition:CopyProjectVersion", "rekognition:DetectLabels"]}),
        json!({"Resource": null}),
        json!({"Resource": "arn:aws:rekognition:us-east-1:111122223333:project/roses/version/*"}),
        json!({"NotAction": "x"}),
        json!({"NotResource": "x"}),
        json!({"NotPrincipal": "x"}),
        json!({"Something": "x"}),
        json!({"Condition": {"Guess": {"aws:PrincipalArn": "x"}}}),
        json!({"Condition": {"DateNotLessThan": {"aws:CurrentTime": "2026-11-24"}}}),
        json!({"Condition": {"NullIfExists": {"aws:PrincipalArn": "true"}}}),
        json!({"Condition": {"StringEquals": {"aws:PrincipalArn": {}}}}),
        json!({"Condition": "x"}),
    ] {
        assert!(read(&[statement(&change)]).is_err(), "{change}");
    }
    for document in ["", "x", "[]", "{}", r#"{"Statement": []}"#, r#"{"Version": "2013", "Statement": {}}"#] {
        assert!(Policy::read(document, PROJECT).is_err(), "{document}");
    }
}

#[test]
fn an_element_of_another_json_type_is_malformed() {
    let statement = statement(&json!({}));
    for document in [
        json!(["2012-10-17", null, [statement]]),
        json!({"Version": "2012-10-17", "Statement": [["x", "Allow", {"AWS": "444455556666"}, ACTION, "*", {}]]}),
        json!({"Version": null, "Statement": [statement]}),
        json!({"Version": {"2012-10-17": null}, "Statement": [statement]}),
    ] {
        assert!(Policy::read(&document.to_string(), PROJECT).is_err(), "{document}");
    }
}
