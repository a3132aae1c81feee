//! Tests of the files in events/: the real functions accept each request, and write each announcement and answer.
//!
//! `UPDATE_EVENTS=1 cargo test --workspace --test it events` writes the announcements and answers. Times, EventBridge's ids and
//! the number in the copy's ARN differ between runs, so the test replaces them by those of one day.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{COPY, Copier, DESTINATION, SOURCE, event, event_text, project, seconds};
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::status::Status;
use sandbox::{Effect, Fault, PublishedEvent};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

const ARN: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.2026-11-02/1763978401250";

/// Deploys a copier, prepares its sandbox and sends copy-requested.json.
async fn requested(prepare: impl FnOnce(&Copier)) -> Copier {
    let copier = Copier::deployed().await;
    prepare(&copier);
    copier.deployment.send(event_text("copy-requested.json"));
    copier.deliver().await;
    copier
}

fn without_policy(copier: &Copier) {
    copier.sandbox().change(|world| project(world, SOURCE).policies.clear());
}

fn copying_fails(copier: &Copier) {
    let end = Effect::EndCopy {
        status: sandbox::Status::CopyingFailed,
        status_message: Some(
            "Amazon Rekognition can't write to the output bucket: access denied.".to_owned(),
        ),
        after: None,
    };
    copier.sandbox().fault(Fault::new(COPY, end));
}

fn copying_never_ends(copier: &Copier) {
    let mut settings = copier.sandbox().settings();
    settings.copying = SignedDuration::from_hours(1000);
    copier.sandbox().set_settings(settings);
}

/// Runs a request until it has this status.
async fn run(status: Status) -> Copier {
    let hours = SignedDuration::from_hours;
    match status {
        Status::Queued => requested(without_policy).await,
        Status::Started => requested(|_| {}).await,
        Status::Overdue => after(requested(copying_never_ends).await, hours(2)).await,
        Status::Completed => after(requested(|_| {}).await, seconds(1923)).await,
        Status::Failed => after(requested(copying_fails).await, seconds(1923)).await,
        Status::TimedOut => {
            after(after(requested(copying_never_ends).await, hours(2)).await, hours(22)).await
        }
        Status::Rejected => {
            let copier = Copier::deployed().await;
            let text =
                event_text("copy-requested.json").replace("444455556666:project", "777788889999:project");
            copier.deployment.send(text.replace("\"tags\"", "\"tag\""));
            copier.deliver().await;
            copier
        }
    }
}

async fn after(copier: Copier, time: SignedDuration) -> Copier {
    copier.pass(time).await;
    copier.sweep().await;
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

/// Replaces the values that differ between runs by those of one day.
fn dated(event: PublishedEvent) -> Event {
    let mut detail: Announcement = serde_json::from_str(&event.raw_detail).unwrap();
    assert_eq!(serde_json::to_string(&detail).unwrap(), event.raw_detail, "the type reads what it writes");
    let real = detail.copy.as_ref().map(|copy| copy.project_version_arn.clone());
    let resources = event.resources;
    let dated =
        |arn: String| if real.as_ref().is_some_and(|real| *real.as_str() == arn) { ARN.into() } else { arn };

    let at = |time: &str| time.parse::<Timestamp>().unwrap();
    detail.requested_at = at("2026-11-24T10:00:00.412Z");
    if let Some(copy) = &mut detail.copy {
        copy.project_version_arn = ProjectVersionArn::parse(ARN).unwrap();
        copy.started_at = at("2026-11-24T10:00:01.25Z");
    }
    let started_at = detail.copy.as_ref().map(|copy| copy.started_at);
    let ended_at = match detail.status {
        Status::Rejected => detail.requested_at,
        Status::TimedOut => at("2026-11-25T10:00:31.07Z"),
        _ => at("2026-11-24T10:32:04.8Z"),
    };
    detail.ended_at = detail.ended_at.map(|_| ended_at);
    let lasted = started_at.map(|started| ended_at.duration_since(started).as_secs());
    detail.duration_seconds = detail.duration_seconds.and(lasted);
    let time = match detail.status {
        Status::Overdue => at("2026-11-24T12:00:30.9Z"),
        _ => detail.ended_at.or(started_at).unwrap_or(detail.requested_at),
    };
    Event {
        version: "0",
        id: Uuid::new_v5(&detail.event_id, b"id"),
        detail_type: event.detail_type,
        source: event.source,
        account: event.account,
        time: time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        region: event.region,
        resources: resources.into_iter().map(dated).collect(),
        detail,
    }
}

/// Checks, or with `UPDATE_EVENTS` writes, the text of a file in events/.
fn expect(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(file);
    if std::env::var_os("UPDATE_EVENTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{file}");
}

fn pretty(value: &impl Serialize) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

fn file_of(status: Status) -> String {
    format!("announcements/{}.json", status.as_str().to_lowercase().replace('_', "-"))
}

#[tokio::test]
async fn every_file_of_an_announcement_is_what_the_functions_write() {
    for status in Status::ALL {
        let copier = run(status).await;
        let last = copier.announcements().pop().unwrap();
        assert_eq!(last.detail["status"], status.as_str());
        expect(&file_of(status), &pretty(&dated(last)));
    }
}

/// An answer of start-copy. The order of its fields is the order in the file.
#[derive(serde::Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Answer {
    request_id: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_version_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

#[derive(serde::Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[tokio::test]
async fn every_file_of_an_answer_of_start_copy_is_what_it_answers() {
    let copier = Copier::deployed().await;
    let invoke = async |request: &Value| {
        let answer = copier.deployment.invoke_start(request).await.unwrap();
        let mut answer: Answer = serde_json::from_value(answer).unwrap();
        answer.project_version_arn = answer.project_version_arn.map(|_| ARN.to_owned());
        pretty(&answer)
    };
    let request = event("copy-requested.json");
    expect("answers/start-copy-started.json", &invoke(&request).await);
    copier.pass(seconds(30)).await;
    copier.sweep().await;
    expect("answers/start-copy-completed.json", &invoke(&request).await);
    let mut bad = request;
    bad["detail"]["versionName"] = json!("no spaces");
    bad["detail"]["requestId"] = json!("release-2026-11-03");
    expect("answers/start-copy-rejected.json", &invoke(&bad).await);

    let copier = Copier::deployed().await;
    let answer = copier.deployment.invoke_start(&event("copy-requested-batch.json")).await.unwrap();
    expect("answers/start-copy-batch.json", &pretty(&answer));
    let copier = Copier::deployed().await;
    copier
        .sandbox()
        .fault(Fault::new("dynamodb:PutItem", Effect::error("InternalServerError")).containing("#release-b"));
    let answer = copier.deployment.invoke_start(&event("copy-requested-batch.json")).await.unwrap();
    expect("answers/start-copy-batch-failed.json", &pretty(&answer));
}

#[tokio::test]
async fn the_file_of_a_report_is_what_check_copies_answers() {
    let copier = requested(|_| {}).await;
    copier.pass(seconds(1923)).await;
    let mut report = copier.deployment.check_copies().invoke(&event("check-copies.json")).await.unwrap();
    assert_eq!(copier.statuses("release-2026-11-02"), ["STARTED", "COMPLETED"]);
    for (name, least, as_of_that_day) in
        [("oldestUnfinishedSeconds", 1923, 1924), ("sweepMilliseconds", 0, 62)]
    {
        assert!(report[name].as_i64().unwrap() >= least, "{name} in {report}");
        report[name] = json!(as_of_that_day);
    }
    report.sort_all_objects();
    expect("answers/check-copies.json", &pretty(&report));
}

#[tokio::test]
async fn every_other_file_is_a_request_that_starts_a_copy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let files = |folder: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.path().is_file());
        files.map(|entry| format!("{folder}{}", entry.file_name().to_string_lossy())).collect()
    };
    let announcements: BTreeSet<String> = Status::ALL.map(file_of).into();
    assert_eq!(files("announcements/"), announcements);
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
        let copier = Copier::deployed().await;
        let answer = copier.deployment.invoke_start(&event(&file)).await.unwrap();
        assert_eq!(answer["status"], "STARTED", "{file}: {answer}");
        let started = copier.last(answer["requestId"].as_str().unwrap());
        assert_eq!(started["destinationProjectArn"], DESTINATION, "{file}");
    }
}
