//! Tests of outages of the ledger and of the bus, with the real programs. The searches in `crates/proofs` cover every fault at
//! every call.

use crate::support::{COPY, Copier, minutes, request, seconds};
use sandbox::{Effect, Fault};
use serde_json::json;

#[tokio::test]
async fn a_message_that_is_not_recorded_is_not_acknowledged_and_is_delivered_again() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::outage("dynamodb"));
    let ids = ["v1", "v2", "v3"];
    let messages = ids.map(|id| copier.deployment.send(request(id).to_string()));
    let delivered = copier.deployment.deliver().await;
    assert_eq!(delivered.len(), 1);
    assert!(delivered[0].answer.is_ok(), "start-copy names the messages that failed");
    assert_eq!(delivered[0].failed, messages);
    assert_eq!((copier.deployment.queue_depth(), copier.announcements().len()), (3, 0));
    assert_eq!(copier.calls(COPY), 0, "no copy is started without a record");

    copier.sandbox().clear_faults();
    copier.pass(minutes(6));
    assert_eq!(
        copier.deliver().await.len(),
        1,
        "after its visibility time-out, the batch is delivered again"
    );
    for id in ids {
        assert_eq!(copier.statuses(id), ["STARTED"]);
    }
    copier.expect_empty_queues();
}

#[tokio::test]
async fn an_invocation_that_is_not_recorded_is_to_be_sent_again() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new("dynamodb:*", Effect::error("AccessDeniedException")));
    let error = copier.deployment.start_copy().invoke(&request("v1")).await.unwrap_err();
    assert!(error.error_message.contains("send it again"), "{error}");
    assert_eq!((copier.calls(COPY), copier.announcements().len()), (0, 0));
    copier.sandbox().clear_faults();
    copier.deployment.start_copy().invoke(&request("v1")).await.unwrap();
    assert_eq!(copier.statuses("v1"), ["STARTED"]);
}

#[tokio::test]
async fn a_sweep_does_the_next_step_of_a_record_that_it_has_published() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new("events:*", Effect::error("AccessDeniedException")));
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).containing("throttled"));
    copier.send([request("copying"), request("throttled")]).await;
    copier.sandbox().clear_faults();
    copier.pass(seconds(10));
    let reads = copier.calls("dynamodb:GetItem");
    let report = copier.sweep().await;
    assert_eq!((&report["copying"], &report["started"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(copier.statuses("throttled"), ["QUEUED", "STARTED"]);
    assert_eq!(copier.calls("dynamodb:GetItem") - reads, 3, "two reads to publish, one to start");
    assert_eq!(copier.calls(COPY), 3);
}

#[tokio::test]
async fn an_announcement_that_fails_a_whole_call_delays_no_other_announcement() {
    let copier = Copier::deployed().await;
    let refused = Fault::new("events:PutEvents", Effect::error("ValidationException"));
    copier.sandbox().fault(refused.containing(r#"\"requestId\":\"v2\""#));
    copier.send([request("v1"), request("v2"), request("v3")]).await;
    assert_eq!(["v1", "v2", "v3"].map(|id| copier.statuses(id).len()), [1, 0, 1]);
    copier.sandbox().clear_faults();
    copier.sweep().await;
    assert_eq!(copier.statuses("v2"), ["STARTED"]);
}
