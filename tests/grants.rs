//! Copies across accounts with nothing prepared but the two stacks' roles: the real programs, in a sandbox that
//! evaluates trust, permissions and project policies.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails says where"
)]

mod support;

use std::collections::BTreeSet;

use sandbox::{Effect, Fault, PolicyChange, Role, Settings, Version, World};
use serde_json::{Value, json};
use support::{ACCOUNT, COPY, Copier, SOURCE, SOURCE_VERSION};
use support::{minutes, request, seconds, with};

const ROLE: &str = "arn:aws:iam::111122223333:role/copier-grants";
const START: &str = "arn:aws:iam::444455556666:role/start-copy";
const CHECK: &str = "arn:aws:iam::444455556666:role/check-copies";
const EXTERNAL_ID: &str = "flowers-and-nothing-else";
const OURS: &str = "rekognition-model-copier-444455556666";

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
async fn twenty_requests_at_once_complete_and_no_policy_allows_more_than_what_is_being_copied() {
    let copier = deployed().await;
    let requests: Vec<Value> = (0..20).map(request_for).collect();
    let mut seen = 0;
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    let ended = |copier: &Copier| -> BTreeSet<usize> {
        (0..20).filter(|n| copier.words(&format!("v{n}")).contains(&"COMPLETED".to_owned())).collect()
    };
    let mut over = BTreeSet::new();
    for round in 0.. {
        for change in changes(&copier, seen) {
            seen += 1;
            let Some(document) = change.document else { continue };
            for n in &over {
                assert!(
                    !allowed(&document).contains(&version(*n)),
                    "round {round}: {n} has ended: {document}"
                );
            }
            assert!(allowed(&document).is_subset(&(0..20).map(version).collect()), "{document}");
        }
        over = ended(&copier);
        if over.len() == 20 {
            break;
        }
        assert!(round < 30, "{over:?}");
        copier.pass(minutes(5)).await;
        copier.sweep().await;
    }
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
    let waited = (0..20).filter(|n| copier.words(&format!("v{n}")).contains(&"QUEUED".to_owned())).count();
    assert!((1..10).contains(&waited), "{waited} did not fit into one policy");
    let calls = copier.sandbox().calls();
    let denied = calls.iter().filter(|call| call.action == COPY && call.error.is_some()).count();
    assert_eq!(denied, 0, "no update was lost: whoever called had its grant");
}

#[tokio::test]
async fn project_wide_grants_let_everything_start_where_they_are_allowed_and_leave_nothing_behind() {
    let copier = deployed_with(&[("ALLOW_PROJECT_WIDE_GRANTS", "true")], |_| {}).await;
    let requests: Vec<Value> = (0..20).map(request_for).collect();
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    for n in 0..20 {
        assert_eq!(copier.words(&format!("v{n}")), ["STARTED"], "{n}");
    }
    let every = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/*".to_owned();
    assert_eq!(allowed(&policies(&copier)[0].1), [every].into());
    copier.pass(seconds(31)).await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
}

#[tokio::test]
async fn a_policy_that_takes_time_to_be_seen_is_waited_for() {
    let copier = deployed().await;
    copier.sandbox().set_settings(Settings { policy_delay: seconds(40), ..Settings::default() });
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["QUEUED"]);
    assert_eq!(copier.last("v1")["failure"]["code"], "AccessDeniedException");
    copier.pass(seconds(60)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
    assert_eq!(changes(&copier, 0).len(), 1, "the grant was kept meanwhile");
}

#[tokio::test]
async fn a_project_whose_five_policies_are_others_makes_a_request_wait_until_one_is_gone() {
    let copier = deployed_with(&[], |world| {
        let policy = World::small().projects[0].policies[0].clone();
        let project = world.projects.iter_mut().find(|project| project.project_arn.to_string() == SOURCE);
        let named = |n| sandbox::ProjectPolicy {
            name: format!("other-{n}"),
            document: policy.document.replace(ACCOUNT, "777788889999"),
            ..policy.clone()
        };
        project.unwrap().policies.extend((0..5).map(named));
    })
    .await;
    copier.send(&[&request("v1")]).await;
    let queued = copier.last("v1");
    assert_eq!((&queued["status"], &queued["failure"]["code"]), (&json!("QUEUED"), &json!("PolicyFull")));
    assert!(queued["failure"]["remedy"].as_str().unwrap().contains("goes on by itself"), "{queued}");
    let others: Vec<_> = policies(&copier);

    copier.sandbox().change(|world| {
        let project = world.projects.iter_mut().find(|project| project.project_arn.to_string() == SOURCE);
        project.unwrap().policies.remove(0);
    });
    copier.pass(minutes(5)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
    copier.pass(seconds(31)).await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!(policies(&copier), others[1..], "what is not ours is left alone");
    assert_eq!(copier.calls(COPY), 1);
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_is_found_and_not_put_twice() {
    let copier = deployed().await;
    copier.sandbox().fault(Fault::new("rekognition:PutProjectPolicy", Effect::LoseAnswer).on_call(1));
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    assert_eq!(changes(&copier, 0).len(), 1);
}

#[tokio::test]
async fn an_account_that_does_not_answer_makes_a_request_wait_and_not_fail() {
    let copier = deployed().await;
    copier.sandbox().fault(Fault::new("sts:AssumeRole", Effect::LoseAnswer));
    copier.send(&[&request("v1")]).await;
    let queued = copier.last("v1");
    assert_eq!((&queued["status"], &queued["failure"]["code"]), (&json!("QUEUED"), &json!("NotGranted")));
    copier.sandbox().clear_faults();
    copier.pass(minutes(5)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
}

#[tokio::test]
async fn the_grant_of_a_request_that_vanished_is_withdrawn_by_the_next_sweep() {
    let copier = deployed().await;
    copier.send(&[&request("v1")]).await;
    assert_eq!(policies(&copier).len(), 1);
    let key = aws_sdk_dynamodb::types::AttributeValue::S(format!("{ACCOUNT}#v1"));
    copier.ledger().delete_item().table_name(support::TABLE).key("id", key).send().await.unwrap();
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
}

#[tokio::test]
async fn a_policy_of_ours_that_somebody_widened_is_put_right() {
    let copier = deployed().await;
    copier.send(&[&request("v1")]).await;
    let ours = policies(&copier);
    copier.sandbox().change(|world| {
        let project = world.projects.iter_mut().find(|project| project.project_arn.to_string() == SOURCE);
        let policy = &mut project.unwrap().policies[0];
        policy.document = policy
            .document
            .replace(SOURCE_VERSION, &SOURCE_VERSION.replace("flowers.2026-11-02/1762077600000", "*"));
    });
    assert_ne!(policies(&copier), ours);
    copier.sweep().await;
    assert_eq!(policies(&copier), ours);
}

#[tokio::test]
async fn a_session_that_has_ended_is_opened_anew() {
    let copier = deployed().await;
    copier.send(&[&request_for(0)]).await;
    copier.pass(minutes(61)).await;
    copier.sweep().await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!(policies(&copier), []);
}

/// Sends a request that is refused on the way to its grant; its failure, once it is final.
async fn refused(copier: &Copier) -> Value {
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["QUEUED"]);
    copier.pass(minutes(16)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "FAILED"]);
    assert_eq!(copier.calls(COPY), 0, "nothing is called without a grant");
    assert_eq!(policies(copier), []);
    copier.last("v1")["failure"].clone()
}

#[tokio::test]
async fn a_wrong_external_id_is_refused_and_the_remedy_names_role_and_setting() {
    let copier = deployed_with(&[("EXTERNAL_ID", "guessed")], |_| {}).await;
    let failure = refused(&copier).await;
    assert_eq!(failure["code"], "AccessDenied");
    let remedy = failure["remedy"].as_str().unwrap();
    assert!(remedy.contains(ROLE) && remedy.contains("`EXTERNAL_ID`"), "{remedy}");
    assert!(!failure.to_string().contains("guessed"), "the external id is nobody's business: {failure}");
}

#[tokio::test]
async fn a_role_that_trusts_another_copier_is_refused() {
    let copier = deployed_with(&[], |world| {
        world.roles[0].trust = world.roles[0]
            .trust
            .replace("role/start-copy", "role/another")
            .replace("role/check-copies", "role/others");
    })
    .await;
    assert_eq!(refused(&copier).await["code"], "AccessDenied");
}

#[tokio::test]
async fn a_role_that_is_not_there_is_refused() {
    let copier =
        deployed_with(&[("SOURCE_ACCOUNT_ROLES", "arn:aws:iam::111122223333:role/admin")], |_| {}).await;
    let failure = refused(&copier).await;
    assert!(failure["remedy"].as_str().unwrap().contains("role/admin"), "{failure}");
}

#[tokio::test]
async fn a_project_that_is_not_on_the_companions_list_is_refused() {
    let copier = deployed_with(&[], |world| {
        world.roles[0].policy = world.roles[0].policy.replace("project/flowers/", "project/trees/");
    })
    .await;
    let failure = refused(&copier).await;
    assert_eq!(failure["code"], "AccessDeniedException");
    let remedy = failure["remedy"].as_str().unwrap();
    assert!(remedy.contains(ROLE) && remedy.contains(SOURCE) && remedy.contains("ProjectArns"), "{remedy}");
}

#[tokio::test]
async fn an_account_that_is_not_on_the_list_and_a_bucket_elsewhere_are_rejected_and_nothing_is_granted() {
    let copier = deployed().await;
    let elsewhere = |text: &str| json!(text.replace("111122223333", "777788889999"));
    let stranger = with(
        request("stranger"),
        json!({"sourceProjectArn": elsewhere(SOURCE), "sourceProjectVersionArn": elsewhere(SOURCE_VERSION)}),
    );
    let bucket = with(request("bucket"), json!({"outputConfig": {"s3Bucket": "somebody-elses"}}));
    copier.send(&[&stranger, &bucket]).await;
    for (id, field) in [("stranger", "sourceProjectArn"), ("bucket", "outputConfig.s3Bucket")] {
        assert_eq!(copier.words(id), ["REJECTED"], "{id}");
        assert!(
            copier.last(id)["failure"]["message"].as_str().unwrap().contains(field),
            "{:?}",
            copier.last(id)
        );
    }
    copier.sweep().await;
    assert_eq!((copier.calls("sts:AssumeRole"), copier.calls(COPY)), (0, 0));
}

#[tokio::test]
async fn an_account_forged_into_a_direct_request_is_not_believed() {
    let copier = deployed().await;
    let event = json!({
        "detail-type": "Rekognition Model Copy Requested", "source": "anybody", "account": "111122223333",
        "id": "e", "detail": request("v1"),
    });
    copier.deployment.invoke_start(&event).await.unwrap();
    assert!(copier.item(&"v1".to_owned()).await.is_some(), "it is the own account's request");
    assert!(copier.item_by_key("111122223333#v1").await.is_none());
}

#[tokio::test]
async fn without_a_role_a_policy_that_somebody_else_attached_is_used() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    assert_eq!(copier.calls("sts:AssumeRole"), 0);
    assert_eq!(copier.sandbox().policy_changes(), []);
}
