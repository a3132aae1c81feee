//! Copies across accounts with nothing prepared but the two stacks' roles: the real programs, in a sandbox that
//! evaluates trust, permissions and project policies.

mod refused;
mod room;
mod trouble;

use std::collections::BTreeSet;

use crate::support::{ACCOUNT, COPY, Copier, SOURCE, SOURCE_VERSION};
use crate::support::{minutes, request, seconds, with};
use sandbox::{Effect, Fault, PolicyChange, Role, Settings, Version, World};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/copier-grants";
const START: &str = "arn:aws:iam::444455556666:role/start-copy";
const CHECK: &str = "arn:aws:iam::444455556666:role/check-copies";
const EXTERNAL_ID: &str = "flowers-and-nothing-else";
const OURS: &str = "rekognition-model-copier-444455556666";

/// The lines that have this metric, each of them with these dimensions.
fn measured(copier: &Copier, metric: &str, dimensions: &[&str]) -> Vec<Value> {
    let lines = copier.deployment.logs().unwrap();
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<_> = lines.filter(|line| line[metric].is_number()).collect();
    for line in &lines {
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([dimensions]));
        assert_eq!(line["Service"], "rekognition.model-copier");
    }
    lines
}

/// The environment that template.yaml makes of its parameters.
fn variables() -> [(&'static str, &'static str); 4] {
    let copier = "arn:aws:iam::444455556666:role/start-copy,arn:aws:iam::444455556666:role/check-copies";
    [
        ("SOURCE_ACCOUNT_ROLES", ROLE),
        ("COPIER_ROLE_ARNS", copier),
        ("EXTERNAL_ID", EXTERNAL_ID),
        ("ALLOWED_OUTPUT_BUCKETS", "flowers-production-models"),
    ]
}

/// The role of source-account.yaml.
fn grant_role() -> Role {
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
            "Sid": "GrantAndWithdraw",
            "Effect": "Allow",
            "Action": [
                "rekognition:PutProjectPolicy",
                "rekognition:ListProjectPolicies",
                "rekognition:DeleteProjectPolicy"
            ],
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

/// The copier and the companion deployed, no policy anywhere, and 20 more models.
async fn deployed_with(more: &[(&str, &str)], change: impl FnOnce(&mut World)) -> Copier {
    let variables: Vec<_> = variables().into_iter().chain(more.iter().copied()).collect();
    let copier = Copier::deployed_with(&variables).await;
    copier.sandbox().change(|world| {
        world.roles.push(grant_role());
        let project =
            world.projects.iter_mut().find(|project| project.project_arn.to_string() == SOURCE).unwrap();
        project.policies.clear();
        let trained = project.versions[0].clone();
        project.versions.extend(
            (0..20).map(|n| Version { project_version_arn: version(n).parse().unwrap(), ..trained.clone() }),
        );
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

fn policies(copier: &Copier) -> Vec<(String, String)> {
    let project = copier.sandbox().project(SOURCE).unwrap();
    project.policies.into_iter().map(|policy| (policy.name, policy.document)).collect()
}

/// What a document of ours allows. Everything else about it has to be as it always is.
fn allowed(document: &str) -> BTreeSet<String> {
    assert!(document.chars().count() <= 2000);
    let document: Value = serde_json::from_str(document).unwrap();
    let statement = &document["Statement"][0];
    assert_eq!(document["Statement"].as_array().unwrap().len(), 1);
    assert_eq!(statement["Principal"], json!({"AWS": [CHECK, START]}));
    assert_eq!(
        (&statement["Effect"], &statement["Action"]),
        (&json!("Allow"), &json!("rekognition:CopyProjectVersion"))
    );
    let resources = statement["Resource"].as_array().unwrap();
    resources.iter().map(|resource| resource.as_str().unwrap().to_owned()).collect()
}

/// The changes of policies since the first `seen`.
fn changes(copier: &Copier, seen: usize) -> Vec<PolicyChange> {
    let changes = copier.sandbox().policy_changes().split_off(seen);
    assert!(changes.iter().all(|change| change.project_arn == SOURCE && change.name == OURS), "{changes:?}");
    changes
}

#[tokio::test]
async fn a_copy_across_accounts_needs_nothing_but_the_roles_and_leaves_no_policy_behind() {
    let copier = deployed().await;
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    let [(name, document)] = &policies(&copier)[..] else { panic!("{:?}", policies(&copier)) };
    assert_eq!((name.as_str(), allowed(document)), (OURS, [SOURCE_VERSION.to_owned()].into()));

    copier.pass(seconds(31)).await;
    assert_eq!(copier.sweep().await["completed"], 1);
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
    let report = copier.sweep().await;
    assert_eq!((&report["withdrawn"], &report["policyErrors"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(policies(&copier), []);
    assert_eq!(changes(&copier, 0).len(), 2, "put once, deleted once");

    copier.pass(minutes(21)).await;
    copier.sweep().await;
    let calls = copier.sandbox().calls().len();
    copier.pass(minutes(60)).await;
    copier.sweep().await;
    let later = &copier.sandbox().calls()[calls..];
    assert!(later.iter().all(|call| !call.action.contains("Policies")), "at rest: {later:?}");
    let grants = copier.item_by_key(&format!("grants#{SOURCE}")).await.unwrap();
    assert!(grants.contains_key("expiresAt") && !grants.contains_key("due"), "{grants:?}");
}

#[tokio::test]
async fn without_a_role_a_policy_that_somebody_else_attached_is_used() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    assert_eq!(copier.calls("sts:AssumeRole"), 0);
    assert_eq!(copier.sandbox().policy_changes(), []);
}
