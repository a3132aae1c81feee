//! A deployment: its queue, its rule and its schedule, with this program in place of both functions.

use jiff::SignedDuration;
use sandbox::deployment::{Binaries, Deployment, DeploymentSettings};
use sandbox::{Clock, Sandbox, World};
use serde_json::{Value, json};

/// One more than the visibility timeout.
const VISIBLE_AGAIN: SignedDuration = SignedDuration::from_secs(361);

async fn deployment() -> Deployment {
    let program = std::env::current_exe().unwrap();
    let binaries = Binaries { start_copy: program.clone(), check_copies: program };
    let mut settings = DeploymentSettings::default();
    settings.queue.max_receive_count = 2;
    let sandbox = Sandbox::builder(World::small()).clock(Clock::paused_at(jiff::Timestamp::now()));
    Deployment::start(sandbox, binaries, settings).await.unwrap()
}

/// What start-copy was handed in all its batches, message by message.
fn handed(deployment: &Deployment) -> Vec<String> {
    deployment.start_copy().log_from(0).unwrap().0
}

pub(crate) async fn every_message_is_delivered_once_if_it_is_done() {
    let deployment = deployment().await;
    for n in 0..12 {
        deployment.send(n.to_string());
    }
    let sizes: Vec<_> = deployment.deliver().await.iter().map(|it| it.batch.deliveries().len()).collect();
    assert_eq!(sizes, [10, 2]);
    assert_eq!(handed(&deployment), (0..12).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(deployment.queue_depth(), 0);
}

pub(crate) async fn a_message_that_is_not_done_comes_back_alone_and_ends_as_a_dead_letter() {
    let deployment = deployment().await;
    deployment.send("done");
    let id = deployment.send("keep");
    let first = deployment.deliver().await;
    assert_eq!(first[0].failed(), [id.as_str()]);
    assert!(deployment.deliver().await.is_empty(), "it is hidden still");

    deployment.sandbox().clock().advance(VISIBLE_AGAIN);
    deployment.deliver().await;
    assert_eq!(handed(&deployment), ["done", "keep", "keep"]);
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
    assert_eq!(delivered[0].failed().len(), 2);
    assert_eq!(deployment.queue_depth(), 2);
}

pub(crate) async fn a_request_on_the_bus_is_delivered_whole() {
    let deployment = deployment().await;
    let requested = published("Rekognition Model Copy Requested", "com.example.ml-pipeline");
    let other = published("Rekognition Model Copy State Change", "rekognition.model-copier");
    super::http::put_events(&deployment.sandbox().endpoint(), &[&requested, &other]).await;
    deployment.deliver().await;
    let [event] = &handed(&deployment)[..] else { panic!("{:?}", handed(&deployment)) };
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(event, deployment.sandbox().announcements()[0].to_event());
    assert_eq!(event["source"], "com.example.ml-pipeline");
}

pub(crate) async fn the_schedule_strikes_check_copies() {
    let deployment = deployment().await;
    let told = deployment.check().await.unwrap();
    assert_eq!(told["payload"]["detail-type"], "Scheduled Event");
    assert_eq!(told["payload"]["account"], "444455556666");
    assert!(told["arn"].as_str().unwrap().ends_with(":function:check-copies"));
    for name in ["AWS_ENDPOINT_URL", "AWS_REGION", "LEDGER_TABLE", "ACCOUNT_ID"] {
        assert!(told["variables"].as_array().unwrap().contains(&json!(name)), "{name}");
    }
}

fn published(detail_type: &str, source: &str) -> Value {
    json!({ "DetailType": detail_type, "Source": source, "Detail": r#"{"versionName": "v1"}"# })
}
