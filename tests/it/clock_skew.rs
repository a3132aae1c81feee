//! A function whose clock is wrong: the SDK corrects its signatures by AWS's clock, so nothing but the function stops it.

use crate::support::{COPY, Copier, minutes, request};
use jiff::Timestamp;
use sandbox::{Effect, Fault};

#[tokio::test]
async fn a_function_with_a_wrong_clock_records_requests_and_decides_nothing() {
    for skew in [minutes(6), -minutes(6)] {
        let copier = Copier::shipped_at(Timestamp::now() + skew).await;
        copier.send(&[&request("v1")]).await;
        assert_eq!(copier.words("v1"), ["QUEUED"], "{skew}");
        copier.sandbox().fault(Fault::new("events:*", Effect::error("AccessDeniedException")));
        let answer = copier.deployment.invoke_start(&request("v2")).await.unwrap();
        assert_eq!(answer["status"], "QUEUED", "{skew}");
        copier.sandbox().clear_faults();
        let error = copier.deployment.check().await.unwrap_err();
        assert_eq!(error.error_type, "ClockSkew", "{error}");
        assert_eq!(copier.words("v2"), ["QUEUED"], "{skew}: a sweep publishes all the same");
        assert_eq!(copier.calls(COPY), 0, "{skew}");
    }
}

#[tokio::test]
async fn a_clock_that_is_a_little_wrong_does_no_harm() {
    for skew in [minutes(4), -minutes(4)] {
        let copier = Copier::shipped_at(Timestamp::now() + skew).await;
        copier.send(&[&request("v1")]).await;
        assert_eq!(copier.words("v1"), ["STARTED"], "{skew}");
        copier.sweep().await;
    }
}
