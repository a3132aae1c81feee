//! Copies as a client sees them: permissions, refusals, and the life of a copy.

use crate::support::*;
use aws_sdk_rekognition::types::ProjectVersionStatus;
use jiff::SignedDuration;
use sandbox::{CopyEnd, Effect, Fault, PolicyConditions, Quotas, Sandbox, Settings, Status};
use serde_json::{Value, json};

#[tokio::test]
async fn a_copy_runs_and_completes_and_can_be_started_stopped_and_deleted() {
    let sandbox = start_at_noon(|_| {}).await;
    let answer = ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("v1")).await;
    let arn = answer["ProjectVersionArn"].as_str().unwrap().to_owned();
    assert_eq!(
        arn,
        "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/v1/1795521600000"
    );
    let show = async || status(&sandbox, DESTINATION, PRODUCTION, "v1").await;
    assert_eq!(show().await.as_deref(), Some("COPYING_IN_PROGRESS"));
    pass(&sandbox, 30);
    assert_eq!(show().await.as_deref(), Some("COPYING_COMPLETED"));
    let request = json!({"ProjectVersionArn": arn, "MinInferenceUnits": 1});
    for (refused_operation, operation, status, seconds, next) in [
        ("StopProjectVersion", "StartProjectVersion", "STARTING", 10, "RUNNING"),
        ("DeleteProjectVersion", "StopProjectVersion", "STOPPING", 5, "STOPPED"),
        ("StopProjectVersion", "DeleteProjectVersion", "DELETING", 4, "DELETING"),
    ] {
        let code = refused(&sandbox, DESTINATION, refused_operation, &request).await;
        assert_eq!(code, "ResourceInUseException", "{refused_operation}");
        assert_eq!(ok(&sandbox, DESTINATION, operation, &request).await["Status"], status);
        pass(&sandbox, seconds);
        assert_eq!(show().await.as_deref(), Some(next));
    }
    let taken = refused(&sandbox, DESTINATION, "CopyProjectVersion", &copy("v1")).await;
    assert_eq!(taken, "ResourceInUseException", "a name is taken until its version is gone");
    pass(&sandbox, 1);
    assert_eq!(show().await, None);
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("v1")).await;
}

#[tokio::test]
async fn a_copy_carries_what_was_asked_for() {
    let sandbox = start_at_noon(|_| {}).await;
    let request = with(
        &copy("v1"),
        &json!({
            "OutputConfig": {"S3Bucket": "b-1", "S3KeyPrefix": "copied/"},
            "KmsKeyId": "alias/models",
            "Tags": {"team": "flowers"},
        }),
    );
    let arn = ok(&sandbox, DESTINATION, "CopyProjectVersion", &request).await["ProjectVersionArn"].clone();
    let describe = json!({"ProjectArn": PRODUCTION});
    let answer = ok(&sandbox, DESTINATION, "DescribeProjectVersions", &describe).await;
    assert_eq!(
        answer["ProjectVersionDescriptions"],
        json!([{
            "ProjectVersionArn": arn,
            "CreationTimestamp": 1_795_521_600.0,
            "Status": "COPYING_IN_PROGRESS",
            "StatusMessage": "The model is being copied.",
            "OutputConfig": {"S3Bucket": "b-1", "S3KeyPrefix": "copied/"},
            "KmsKeyId": "alias/models",
            "SourceProjectVersionArn": FLOWERS_VERSION,
            "Feature": "CUSTOM_LABELS",
        }])
    );
    let tags = ok(&sandbox, DESTINATION, "ListTagsForResource", &json!({"ResourceArn": arn})).await;
    assert_eq!(tags, json!({"Tags": {"team": "flowers"}}));
    pass(&sandbox, 30);
    let result = async |account: &str, project: &str| {
        let shown = ok(&sandbox, account, "DescribeProjectVersions", &json!({"ProjectArn": project})).await;
        shown["ProjectVersionDescriptions"][0]["EvaluationResult"].clone()
    };
    let copied = result(DESTINATION, PRODUCTION).await;
    assert!(copied["F1Score"].is_number(), "{copied}");
    assert_eq!(copied, result(SOURCE, FLOWERS).await);
}

#[tokio::test]
async fn a_copy_that_cannot_be_is_refused_each_in_its_own_way() {
    let sandbox = start_at_noon(|_| {}).await;
    let elsewhere = "arn:aws:rekognition:eu-west-1:444455556666:project/flowers-production/1761991200000";
    let missing = "arn:aws:rekognition:us-east-1:444455556666:project/roses/1761991200000";
    for (change, code) in [
        (json!({"SourceProjectVersionArn": STAGING_VERSION}), "InvalidParameterException"),
        (json!({"DestinationProjectArn": elsewhere}), "InvalidParameterException"),
        (json!({"DestinationProjectArn": missing}), "ResourceNotFoundException"),
        (json!({"DestinationProjectArn": FLOWERS}), "AccessDeniedException"),
        (
            json!({"SourceProjectVersionArn": FLOWERS_VERSION.replace("1762077600000", "1")}),
            "ResourceNotFoundException",
        ),
        (json!({"SourceProjectArn": FLOWERS.replace("1761904800000", "1")}), "AccessDeniedException"),
        (json!({"VersionName": "a/b"}), "ValidationException"),
        (json!({"VersionName": null}), "ValidationException"),
        (json!({"VersionName": 1}), "SerializationException"),
    ] {
        let found = refused(&sandbox, DESTINATION, "CopyProjectVersion", &with(&copy("v1"), &change)).await;
        assert_eq!(found, code, "{change}");
    }
    assert!(sandbox.project(PRODUCTION).unwrap().versions.is_empty());
}

#[tokio::test]
async fn a_copy_needs_a_policy_across_accounts_and_inside_an_account_only_a_deny_stops_it() {
    let sandbox = start_at_noon(|_| {}).await;
    let own = json!({
        "SourceProjectArn": STAGING,
        "SourceProjectVersionArn": STAGING_VERSION,
        "DestinationProjectArn": PRODUCTION,
        "VersionName": "own",
        "OutputConfig": {},
    });
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &own).await;
    let policy = json!({"ProjectArn": FLOWERS, "PolicyName": "copy-to-production"});
    ok(&sandbox, SOURCE, "DeleteProjectPolicy", &policy).await;
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny",
        "Principal": "*",
        "Action": "rekognition:CopyProjectVersion",
        "Resource": "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/version/*",
    }]});
    let deny = json!({"ProjectArn": STAGING, "PolicyName": "no", "PolicyDocument": document.to_string()});
    ok(&sandbox, DESTINATION, "PutProjectPolicy", &deny).await;
    for request in [copy("v1"), with(&own, &json!({"VersionName": "v1"}))] {
        let denied = refused(&sandbox, DESTINATION, "CopyProjectVersion", &request).await;
        assert_eq!(denied, "AccessDeniedException", "{request}");
    }
}

/// The policy that the copier puts, with an hour left at noon.
fn expiring_policy() -> Value {
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"AWS": [
            "arn:aws:iam::444455556666:role/start-copy",
            "arn:aws:iam::444455556666:role/check-copies",
        ]},
        "Action": "rekognition:CopyProjectVersion",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-24T13:00:00Z"}},
    }]});
    json!({
        "ProjectArn": FLOWERS,
        "PolicyName": "model-copier-444455556666-rekognition-model-copier",
        "PolicyDocument": document.to_string(),
    })
}

/// A sandbox at noon whose only policy is [`expiring_policy`].
async fn with_expiring_policy(change: impl FnOnce(&mut Settings)) -> Sandbox {
    let sandbox = start_at_noon(change).await;
    let old = json!({"ProjectArn": FLOWERS, "PolicyName": "copy-to-production"});
    ok(&sandbox, SOURCE, "DeleteProjectPolicy", &old).await;
    ok(&sandbox, SOURCE, "PutProjectPolicy", &expiring_policy()).await;
    sandbox
}

#[tokio::test]
async fn a_policy_that_expires_allows_its_roles_until_then_by_the_sandboxs_clock() {
    let sandbox = with_expiring_policy(|_| {}).await;
    let role = "444455556666.start-copy";
    let denied = refused(&sandbox, "444455556666.another", "CopyProjectVersion", &copy("a")).await;
    assert_eq!(denied, "AccessDeniedException");
    ok(&sandbox, role, "CopyProjectVersion", &copy("a")).await;
    pass(&sandbox, 3599);
    ok(&sandbox, role, "CopyProjectVersion", &copy("b")).await;
    pass(&sandbox, 1);
    assert_eq!(refused(&sandbox, role, "CopyProjectVersion", &copy("c")).await, "AccessDeniedException");
    // The text of the policy stays.
    let listed = ok(&sandbox, SOURCE, "ListProjectPolicies", &json!({"ProjectArn": FLOWERS})).await;
    assert_eq!(listed["ProjectPolicies"][0]["PolicyDocument"], expiring_policy()["PolicyDocument"]);
}

#[tokio::test]
async fn what_becomes_of_a_condition_is_a_choice() {
    let role = "444455556666.check-copies";
    let sandbox = with_expiring_policy(|it| it.policy_conditions = PolicyConditions::NeverHold).await;
    assert_eq!(refused(&sandbox, role, "CopyProjectVersion", &copy("a")).await, "AccessDeniedException");
    let sandbox = with_expiring_policy(|it| it.policy_conditions = PolicyConditions::Ignored).await;
    sandbox.clock().advance(SignedDuration::from_hours(2));
    ok(&sandbox, role, "CopyProjectVersion", &copy("a")).await;
    let refuse = Settings { policy_conditions: PolicyConditions::Refused, ..Settings::default() };
    sandbox.set_settings(refuse);
    let put = with(&expiring_policy(), &json!({"PolicyName": "another"}));
    let code = refused(&sandbox, SOURCE, "PutProjectPolicy", &put).await;
    assert_eq!(code, "MalformedPolicyDocumentException");
}

#[tokio::test]
async fn a_policy_change_is_seen_after_its_delay() {
    let sandbox = start_at_noon(|settings| settings.policy_delay = SignedDuration::from_mins(5)).await;
    let name = json!({"ProjectArn": FLOWERS, "PolicyName": "copy-to-production"});
    let listed = ok(&sandbox, SOURCE, "ListProjectPolicies", &json!({"ProjectArn": FLOWERS})).await;
    let document = listed["ProjectPolicies"][0]["PolicyDocument"].clone();
    ok(&sandbox, SOURCE, "DeleteProjectPolicy", &name).await;
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("still-seen")).await;
    pass(&sandbox, 300);
    let denied = async |name: &str| refused(&sandbox, DESTINATION, "CopyProjectVersion", &copy(name)).await;
    assert_eq!(denied("a").await, "AccessDeniedException");
    ok(&sandbox, SOURCE, "PutProjectPolicy", &with(&name, &json!({"PolicyDocument": document}))).await;
    pass(&sandbox, 299);
    assert_eq!(denied("b").await, "AccessDeniedException");
    pass(&sandbox, 1);
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("seen")).await;
}

#[tokio::test]
async fn a_source_is_copied_in_the_statuses_that_the_settings_name_and_in_no_other() {
    let sandbox = start_at_noon(|_| {}).await;
    let copyable = sandbox.settings().copyable_statuses;
    for (index, status) in ProjectVersionStatus::values().iter().enumerate() {
        assert!(sandbox.set_status(FLOWERS_VERSION, status, None));
        let request = copy(&format!("v{index}"));
        let reply = call(&sandbox, DESTINATION, "rekognition:CopyProjectVersion", &request).await;
        let expected =
            if copyable.contains(&Status::read(status)) { "" } else { "InvalidParameterException" };
        assert_eq!(reply.code(), expected, "{status}");
    }
}

#[tokio::test]
async fn any_status_can_be_forced_even_an_unknown_one_and_stays() {
    let sandbox = start_at_noon(|_| {}).await;
    for word in ProjectVersionStatus::values().iter().copied().chain(["HIBERNATING"]) {
        sandbox.set_status(STAGING_VERSION, word, Some("told so"));
        pass(&sandbox, 10_000);
        let shown = status(&sandbox, DESTINATION, STAGING, "flowers.2026-11-01").await;
        assert_eq!(shown.as_deref(), Some(word));
    }
    assert!(!sandbox.set_status(&STAGING_VERSION.replace("01/", "99/"), "RUNNING", None));
}

#[tokio::test]
async fn a_copy_can_be_told_to_fail() {
    let sandbox = start_at_noon(|_| {}).await;
    let end = CopyEnd {
        status: Status::CopyingFailed,
        status_message: Some("no access to the bucket".to_owned()),
        after: Some(SignedDuration::from_secs(3)),
    };
    sandbox.fault(Fault::new("rekognition:CopyProjectVersion", Effect::EndCopy(end)).containing("doomed"));
    let arn = ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("doomed")).await;
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("fine")).await;
    pass(&sandbox, 3);
    let version = sandbox.version(arn["ProjectVersionArn"].as_str().unwrap()).unwrap();
    assert_eq!(version.status, Status::CopyingFailed);
    assert_eq!(version.status_message.as_deref(), Some("no access to the bucket"));
    pass(&sandbox, 27);
    let fine = status(&sandbox, DESTINATION, PRODUCTION, "fine").await;
    assert_eq!(fine.as_deref(), Some("COPYING_COMPLETED"));
}

#[tokio::test]
async fn quotas_hold_once_they_are_set() {
    let sandbox = start_at_noon(|settings| {
        settings.quotas = Quotas {
            calls_per_second: Some(5),
            versions: Some(2),
            concurrent_copies: Some(1),
            ..Quotas::default()
        };
    })
    .await;
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("v1")).await;
    let refusal = async |name: &str| refused(&sandbox, DESTINATION, "CopyProjectVersion", &copy(name)).await;
    assert_eq!(refusal("v2").await, "LimitExceededException");
    pass(&sandbox, 30);
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("v2")).await;
    pass(&sandbox, 30);
    assert_eq!(refusal("v3").await, "ServiceQuotaExceededException");
    pass(&sandbox, 1);
    for _ in 0..5 {
        ok(&sandbox, DESTINATION, "DescribeProjects", &json!({})).await;
    }
    assert_eq!(refused(&sandbox, DESTINATION, "DescribeProjects", &json!({})).await, "ThrottlingException");
    ok(&sandbox, SOURCE, "DescribeProjects", &json!({})).await;
    pass(&sandbox, 1);
    ok(&sandbox, DESTINATION, "DescribeProjects", &json!({})).await;
}

#[tokio::test]
async fn adapters_are_not_copied() {
    let sandbox = start_at_noon(|_| {}).await;
    let create = json!({"ProjectName": "adapter", "Feature": "CONTENT_MODERATION", "AutoUpdate": "ENABLED"});
    let project = ok(&sandbox, DESTINATION, "CreateProject", &create).await["ProjectArn"].clone();
    let train = json!({"ProjectArn": project, "VersionName": "a", "OutputConfig": {"S3Bucket": "b-1"}});
    let version =
        ok(&sandbox, DESTINATION, "CreateProjectVersion", &train).await["ProjectVersionArn"].clone();
    pass(&sandbox, 30);
    let from: Value = json!({"SourceProjectArn": project, "SourceProjectVersionArn": version});
    let to = json!({"DestinationProjectArn": project});
    for change in [from, to] {
        let code = refused(&sandbox, DESTINATION, "CopyProjectVersion", &with(&copy("v1"), &change)).await;
        assert_eq!(code, "InvalidParameterException");
    }
}

#[tokio::test]
async fn a_new_version_is_shown_after_its_delay_and_its_name_is_taken_with_the_chosen_error() {
    let sandbox = start_at_noon(|settings| {
        settings.describe_delay = SignedDuration::from_secs(4);
        settings.taken_name_error = "ResourceAlreadyExistsException".to_owned();
    })
    .await;
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("v1")).await;
    assert_eq!(status(&sandbox, DESTINATION, PRODUCTION, "v1").await, None);
    let taken = refused(&sandbox, DESTINATION, "CopyProjectVersion", &copy("v1")).await;
    assert_eq!(taken, "ResourceAlreadyExistsException");
    pass(&sandbox, 4);
    assert!(status(&sandbox, DESTINATION, PRODUCTION, "v1").await.is_some());
}
