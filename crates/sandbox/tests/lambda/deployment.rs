//! The queue, the rule and the schedule of a deployment, with this program in place of both functions.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sandbox::deployment::{Binaries, Deployment};
use sandbox::queue::MAX_RECEIVE_COUNT;
use sandbox::{Clock, Sandbox, World};
use serde_json::json;

use crate::support::{DESTINATION, call};

/// A second more than the visibility time-out.
const VISIBLE_AGAIN: SignedDuration = SignedDuration::from_secs(361);

async fn deployment() -> Deployment {
    let program = std::env::current_exe().unwrap();
    let binaries = Binaries { start_copy: program.clone(), check_copies: program };
    let sandbox = Sandbox::builder(World::small()).clock(Clock::paused_at(jiff::Timestamp::now()));
    Deployment::start(sandbox, binaries, BTreeMap::new()).await.unwrap()
}

/// The bodies of the messages that start-copy got.
fn handed(deployment: &Deployment) -> Vec<String> {
    deployment.start_copy().log_from(0).unwrap().0
}

pub(crate) async fn every_message_is_delivered_once_if_it_is_done() {
    let deployment = deployment().await;
    for n in 0..12 {
        deployment.send(n.to_string());
    }
    let sizes: Vec<_> = deployment.deliver().await.iter().map(|it| it.batch.len()).collect();
    assert_eq!(sizes, [10, 2]);
    assert_eq!(handed(&deployment), (0..12).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(deployment.queue_depth(), 0);
}

pub(crate) async fn a_message_that_is_not_done_comes_back_alone_and_ends_as_a_dead_letter() {
    let deployment = deployment().await;
    deployment.send("done");
    let id = deployment.send("keep");
    let first = deployment.deliver().await;
    assert_eq!(first[0].failed, [id.as_str()]);
    assert!(deployment.deliver().await.is_empty(), "it is still hidden");

    for _ in 1..MAX_RECEIVE_COUNT {
        deployment.sandbox().clock().advance(VISIBLE_AGAIN);
        deployment.deliver().await;
    }
    let mut expected = vec!["done"];
    expected.resize(1 + MAX_RECEIVE_COUNT as usize, "keep");
    assert_eq!(handed(&deployment), expected);
    assert!(deployment.dead_letters().is_empty());

    deployment.sandbox().clock().advance(VISIBLE_AGAIN);
    assert!(deployment.deliver().await.is_empty());
    assert_eq!(deployment.dead_letters()[0].id, id);
    assert_eq!(deployment.queue_depth(), 0);
}

pub(crate) async fn a_process_that_dies_loses_no_message() {
    let deployment = deployment().await;
    deployment.send("a");
    deployment.send("crash");
    let delivered = deployment.deliver().await;
    assert_eq!(delivered[0].answer.as_ref().unwrap_err().error_type, "Runtime.ExitError");
    assert_eq!(delivered[0].failed.len(), 2);
    assert_eq!(deployment.queue_depth(), 2);
}

pub(crate) async fn only_requests_of_others_on_the_default_bus_are_delivered_and_each_once() {
    let deployment = deployment().await;
    let requested = "Rekognition Model Copy Requested";
    for (detail_type, source, bus, is_delivered) in [
        (requested, "com.example.ml-pipeline", "default", true),
        ("Rekognition Model Copy State Change", "com.example.ml-pipeline", "default", false),
        (requested, "rekognition.model-copier", "default", false),
        (requested, "com.example.ml-pipeline", "other", false),
    ] {
        deployment.sandbox().reset().unwrap();
        let entry = json!({
            "DetailType": detail_type,
            "Source": source,
            "EventBusName": bus,
            "Detail": r#"{"versionName": "v1"}"#,
        });
        call(deployment.sandbox(), DESTINATION, "events:PutEvents", &json!({"Entries": [entry]})).await;
        let event = deployment.sandbox().announcements()[0].to_json();
        let batches = deployment.deliver().await;
        let delivered: Vec<_> = batches.iter().flat_map(|it| &it.batch).map(|it| &it.body).collect();
        assert_eq!(
            delivered,
            if is_delivered { vec![&event] } else { vec![] },
            "{detail_type} {source} {bus}"
        );
        assert!(deployment.deliver().await.is_empty());
    }
}

pub(crate) async fn the_schedule_invokes_check_copies() {
    let deployment = deployment().await;
    let told = deployment.check().await.unwrap();
    assert_eq!(told["payload"]["detail-type"], "Scheduled Event");
    assert_eq!(told["payload"]["account"], "444455556666");
    assert!(told["arn"].as_str().unwrap().ends_with(":function:check-copies"));
    for name in ["AWS_ENDPOINT_URL", "AWS_REGION", "LEDGER_TABLE", "ACCOUNT_ID"] {
        assert!(told["variables"].as_array().unwrap().contains(&json!(name)), "{name}");
    }
}
