//! A test of a wrong clock. The SDK corrects its signatures by AWS's clock, so AWS accepts the calls and only the function
//! itself notices.

use crate::support::{COPY, Copier, minutes, request};
use jiff::Timestamp;
use sandbox::{Effect, Fault};

#[tokio::test]
async fn a_clock_six_minutes_wrong_records_and_publishes_but_decides_nothing() {
    for skew in [minutes(6), -minutes(6)] {
        let copier = Copier::shipped_at(Timestamp::now() + skew).await;
        copier.send([request("v1")]).await;
        assert_eq!(copier.statuses("v1"), ["QUEUED"], "{skew}");
        copier.sandbox().fault(Fault::new("events:*", Effect::error("AccessDeniedException")));
        let answer = copier.deployment.start_copy().invoke(&request("v2")).await.unwrap();
        assert_eq!(answer["status"], "QUEUED", "{skew}");
        copier.sandbox().clear_faults();
        let error = copier.deployment.check().await.unwrap_err();
        assert_eq!(error.error_type, "ClockSkew", "{error}");
        assert_eq!(copier.statuses("v2"), ["QUEUED"], "{skew}: a sweep still publishes");
        assert_eq!(copier.calls(COPY), 0, "{skew}");
    }
    for skew in [minutes(4), -minutes(4)] {
        let copier = Copier::shipped_at(Timestamp::now() + skew).await;
        copier.send([request("v1")]).await;
        assert_eq!(copier.statuses("v1"), ["STARTED"], "{skew}: it decides as usual");
        copier.sweep().await;
    }
}
