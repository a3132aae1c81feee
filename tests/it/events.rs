//! Tests of the files in events/: the real functions accept each request, and write each announcement and answer.
//!
//! `UPDATE_EVENTS=1 cargo test --workspace --test it events` writes the announcements and answers. The sandbox's clock shows
//! the same times in every run.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{COPY, Copier, DESTINATION, SOURCE, event, event_text, project, root, seconds};
use jiff::SignedDuration;
use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::status::Status;
use sandbox::{CopyEnd, Effect, Fault, PublishedEvent, World};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

async fn deployed() -> Copier {
    Copier::deployed_in(World::small(), "2026-11-24T10:00:00.412Z".parse().unwrap()).await
}

/// Deploys a copier, prepares its sandbox and sends a request.
async fn requested(request: String, prepare: impl FnOnce(&Copier)) -> Copier {
    let copier = deployed().await;
    prepare(&copier);
    copier.deployment.send(request);
    copier.deliver().await;
    copier
}

fn without_policy(copier: &Copier) {
    copier.sandbox().change(|world| project(world, SOURCE).policies.clear());
}

fn copying_fails(copier: &Copier) {
    let message = "Amazon Rekognition can't write to the output bucket: access denied.";
    let (status, status_message) = (sandbox::Status::CopyingFailed, Some(message.to_owned()));
    let end = CopyEnd { status, status_message, after: None };
    copier.sandbox().fault(Fault::new(COPY, Effect::EndCopy(end)));
}

fn copying_never_ends(copier: &Copier) {
    let mut settings = copier.sandbox().settings();
    settings.copying = SignedDuration::from_hours(1000);
    copier.sandbox().set_settings(settings);
}

/// Runs a request until it has this status.
async fn run(status: Status) -> Copier {
    let hours = SignedDuration::from_hours;
    let valid = event_text("copy-requested.json");
    let of_a_stranger = valid.replace("444455556666:project", "777788889999:project");
    let (copier, sweeps) = match status {
        Status::Queued => (requested(valid, without_policy).await, vec![]),
        Status::Started => (requested(valid, |_| {}).await, vec![]),
        Status::Overdue => (requested(valid, copying_never_ends).await, vec![hours(2)]),
        Status::Completed => (requested(valid, |_| {}).await, vec![seconds(1923)]),
        Status::Failed => (requested(valid, copying_fails).await, vec![seconds(1923)]),
        Status::TimedOut => (requested(valid, copying_never_ends).await, vec![hours(2), hours(22)]),
        Status::Rejected => (requested(of_a_stranger.replace("\"tags\"", "\"tag\""), |_| {}).await, vec![]),
    };
    for time in sweeps {
        copier.sweep_after(time).await;
    }
    copier
}

/// An announcement in the envelope that EventBridge sends to a target.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Event {
    version: &'static str,
    id: Uuid,
    detail_type: String,
    source: String,
    account: String,
    time: String,
    region: String,
    resources: Vec<String>,
    detail: Announcement,
}

impl From<PublishedEvent> for Event {
    fn from(event: PublishedEvent) -> Self {
        let detail: Announcement = serde_json::from_str(&event.raw_detail).unwrap();
        let again = serde_json::to_string(&detail).unwrap();
        assert_eq!(again, event.raw_detail, "the type reads what it writes");
        Self {
            version: "0",
            // EventBridge's id differs between runs.
            id: Uuid::new_v5(&detail.event_id, b"id"),
            detail_type: event.detail_type,
            source: event.source,
            account: event.account,
            time: event.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            region: event.region,
            resources: event.resources,
            detail,
        }
    }
}

/// Checks, or with `UPDATE_EVENTS` writes, a file in events/.
fn expect(file: &str, value: &impl Serialize) {
    let path = root().join("events").join(file);
    let text = format!("{}\n", serde_json::to_string_pretty(value).unwrap());
    if std::env::var_os("UPDATE_EVENTS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{file}");
}

fn file_of(status: Status) -> String {
    format!("announcements/{}.json", status.as_str().to_lowercase().replace('_', "-"))
}

#[tokio::test]
async fn every_file_of_an_announcement_is_what_the_functions_write() {
    for &status in Status::ALL {
        let last = run(status).await.announcements().pop().unwrap();
        assert_eq!(last.detail["status"], status.as_str());
        expect(&file_of(status), &Event::from(last));
    }
}

#[tokio::test]
async fn every_file_of_an_answer_of_start_copy_is_what_it_answers() {
    let copier = deployed().await;
    let invoke = async |request: &Value| {
        let mut answer = copier.deployment.start_copy().invoke(request).await.unwrap();
        answer.sort_all_objects();
        answer
    };
    let request = event("copy-requested.json");
    expect("answers/start-copy-started.json", &invoke(&request).await);
    copier.sweep_after(seconds(30)).await;
    expect("answers/start-copy-completed.json", &invoke(&request).await);
    assert_eq!(copier.announcements().len(), 2, "the second invocation only answers");
    let mut bad = request;
    bad["detail"]["versionName"] = json!("no spaces");
    bad["detail"]["requestId"] = json!("release-2026-11-03");
    expect("answers/start-copy-rejected.json", &invoke(&bad).await);

    let batch = event("copy-requested-batch.json");
    let copier = deployed().await;
    let answer = copier.deployment.start_copy().invoke(&batch).await.unwrap();
    expect("answers/start-copy-batch.json", &answer);
    let copier = deployed().await;
    let refused = Fault::new("dynamodb:PutItem", Effect::error("InternalServerError"));
    copier.sandbox().fault(refused.containing("#release-b"));
    let answer = copier.deployment.start_copy().invoke(&batch).await.unwrap();
    expect("answers/start-copy-batch-failed.json", &answer);
}

#[tokio::test]
async fn the_file_of_a_report_is_what_check_copies_answers() {
    let copier = requested(event_text("copy-requested.json"), |_| {}).await;
    copier.pass(seconds(1923));
    let mut report = copier.deployment.check_copies().invoke(&event("check-copies.json")).await.unwrap();
    assert_eq!(copier.statuses("release-2026-11-02"), ["STARTED", "COMPLETED"]);
    assert!(report["sweepMilliseconds"].is_u64(), "{report}");
    report["sweepMilliseconds"] = json!(62);
    report.sort_all_objects();
    expect("answers/check-copies.json", &report);
}

#[tokio::test]
async fn every_other_file_is_a_request_that_starts_a_copy() {
    let files = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root().join("events").join(folder)).unwrap().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.path().is_file());
        files.map(|entry| format!("{folder}{}", entry.file_name().to_string_lossy())).collect()
    };
    assert_eq!(files("announcements/"), Status::ALL.iter().copied().map(file_of).collect());
    let answers = [
        "check-copies",
        "start-copy-batch",
        "start-copy-batch-failed",
        "start-copy-completed",
        "start-copy-rejected",
        "start-copy-started",
    ];
    assert_eq!(files("answers/"), answers.map(|name| format!("answers/{name}.json")).into());
    for file in files("") {
        match file.as_str() {
            // tests/it/intake.rs sends the batches.
            "check-copies.json"
            | "copy-requested-batch.json"
            | "copy-requested-pipe.json"
            | "copy-requested-topic.json" => continue,
            file if file.starts_with("copy-requested") => {}
            file => panic!("`{file}` is no known kind of file"),
        }
        let copier = deployed().await;
        let answer = copier.deployment.start_copy().invoke(&event(&file)).await.unwrap();
        assert_eq!(answer["status"], "STARTED", "{file}: {answer}");
        let started = copier.last(answer["requestId"].as_str().unwrap());
        assert_eq!(started["destinationProjectArn"], DESTINATION, "{file}");
    }
}
