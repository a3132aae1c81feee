//! The roles of the world: which callers may assume them, and what their sessions may do.

use crate::support::*;
use sandbox::{Role, Sandbox, World};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/model-copier-policies";
const COPIER: &str = "444455556666.start-copy";

async fn sandbox() -> Sandbox {
    let mut world = World::small();
    world.roles.push(Role {
        role_arn: ROLE.to_owned(),
        trust: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {
                    "aws:PrincipalArn": ["arn:aws:iam::444455556666:role/start-copy"],
                    "sts:ExternalId": "flowers-and-nothing-else"
                }}
            }]
        })
        .to_string(),
        policy: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": ["rekognition:PutProjectPolicy", "rekognition:List*"],
                "Resource": [FLOWERS]
            }]
        })
        .to_string(),
    });
    Sandbox::start(world).await.unwrap()
}

async fn assume(sandbox: &Sandbox, caller: &str, role: &str, external_id: Option<&str>) -> Reply {
    let mut body = format!("Action=AssumeRole&Version=2011-06-15&RoleSessionName=me&RoleArn={role}");
    body.extend(external_id.map(|id| format!("&ExternalId={id}")));
    sts(sandbox, caller, &body).await
}

#[tokio::test]
async fn a_listed_role_is_assumed_only_by_a_trusted_caller_with_the_external_id() {
    let sandbox = sandbox().await;
    let secret = Some("flowers-and-nothing-else");
    let stranger = "777788889999.start-copy";
    for (caller, role, external_id, status) in [
        (COPIER, ROLE, secret, 200),
        (COPIER, ROLE, Some("guessed"), 403),
        (COPIER, ROLE, None, 403),
        ("444455556666.other", ROLE, secret, 403),
        (DESTINATION, ROLE, secret, 403),
        (stranger, ROLE, secret, 403),
        (COPIER, "arn:aws:iam::111122223333:role/admin", secret, 403),
        (COPIER, "arn:aws:iam::777788889999:role/unlisted", None, 200),
    ] {
        let reply = assume(&sandbox, caller, role, external_id).await;
        assert_eq!(reply.status, status, "{caller} {role} {external_id:?}");
    }
}

#[tokio::test]
async fn the_session_of_a_listed_role_may_do_what_its_policy_allows() {
    let sandbox = sandbox().await;
    let session = assume(&sandbox, COPIER, ROLE, Some("flowers-and-nothing-else")).await.body;
    let session = (element(&session, "AccessKeyId"), element(&session, "SessionToken"));
    let call =
        async |operation: &str, body: Value| call_as_session(&sandbox, session, operation, &body).await;
    let listed = call("ListProjectPolicies", json!({"ProjectArn": FLOWERS})).await;
    assert_eq!(listed.status, 200);
    let delete = json!({"ProjectArn": FLOWERS, "PolicyName": "copy-to-production"});
    let refused = call("DeleteProjectPolicy", delete).await;
    assert_eq!(refused.code(), "AccessDeniedException");
    assert!(refused.body.contains("because no identity-based policy allows"), "{}", refused.body);
    let other = FLOWERS.replace("flowers", "trees");
    assert_eq!(
        call("ListProjectPolicies", json!({"ProjectArn": other})).await.code(),
        "AccessDeniedException"
    );
}

#[test]
fn a_role_with_an_unreadable_policy_is_no_world() {
    let mut world = World::small();
    let role = Role { role_arn: ROLE.to_owned(), trust: "{}".to_owned(), policy: "{}".to_owned() };
    world.roles.push(role);
    assert!(World::from_json(&world.to_json()).is_err());
}
