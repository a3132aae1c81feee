//! What a deployment sets, seen in what the real functions do; and what they say about bad settings.

use crate::support::{ACCOUNT, COPY, Copier, minutes, request, seconds};
use sandbox::{Effect, Fault};
use serde_json::json;

#[tokio::test]
async fn bad_settings_are_all_named_before_anything_is_done() {
    let bad = [
        ("ACCOUNT_ID", "4444"),
        ("RETENTION_DAYS", "forever"),
        ("CALLS_PER_SECOND", "0"),
        ("AWS_CA_BUNDLE", "no-such-file"),
    ];
    let copier = Copier::deployed_with(&bad).await;
    copier.deployment.invoke_start(&request("v1")).await.unwrap_err();
    copier.deployment.check().await.unwrap_err();
    for function in [copier.deployment.start_copy(), copier.deployment.check_copies()] {
        let (log, _) = function.log_from(0).unwrap();
        let line = log.iter().find(|line| line.contains("ACCOUNT_ID")).unwrap();
        for (name, value) in bad {
            assert!(line.contains(&format!("`{name}` is `{value}`: set it to ")), "{name} in {line}");
        }
    }
    assert!(copier.sandbox().calls().is_empty());
}

#[tokio::test]
async fn announcements_go_to_the_bus_that_was_set_under_the_source_that_was_set() {
    let settings = [("EVENT_BUS", "models"), ("EVENT_SOURCE", "com.example.copier")];
    let copier = Copier::deployed_with(&settings).await;
    copier.send(&[&request("v1")]).await;
    let [started] = &copier.announced()[..] else { panic!("{:?}", copier.announced()) };
    assert_eq!(started.event_bus_name, "models");
    assert_eq!(started.source, "com.example.copier");
}

#[tokio::test]
async fn models_of_accounts_that_are_not_listed_are_not_copied() {
    let copier = Copier::deployed_with(&[("ALLOWED_SOURCE_ACCOUNTS", ACCOUNT)]).await;
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["REJECTED"]);
    assert_eq!(copier.last("v1")["failure"]["code"], "NotAllowed");
}

#[tokio::test]
async fn the_times_are_those_that_were_set() {
    let settings = [
        ("START_TIMEOUT_SECONDS", "600"),
        ("OVERDUE_AFTER_SECONDS", "60"),
        ("COPY_TIMEOUT_SECONDS", "120"),
        ("RETENTION_DAYS", "30"),
    ];
    let copier = Copier::deployed_with(&settings).await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).containing("throttled"));
    copier.send(&[&request("v1"), &request("throttled")]).await;
    let arn = copier.version("v1").unwrap().project_version_arn.to_string();
    assert!(copier.sandbox().set_status(&arn, "COPYING_IN_PROGRESS", None));
    for words in [&["STARTED", "OVERDUE"][..], &["STARTED", "OVERDUE", "TIMED_OUT"]] {
        copier.pass(seconds(60)).await;
        copier.sweep().await;
        assert_eq!(copier.words("v1"), words);
    }
    assert_eq!(copier.words("throttled"), ["QUEUED"]);
    copier.pass(minutes(8)).await;
    copier.sweep().await;
    assert_eq!(copier.words("throttled"), ["QUEUED", "TIMED_OUT"]);
    let item = copier.item("throttled").await.unwrap();
    let expires_at: i64 = item["expiresAt"].as_n().unwrap().parse().unwrap();
    let left = expires_at - copier.sandbox().clock().now().as_second();
    assert!((30 * 24 * 3600 - 60..=30 * 24 * 3600).contains(&left), "{left}");
}

#[tokio::test]
async fn calls_are_spread_as_was_set() {
    let copier = Copier::deployed_with(&[("CALLS_PER_SECOND", "10")]).await;
    let requests: Vec<_> = (0..6).map(|i| request(&format!("v{i}"))).collect();
    let began = std::time::Instant::now();
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    assert!(began.elapsed().as_millis() >= 500, "the sixth call comes half a second after the first");
    assert_eq!(copier.calls(COPY), 6);
}

#[tokio::test]
async fn what_is_allowed_by_a_list_of_buckets_is_copied() {
    let copier =
        Copier::deployed_with(&[("ALLOWED_OUTPUT_BUCKETS", "a-bucket,flowers-production-models")]).await;
    let other =
        crate::support::with(request("other"), json!({"outputConfig": {"s3Bucket": "flowers-production"}}));
    copier.send(&[&request("listed"), &other]).await;
    assert_eq!(copier.words("listed"), ["STARTED"]);
    assert_eq!(copier.words("other"), ["REJECTED"]);
    assert_eq!(copier.last("other")["failure"]["code"], "NotAllowed");
}
