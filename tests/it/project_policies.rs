//! Tests of copies across accounts with the real programs. The sandbox evaluates trust, permissions and project policies. Only
//! the roles of the two stacks are prepared.

use crate::support::{ACCOUNT, COPY, Copier, SOURCE, SOURCE_VERSION};
use crate::support::{minutes, project, request, seconds, with};
use jiff::Timestamp;
use sandbox::{ProjectPolicy, Role, Version, World};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/model-copier-policies";
const START: &str = "arn:aws:iam::444455556666:role/start-copy";
const CHECK: &str = "arn:aws:iam::444455556666:role/check-copies";
const EXTERNAL_ID: &str = "flowers-and-nothing-else";
const OURS: &str = "model-copier-444455556666-rekognition-model-copier";
const PUT: &str = "rekognition:PutProjectPolicy";
const LIST: &str = "rekognition:ListProjectPolicies";

/// The environment that template.yaml derives from its parameters.
const VARIABLES: [(&str, &str); 4] = [
    ("SOURCE_ACCOUNT_ROLES", ROLE),
    (
        "COPIER_ROLE_ARNS",
        "arn:aws:iam::444455556666:role/start-copy,arn:aws:iam::444455556666:role/check-copies",
    ),
    ("EXTERNAL_ID", EXTERNAL_ID),
    ("ALLOWED_OUTPUT_BUCKETS", "flowers-production-models"),
];

/// The role of source-account.yaml.
fn companion_role() -> Role {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:PrincipalArn": [START, CHECK], "sts:ExternalId": EXTERNAL_ID}}
        }]
    });
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": [PUT, LIST, "rekognition:DeleteProjectPolicy"],
            "Resource": [SOURCE]
        }]
    });
    Role { role_arn: ROLE.to_owned(), trust: trust.to_string(), policy: policy.to_string() }
}

fn version(n: usize) -> String {
    format!(
        "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.{n:02}/{}",
        1762077600001 + n
    )
}

/// Deploys the copier and the companion, without project policies and with 20 more models.
async fn deployed_with(more: &[(&str, &str)], change: impl FnOnce(&mut World)) -> Copier {
    let copier = Copier::deployed_with(&[&VARIABLES, more].concat()).await;
    copier.sandbox().change(|world| {
        world.roles.push(companion_role());
        let source = project(world, SOURCE);
        source.policies.clear();
        let trained = source.versions[0].clone();
        let version = |n| Version { project_version_arn: version(n).try_into().unwrap(), ..trained.clone() };
        source.versions.extend((0..20).map(version));
        change(world);
    });
    copier
}

async fn deployed() -> Copier {
    deployed_with(&[], |_| {}).await
}

/// A request to copy model `n`.
fn request_for(n: usize) -> Value {
    with(request(&format!("v{n}")), json!({"sourceProjectVersionArn": version(n)}))
}

fn policies(copier: &Copier) -> Vec<ProjectPolicy> {
    copier.sandbox().project(SOURCE).unwrap().policies
}

/// Returns when the project's only policy expires, and checks that it is the copier's.
fn expiry(copier: &Copier) -> Timestamp {
    let [policy] = &policies(copier)[..] else { panic!("{:?}", policies(copier)) };
    assert_eq!(policy.name, OURS);
    let document: Value = serde_json::from_str(&policy.document).unwrap();
    let condition = &document["Statement"][0]["Condition"];
    condition["DateLessThan"]["aws:CurrentTime"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_copy_across_accounts_needs_only_the_roles_and_its_policy_expires_after_an_hour() {
    let copier = deployed().await;
    let before = copier.sandbox().clock().now();
    copier.send([request("v1")]).await;
    assert_eq!(copier.statuses("v1"), ["STARTED"]);
    let left = expiry(&copier).duration_since(before);
    assert!((minutes(59)..=minutes(60)).contains(&left), "{left}");

    copier.pass(seconds(31));
    assert_eq!(copier.sweep().await["completed"], 1);
    assert_eq!(copier.calls(PUT), 1, "the policy is not withdrawn");

    // Without the companion's role, the policy cannot be put again.
    copier.sandbox().change(|world| world.roles[0].role_arn.push_str("-gone"));
    copier.pass(minutes(60));
    copier.send([request_for(0)]).await;
    assert_eq!(copier.statuses("v0"), ["QUEUED"]);
    assert_eq!(copier.calls(COPY), 1);
}

#[tokio::test]
async fn twenty_requests_of_one_batch_share_one_policy() {
    let copier = deployed().await;
    let requests: Vec<Value> = (0..20).map(request_for).collect();
    copier.send(&requests).await;
    for n in 0..20 {
        assert_eq!(copier.statuses(&format!("v{n}")), ["STARTED"], "{n}");
    }
    assert_eq!(copier.calls(PUT), 1);
    assert!(copier.calls(LIST) <= 2, "{}", copier.calls(LIST));
}

#[tokio::test]
async fn in_a_full_project_an_expired_policy_of_another_copier_is_replaced() {
    let expired = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
        "Action": "rekognition:CopyProjectVersion", "Resource": "*",
        "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}
    }]});
    let copier = deployed_with(&[], |world| {
        let policy = World::small().projects[0].policies[0].clone();
        let document = policy.document.replace(ACCOUNT, "777788889999");
        let other =
            |n| ProjectPolicy { name: format!("other-{n}"), document: document.clone(), ..policy.clone() };
        let name = "model-copier-999988887777-copier".to_owned();
        let expired = ProjectPolicy { name, document: expired.to_string(), ..policy.clone() };
        project(world, SOURCE).policies.extend([expired].into_iter().chain((1..5).map(other)));
    })
    .await;
    copier.send([request("v1")]).await;
    assert_eq!(copier.statuses("v1"), ["STARTED"]);
    let names: Vec<String> = policies(&copier).into_iter().map(|policy| policy.name).collect();
    assert_eq!(names, ["other-1", "other-2", "other-3", "other-4", OURS]);
}

#[tokio::test]
async fn an_expired_session_is_replaced() {
    let copier = deployed().await;
    copier.send([request_for(0)]).await;
    copier.pass(minutes(61));
    copier.send([request_for(1)]).await;
    assert_eq!((copier.statuses("v1"), copier.calls("sts:AssumeRole")), (vec!["STARTED".to_owned()], 2));
}

#[tokio::test]
async fn a_wrong_external_id_another_copier_and_an_unlisted_project_are_refused() {
    type Case =
        (&'static [(&'static str, &'static str)], fn(&mut Role), &'static str, &'static [&'static str]);
    let cases: [Case; 3] = [
        (&[("EXTERNAL_ID", "guessed")], |_| {}, "AccessDenied", &[ROLE, "ExternalId"]),
        (&[], |role| role.trust = role.trust.replace(":role/", ":role/other-"), "AccessDenied", &[ROLE]),
        (
            &[],
            |role| role.policy = role.policy.replace("project/flowers/", "project/trees/"),
            "AccessDeniedException",
            &[ROLE, SOURCE, "ProjectArns"],
        ),
    ];
    for (variables, change, code, remedy) in cases {
        let copier = deployed_with(variables, |world| change(&mut world.roles[0])).await;
        copier.send([request("v1")]).await;
        assert_eq!(copier.statuses("v1"), ["QUEUED"]);
        let report = copier.sweep_after(minutes(5)).await;
        assert_eq!((&report["waiting"]["PolicyNotPut"], &report["policyErrors"]), (&json!(1), &json!(1)));
        copier.sweep_after(minutes(11)).await;
        assert_eq!(copier.statuses("v1"), ["QUEUED", "FAILED"]);
        assert_eq!(copier.calls(COPY), 0, "without a policy, no copy is started");
        assert!(policies(&copier).is_empty());
        let failure = copier.last("v1")["failure"].clone();
        assert_eq!(failure["code"], code);
        for part in remedy {
            assert!(failure["remedy"].as_str().unwrap().contains(part), "{part} in {failure}");
        }
        assert!(!failure.to_string().contains("guessed"), "the external id is secret: {failure}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_allowed_puts_no_policy() {
    let copier = deployed().await;
    let elsewhere = |text: &str| json!(text.replace("111122223333", "777788889999"));
    let stranger = with(
        request("stranger"),
        json!({"sourceProjectArn": elsewhere(SOURCE), "sourceProjectVersionArn": elsewhere(SOURCE_VERSION)}),
    );
    let bucket = with(request("bucket"), json!({"outputConfig": {"s3Bucket": "somebody-elses"}}));
    copier.send([stranger, bucket]).await;
    for (id, field) in [("stranger", "sourceProjectArn"), ("bucket", "outputConfig.s3Bucket")] {
        assert_eq!(copier.statuses(id), ["REJECTED"], "{id}");
        let message = copier.last(id)["failure"]["message"].clone();
        assert!(message.as_str().unwrap().contains(field), "{message}");
    }
    copier.sweep().await;
    assert_eq!((copier.calls("sts:AssumeRole"), copier.calls(COPY)), (0, 0));
}
