//! Tests of the answers of CopyProjectVersion: the sandbox sends each error, or loses an answer, and the real programs act.
//! How long a request waits after each error is a table in `src/domain/decisions/tests/copy_answer.rs`.

use crate::support::{COPY, Copier, DESTINATION, SOURCE, minutes, project, request, seconds, with};
use jiff::SignedDuration;
use sandbox::{Effect, Fault, ProjectPolicy};
use serde_json::json;

/// Every error of the service model, an error that AWS sends without listing it there, and an unknown one; each with the
/// statuses that are announced at once.
const ERRORS: [(&str, &[&str]); 11] = [
    ("ThrottlingException", &["QUEUED"]),
    ("ProvisionedThroughputExceededException", &["QUEUED"]),
    ("LimitExceededException", &["QUEUED"]),
    ("ServiceQuotaExceededException", &["QUEUED"]),
    ("AccessDeniedException", &["QUEUED"]),
    ("ResourceNotFoundException", &["QUEUED"]),
    ("ResourceInUseException", &["QUEUED"]),
    ("NobodyKnowsException", &["QUEUED"]),
    ("InvalidParameterException", &["FAILED"]),
    ("ValidationException", &["FAILED"]),
    ("InternalServerError", &[]),
];

#[tokio::test]
async fn every_error_fails_the_request_or_delays_it_until_the_error_is_gone() {
    let copier = Copier::deployed().await;
    for (code, _) in ERRORS {
        let body = format!(r#""VersionName":"{code}""#);
        copier.sandbox().fault(Fault::new(COPY, Effect::error(code)).containing(&body));
    }
    copier.send(ERRORS.map(|(code, _)| request(code))).await;
    for (code, statuses) in ERRORS {
        assert_eq!(copier.statuses(code), statuses, "{code}");
        if !statuses.is_empty() {
            assert_eq!(copier.last(code)["failure"]["code"], code);
        }
    }
    assert_eq!(copier.calls(COPY), ERRORS.len(), "the SDK must not retry the call");
    let item = copier.item("InternalServerError").await.unwrap();
    assert_eq!(item["status"].as_s().unwrap(), "STARTING", "the call may have worked");

    copier.sandbox().clear_faults();
    copier.sweep_after(minutes(61)).await;
    copier.sweep_after(seconds(30)).await;
    for (code, statuses) in ERRORS {
        let rest: &[&str] = if statuses == ["FAILED"] { &[] } else { &["STARTED", "COMPLETED"] };
        assert_eq!(copier.statuses(code), [statuses, rest].concat(), "{code}");
    }
    assert_eq!(copier.sandbox().project(DESTINATION).unwrap().versions.len(), ERRORS.len() - 2);
}

#[tokio::test]
async fn an_invocation_is_answered_with_the_status_and_the_failure_that_are_known() {
    for (effect, status, code) in [
        (Effect::error("ThrottlingException"), "QUEUED", Some("ThrottlingException")),
        (Effect::error("InvalidParameterException"), "FAILED", Some("InvalidParameterException")),
        (Effect::LoseAnswer, "STARTING", None),
    ] {
        let copier = Copier::deployed().await;
        copier.sandbox().fault(Fault::new(COPY, effect));
        let answer = copier.deployment.start_copy().invoke(&request("v1")).await.unwrap();
        assert_eq!((&answer["requestId"], &answer["status"]), (&json!("v1"), &json!(status)));
        assert_eq!(answer["failure"]["code"].as_str(), code, "{answer}");
        assert_eq!(answer.get("projectVersionArn"), None);
    }
}

#[tokio::test]
async fn a_call_is_given_up_after_ten_seconds_and_counts_as_unanswered() {
    let copier = Copier::deployed().await;
    let forever = Effect::Delay(SignedDuration::from_hours(1));
    copier.sandbox().fault(Fault::new(COPY, forever).on_call(1));
    let began = std::time::Instant::now();
    copier.send([request("v1")]).await;
    assert!((9..20).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert!(copier.statuses("v1").is_empty());
    copier.sweep_after(minutes(20)).await;
    assert_eq!(copier.statuses("v1"), ["STARTED"]);
}

#[tokio::test]
async fn the_command_in_the_remedy_attaches_the_missing_project_policy() {
    let copier = Copier::deployed().await;
    let policies = copier.sandbox().change(|world| std::mem::take(&mut project(world, SOURCE).policies));
    copier.send([request("v1")]).await;
    copier.sweep_after(minutes(16)).await;
    assert_eq!(copier.statuses("v1"), ["QUEUED", "FAILED"]);
    let failure = copier.last("v1")["failure"].clone();
    assert_eq!(failure["code"], "AccessDeniedException");
    let remedy = failure["remedy"].as_str().unwrap();
    assert!(remedy.contains("aws rekognition put-project-policy") && remedy.contains(SOURCE), "{remedy}");

    let (_, rest) = remedy.split_once("--policy-document '").unwrap();
    let (document, _) = rest.split_once('\'').unwrap();
    let policy = ProjectPolicy { document: document.to_owned(), ..policies[0].clone() };
    copier.sandbox().change(|world| project(world, SOURCE).policies.push(policy));
    copier.send([with(request("v1"), json!({"requestId": "again"}))]).await;
    assert_eq!(copier.statuses("again"), ["STARTED"]);
}

/// The version's description decides; `src/domain/decisions/tests/name_holder.rs` has every case.
#[tokio::test]
async fn a_name_of_another_model_fails_the_request_and_the_failure_names_that_model() {
    let buckets = ("ALLOWED_OUTPUT_BUCKETS", "flowers-production-models,another");
    let copier = Copier::deployed_with(&[buckets]).await;
    let trained = json!({
        "projectVersionArn": format!("{}/version/trained/1762000000000", DESTINATION.rsplit_once('/').unwrap().0),
        "status": "TRAINING_COMPLETED",
        "outputConfig": {"S3Bucket": "flowers-production-models"},
    });
    let trained = serde_json::from_value(trained).unwrap();
    copier.sandbox().change(|world| project(world, DESTINATION).versions.push(trained));
    copier.send([request("bucket")]).await;
    let other_bucket = json!({"versionName": "bucket", "outputConfig": {"s3Bucket": "another"}});
    copier.send([request("trained"), with(request("another bucket"), other_bucket)]).await;
    for (id, reason) in
        [("trained", "a model that was trained there"), ("another bucket", "another bucket or key")]
    {
        assert_eq!(copier.statuses(id), ["FAILED"], "{id}");
        let failed = copier.last(id);
        assert_eq!(failed["failure"]["code"], "VersionNameTaken", "{id}");
        assert!(failed["failure"]["message"].as_str().unwrap().contains(reason), "{id}: {failed}");
        assert_eq!(failed.get("projectVersionArn"), None, "{id}: the version is not the request's copy");
    }
}
