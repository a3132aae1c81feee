//! Tests of settings: what the real functions do with them, and how they report invalid ones.

use crate::support::{COPY, Copier, minutes, request, seconds};
use sandbox::{Effect, Fault};

#[tokio::test]
async fn all_invalid_settings_are_reported_before_any_call() {
    let bad = [
        ("ACCOUNT_ID", "4444"),
        ("RETENTION_DAYS", "forever"),
        ("CALLS_PER_SECOND", "0"),
        ("AWS_CA_BUNDLE", "no-such-file"),
    ];
    let copier = Copier::deployed_with(&bad).await;
    copier.deployment.start_copy().invoke(&request("v1")).await.unwrap_err();
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
async fn announcements_have_the_configured_bus_and_source() {
    let settings = [("EVENT_BUS", "models"), ("EVENT_SOURCE", "com.example.copier")];
    let copier = Copier::deployed_with(&settings).await;
    copier.send([request("v1")]).await;
    let [started] = &copier.announcements()[..] else { panic!("{:?}", copier.announcements()) };
    assert_eq!(started.event_bus_name, "models");
    assert_eq!(started.source, "com.example.copier");
}

#[tokio::test]
async fn requests_time_out_and_expire_after_the_configured_times() {
    let settings = [
        ("START_TIMEOUT_SECONDS", "600"),
        ("OVERDUE_AFTER_SECONDS", "60"),
        ("COPY_TIMEOUT_SECONDS", "120"),
        ("RETENTION_DAYS", "30"),
    ];
    let copier = Copier::deployed_with(&settings).await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).containing("throttled"));
    copier.send([request("v1"), request("throttled")]).await;
    copier.set_status("v1", "COPYING_IN_PROGRESS");
    for statuses in [&["STARTED", "OVERDUE"][..], &["STARTED", "OVERDUE", "TIMED_OUT"]] {
        copier.sweep_after(seconds(60)).await;
        assert_eq!(copier.statuses("v1"), statuses);
    }
    assert_eq!(copier.statuses("throttled"), ["QUEUED"]);
    copier.sweep_after(minutes(8)).await;
    assert_eq!(copier.statuses("throttled"), ["QUEUED", "TIMED_OUT"]);
    let item = copier.item("throttled").await.unwrap();
    let expires_at: i64 = item["expiresAt"].as_n().unwrap().parse().unwrap();
    let left = expires_at - copier.sandbox().clock().now().as_second();
    assert!((30 * 24 * 3600 - 60..=30 * 24 * 3600).contains(&left), "{left}");
}

#[tokio::test]
async fn copy_calls_keep_the_configured_rate() {
    let copier = Copier::deployed_with(&[("CALLS_PER_SECOND", "10")]).await;
    let requests: Vec<_> = (0..6).map(|i| request(&format!("v{i}"))).collect();
    let began = std::time::Instant::now();
    copier.send(&requests).await;
    assert!(
        began.elapsed().as_millis() >= 500,
        "at 10 calls a second, the sixth call is half a second after the first"
    );
    assert_eq!(copier.calls(COPY), 6);
}
