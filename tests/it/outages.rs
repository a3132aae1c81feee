//! What AWS may do to us at any moment: a service is down, or an answer is lost.
//! Nothing is acknowledged before it is recorded, nothing is lost, nothing happens twice.

use crate::support::{COPY, Copier, DESCRIBE, minutes, request, seconds};
use sandbox::queue::Verdict;
use sandbox::{Effect, Fault};
use serde_json::json;

const PUT: &str = "dynamodb:PutItem";

/// A no that the SDK takes for one: to us the same as an outage, without the time that its retries take.
fn refused() -> Effect {
    Effect::error("AccessDeniedException")
}

#[tokio::test]
async fn while_the_ledger_is_down_nothing_is_acknowledged_and_afterwards_nothing_is_lost() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::outage("dynamodb"));
    let ids = ["v1", "v2", "v3"];
    let messages = ids.map(|id| copier.deployment.send(request(id).to_string()));
    let delivered = copier.deployment.deliver().await;
    assert_eq!(delivered.len(), 1);
    assert_eq!(delivered[0].verdict, Verdict::DoneBut(messages.to_vec()), "all of them failed");
    assert_eq!((copier.deployment.queue_depth(), copier.announced().len()), (3, 0));
    assert_eq!(copier.calls(COPY), 0, "nothing is called that isn't recorded");

    copier.sandbox().clear_faults();
    copier.redeliver().await;
    for id in ids {
        assert_eq!(copier.words(id), ["STARTED"]);
    }
    copier.completes("v1", 3).await;
}

#[tokio::test]
async fn a_message_that_could_not_be_recorded_fails_alone() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(PUT, refused()).containing("#v2"));
    let [_, failed, _] = ["v1", "v2", "v3"].map(|id| copier.deployment.send(request(id).to_string()));
    let delivered = copier.deployment.deliver().await;
    let answer = json!({"batchItemFailures": [{"itemIdentifier": failed}]});
    assert_eq!(delivered[0].answer.as_ref().unwrap(), &answer);
    assert_eq!((copier.deployment.queue_depth(), copier.calls(COPY)), (1, 2));
    copier.sandbox().clear_faults();
    copier.redeliver().await;
    assert_eq!(copier.words("v2"), ["STARTED"]);
    copier.completes("v2", 3).await;
}

#[tokio::test]
async fn an_invocation_while_the_ledger_is_down_is_told_to_come_again() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new("dynamodb:*", refused()));
    let error = copier.deployment.invoke_start(&request("v1")).await.unwrap_err();
    assert!(error.error_message.contains("send it again"), "{error}");
    assert_eq!((copier.calls(COPY), copier.announced().len()), (0, 0));
    copier.sandbox().clear_faults();
    copier.deployment.invoke_start(&request("v1")).await.unwrap();
    copier.completes("v1", 1).await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_recognised_as_our_own() {
    for write in 1..=3 {
        let copier = Copier::deployed().await;
        copier.sandbox().fault(Fault::new(PUT, Effect::LoseAnswer).on_call(write));
        copier.send(&[&request("v1")]).await;
        assert_eq!(copier.words("v1"), ["STARTED"], "write {write}");
        let report = copier.sweep().await;
        assert_eq!((&report["published"], &report["overtaken"]), (&json!(0), &json!(0)), "write {write}");
        copier.completes("v1", 1).await;
        assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"], "write {write}");
    }
}

#[tokio::test]
async fn a_copy_whose_outcome_could_not_be_recorded_is_found_by_its_name() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(PUT, refused()).on_call(2));
    copier.send(&[&request("v1")]).await;
    copier.sweep().await;
    assert!(copier.words("v1").is_empty(), "what isn't recorded isn't announced");
    copier.pass(minutes(20)).await;
    copier.sweep().await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
    assert_eq!(copier.last("v1")["adopted"], true);
    copier.completes("v1", 1).await;
}

#[tokio::test]
async fn an_announcement_that_could_not_be_marked_comes_again_to_the_byte() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new(PUT, refused()).on_call(3));
    copier.send(&[&request("v1")]).await;
    copier.pass(minutes(1)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "STARTED", "COMPLETED"]);
    let announced = copier.announced();
    assert_eq!(announced[0].raw_detail, announced[1].raw_detail);
    assert_eq!((announced[0].time, &announced[0].resources), (announced[1].time, &announced[1].resources));
}

#[tokio::test]
async fn a_sweep_without_the_ledger_says_so_and_the_next_one_does_its_work() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    copier.pass(seconds(30)).await;
    for fault in [Fault::new("dynamodb:*", refused()), Fault::new(PUT, refused())] {
        copier.sandbox().fault(fault);
        let report = copier.sweep().await;
        assert!(report["ledgerErrors"].as_u64().unwrap() > 0, "{report}");
        assert_eq!(copier.words("v1"), ["STARTED"]);
        copier.sandbox().clear_faults();
    }
    copier.completes("v1", 1).await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
}

#[tokio::test]
async fn while_the_bus_is_down_copies_go_on_and_their_announcements_wait_in_order() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new("events:*", refused()));
    copier.send(&[&request("v1")]).await;
    copier.pass(seconds(30)).await;
    let report = copier.sweep().await;
    assert_eq!((&report["completed"], &report["published"]), (&json!(1), &json!(0)), "{report}");
    assert!(report["oldestUnpublishedSeconds"].as_i64().is_some());
    assert_eq!(copier.announced().len(), 0);
    copier.sandbox().clear_faults();
    let report = copier.sweep().await;
    assert_eq!(report["published"], 2);
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
    copier.completes("v1", 1).await;
    assert_eq!(copier.announced().len(), 2);
}

#[tokio::test]
async fn a_sweep_that_publishes_what_had_to_wait_takes_it_further_once() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new("events:*", refused()));
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).containing("throttled"));
    copier.send(&[&request("copying"), &request("throttled")]).await;
    copier.sandbox().clear_faults();
    copier.pass(seconds(10)).await;
    let reads = copier.calls("dynamodb:GetItem");
    let report = copier.sweep().await;
    assert_eq!((&report["copying"], &report["started"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(copier.words("throttled"), ["QUEUED", "STARTED"]);
    assert_eq!(copier.calls("dynamodb:GetItem") - reads, 3, "both to publish them, one to start it");
    assert_eq!(copier.calls(COPY), 3);
}

#[tokio::test]
async fn an_announcement_whose_answer_is_lost_comes_again_to_the_byte() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::new("events:PutEvents", Effect::LoseAnswer).on_call(1));
    copier.send(&[&request("v1")]).await;
    let announced = copier.announced();
    assert_eq!(announced.len(), 2);
    assert_eq!(announced[0].raw_detail, announced[1].raw_detail);
    assert_ne!(announced[0].id, announced[1].id, "EventBridge's own id differs");
}

#[tokio::test]
async fn an_announcement_that_makes_a_whole_call_fail_holds_back_only_itself() {
    let copier = Copier::deployed().await;
    let refused = Fault::new("events:PutEvents", Effect::error("ValidationException"));
    copier.sandbox().fault(refused.containing(r#"\"requestId\":\"v2\""#));
    copier.send(&[&request("v1"), &request("v2"), &request("v3")]).await;
    assert_eq!(["v1", "v2", "v3"].map(|id| copier.words(id).len()), [1, 0, 1]);
    copier.sandbox().clear_faults();
    copier.sweep().await;
    assert_eq!(copier.words("v2"), ["STARTED"]);
}

#[tokio::test]
async fn while_rekognition_is_down_requests_are_kept_and_started_afterwards() {
    let copier = Copier::deployed().await;
    copier.sandbox().fault(Fault::outage("rekognition"));
    copier.send(&[&request("v1")]).await;
    copier.pass(minutes(30)).await;
    let report = copier.sweep().await;
    assert_eq!(report["unreadable"], 1, "{report}");
    assert_eq!((copier.words("v1").len(), copier.calls(COPY)), (0, 1), "nobody knows, so nobody says");
    copier.sandbox().clear_faults();
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED"]);
    copier.completes("v1", 2).await;
}

#[tokio::test]
async fn a_taken_name_that_cannot_be_looked_up_is_no_conflict() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    copier.sandbox().fault(Fault::new(DESCRIBE, Effect::error("AccessDeniedException")));
    let mut second = request("v1");
    second["requestId"] = json!("second");
    copier.send(&[&second]).await;
    assert_eq!(copier.words("second"), ["QUEUED"]);
    copier.sandbox().clear_faults();
    copier.pass(minutes(5)).await;
    copier.sweep().await;
    assert_eq!(copier.words("second"), ["QUEUED", "STARTED"]);
    assert_eq!(copier.last("second")["adopted"], true);
}
