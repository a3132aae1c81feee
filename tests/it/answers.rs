//! What CopyProjectVersion may answer, sent by the sandbox to the real binaries: every error, lost answers,
//! late permissions, quotas. The table of the design, row by row.

use std::ops::RangeInclusive;

use crate::support::{COPY, Copier, DESTINATION, SOURCE, minutes, request, seconds, with};
use jiff::{SignedDuration, Timestamp};
use sandbox::{Effect, Fault};
use serde_json::json;

/// An error, what is announced at once, and how many seconds the next try may be away.
type Row = (&'static str, &'static [&'static str], Option<RangeInclusive<i64>>);

/// Every error of the service model, ValidationException, which comes without being in it, and one nobody knows.
const ERRORS: [Row; 11] = [
    ("ThrottlingException", &["QUEUED"], Some(5..=300)),
    ("ProvisionedThroughputExceededException", &["QUEUED"], Some(5..=300)),
    ("LimitExceededException", &["QUEUED"], Some(120..=1800)),
    ("ServiceQuotaExceededException", &["QUEUED"], Some(120..=3600)),
    ("AccessDeniedException", &["QUEUED"], Some(5..=900)),
    ("ResourceNotFoundException", &["QUEUED"], Some(5..=900)),
    ("ResourceInUseException", &["QUEUED"], Some(5..=300)),
    ("NobodyKnowsException", &["QUEUED"], Some(5..=3600)),
    ("InvalidParameterException", &["FAILED"], None),
    ("ValidationException", &["FAILED"], None),
    ("InternalServerError", &[], None),
];

/// A copier that was sent a request for each error, named after it, which each call of it gets.
async fn refused() -> Copier {
    let copier = Copier::deployed().await;
    for (code, ..) in ERRORS {
        let body = format!(r#""VersionName":"{code}""#);
        copier.sandbox().fault(Fault::new(COPY, Effect::error(code)).containing(&body));
    }
    let requests = ERRORS.map(|(code, ..)| request(code));
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    copier
}

async fn due(copier: &Copier, id: &str) -> Timestamp {
    let item = copier.item(id).await.unwrap();
    Timestamp::from_millisecond(item["due"].as_n().unwrap().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn every_error_is_announced_or_waited_out_as_it_has_to_be() {
    let before = Timestamp::now();
    let copier = refused().await;
    for (code, words, wait) in ERRORS {
        assert_eq!(copier.words(code), words, "{code}");
        if !words.is_empty() {
            let failure = &copier.last(code)["failure"];
            assert_eq!(failure["code"], code);
            assert!(!failure["message"].as_str().unwrap().is_empty(), "{code}");
        }
        if let Some(wait) = wait {
            let due = due(&copier, code).await;
            let (least, most) = (due.duration_since(Timestamp::now()), due.duration_since(before));
            assert!(most.as_secs() >= *wait.start() && least.as_secs() < *wait.end(), "{code}: {least}");
        }
    }
    let remedy = copier.last("ServiceQuotaExceededException")["failure"]["remedy"].clone();
    assert!(remedy.as_str().unwrap().contains("quota"), "a quota needs a person: {remedy}");
    assert_eq!(copier.calls(COPY), ERRORS.len(), "one call each: the SDK must not try again by itself");
    let item = copier.item("InternalServerError").await.unwrap();
    assert_eq!(item["status"].as_s().unwrap(), "STARTING", "it may have worked: nothing is known");
}

#[tokio::test]
async fn what_waited_is_started_and_completed_once_the_error_is_gone() {
    let copier = refused().await;
    copier.sandbox().clear_faults();
    copier.pass(minutes(61)).await;
    copier.sweep().await;
    copier.pass(seconds(30)).await;
    copier.sweep().await;
    for (code, words, _) in ERRORS {
        let rest: &[&str] = if words == ["FAILED"] { &[] } else { &["STARTED", "COMPLETED"] };
        assert_eq!(copier.words(code), [words, rest].concat(), "{code}");
    }
    assert_eq!(copier.sandbox().project(DESTINATION).unwrap().versions.len(), ERRORS.len() - 2);
}

#[tokio::test]
async fn what_never_gets_better_fails_or_times_out() {
    let copier = refused().await;
    copier.pass(minutes(16)).await;
    copier.sweep().await;
    for code in ["AccessDeniedException", "ResourceNotFoundException"] {
        assert_eq!(copier.words(code), ["QUEUED", "FAILED"], "{code}");
        assert_eq!(copier.last(code)["failure"]["code"], code);
        assert!(copier.last(code)["failure"]["remedy"].is_string(), "{code}");
    }
    copier.pass(SignedDuration::from_hours(24)).await;
    copier.sweep().await;
    for (code, words, _) in ERRORS {
        if code.starts_with("AccessDenied") || code.starts_with("ResourceNotFound") || words == ["FAILED"] {
            continue;
        }
        assert_eq!(copier.words(code), [words, &["TIMED_OUT"]].concat(), "{code}");
        let failure = &copier.last(code)["failure"];
        assert_eq!(failure["code"], "StartTimedOut", "{code}");
        if code != "InternalServerError" {
            assert!(
                failure["message"].as_str().unwrap().contains(code),
                "the last refusal is told: {failure}"
            );
        }
    }
    let over = copier.calls(COPY);
    copier.pass(SignedDuration::from_hours(24)).await;
    copier.sweep().await;
    assert_eq!(copier.calls(COPY), over, "nothing is tried after the end");
}

#[tokio::test]
async fn a_copy_whose_answer_was_lost_is_adopted_and_never_a_conflict() {
    for lost in [Effect::LoseAnswer, Effect::error_after_effect("InternalServerError")] {
        let copier = Copier::deployed().await;
        copier.sandbox().fault(Fault::new(COPY, lost.clone()));
        copier.send(&[&request("v1")]).await;
        assert!(copier.words("v1").is_empty(), "nobody knows yet");
        let report = copier.sweep().await;
        assert_eq!(report["adopted"], 1, "{lost:?}");
        let arn = copier.version("v1").unwrap().project_version_arn.to_string();
        let started = copier.last("v1");
        assert_eq!((&started["adopted"], &started["projectVersionArn"]), (&json!(true), &json!(arn)));
        copier.pass(seconds(30)).await;
        copier.sweep().await;
        assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"], "{lost:?}");
        assert_eq!(copier.calls(COPY), 1, "{lost:?}");
    }
}

#[tokio::test]
async fn an_invocation_is_answered_with_what_is_known() {
    for (effect, status, code) in [
        (Effect::error("ThrottlingException"), "QUEUED", Some("ThrottlingException")),
        (Effect::error("InvalidParameterException"), "FAILED", Some("InvalidParameterException")),
        (Effect::LoseAnswer, "STARTING", None),
    ] {
        let copier = Copier::deployed().await;
        copier.sandbox().fault(Fault::new(COPY, effect));
        let answer = copier.deployment.invoke_start(&request("v1")).await.unwrap();
        assert_eq!((&answer["requestId"], &answer["status"]), (&json!("v1"), &json!(status)));
        assert_eq!(answer["failure"]["code"].as_str(), code, "{answer}");
        assert_eq!(answer.get("projectVersionArn"), None);
    }
}

#[tokio::test]
async fn a_call_that_got_lost_is_made_again_when_it_can_land_no_longer() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(COPY, Effect::LoseRequest).on_call(1));
    copier.send(&[&request("v1")]).await;
    for _ in 0..2 {
        copier.sweep().await;
        copier.pass(SignedDuration::from_secs(9 * 60 + 55)).await;
    }
    copier.sweep().await;
    assert_eq!((copier.calls(COPY), copier.words("v1").len()), (1, 0), "it may still land: 19 min 50 s");
    copier.pass(seconds(10)).await;
    copier.sweep().await;
    assert_eq!((copier.calls(COPY), copier.words("v1")), (2, vec!["STARTED".to_owned()]));
    assert_eq!(copier.last("v1")["adopted"], false);
}

#[tokio::test]
async fn a_lost_answer_of_a_later_attempt_is_asked_after_when_no_call_can_land_any_longer() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).on_call(1));
    copier.sandbox().fault(Fault::new(COPY, Effect::LoseAnswer).on_call(2));
    copier.send(&[&request("v1")]).await;
    copier.pass(minutes(5)).await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!((copier.calls(COPY), copier.words("v1")), (2, vec!["QUEUED".to_owned()]));
    copier.pass(minutes(20)).await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED", "COMPLETED"]);
    assert_eq!((copier.calls(COPY), &copier.last("v1")["adopted"]), (2, &json!(true)));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_no_answer() {
    let copier = Copier::deployed().await;
    let forever = Effect::Delay(SignedDuration::from_hours(1));
    copier.sandbox().fault(Fault::new(COPY, forever).on_call(1));
    let began = std::time::Instant::now();
    copier.send(&[&request("v1")]).await;
    assert!((9..20).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert!(copier.words("v1").is_empty());
    copier.pass(minutes(20)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
}

#[tokio::test]
async fn a_missing_project_policy_is_named_and_doing_what_the_remedy_says_helps() {
    let copier = Copier::deployed().await;
    let source = SOURCE.parse().unwrap();
    let policies = copier.sandbox().change(|world| {
        let project = world.projects.iter_mut().find(|project| project.project_arn == source).unwrap();
        std::mem::take(&mut project.policies)
    });
    copier.send(&[&request("v1")]).await;
    copier.pass(minutes(16)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "FAILED"]);
    let failure = copier.last("v1")["failure"].clone();
    assert_eq!(failure["code"], "AccessDeniedException");
    let remedy = failure["remedy"].as_str().unwrap();
    assert!(remedy.contains("aws rekognition put-project-policy") && remedy.contains(SOURCE), "{remedy}");

    let (_, rest) = remedy.split_once("--policy-document '").unwrap();
    let (document, _) = rest.split_once('\'').unwrap();
    copier.sandbox().change(|world| {
        let project = world.projects.iter_mut().find(|project| project.project_arn == source).unwrap();
        let mut policy = policies[0].clone();
        policy.document = document.to_owned();
        project.policies = vec![policy];
    });
    copier.send(&[&with(request("v1"), json!({"requestId": "again"}))]).await;
    assert_eq!(copier.words("again"), ["STARTED"]);
}

#[tokio::test]
async fn a_permission_that_comes_late_is_waited_for() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("AccessDeniedException")).times(2));
    copier.send(&[&request("v1")]).await;
    for _ in 0..2 {
        copier.pass(minutes(5)).await;
        copier.sweep().await;
    }
    assert_eq!(copier.words("v1"), ["QUEUED", "STARTED"]);
    assert_eq!(copier.calls(COPY), 3);
}

#[tokio::test]
async fn a_copy_that_is_one_too_many_starts_when_another_has_ended() {
    let copier = Copier::deployed().await;
    let mut settings = copier.sandbox().settings();
    settings.quotas.concurrent_copies = Some(1);
    copier.sandbox().set_settings(settings);
    copier.send(&[&request("first")]).await;
    copier.send(&[&request("second")]).await;
    assert_eq!(
        (copier.words("first"), copier.words("second")),
        (vec!["STARTED".into()], vec!["QUEUED".into()])
    );
    assert_eq!(copier.last("second")["failure"]["code"], "LimitExceededException");
    copier.pass(minutes(30)).await;
    copier.sweep().await;
    assert_eq!(copier.words("second"), ["QUEUED", "STARTED"]);
}
