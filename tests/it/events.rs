//! Every file in events/ is what its name says: requests are taken in by the real functions, announcements
//! and answers are what the real functions write.
//!
//! `UPDATE_EVENTS=1 cargo test --workspace --test it events` writes the announcements and answers anew. Times, EventBridge's
//! ids and the number in the copy's ARN differ from run to run, so that they are set to those of one day.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{COPY, Copier, DESTINATION, SOURCE, event, event_text, seconds};
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::announcement::{Announcement, DETAIL_TYPE, Status};
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use sandbox::{Effect, Fault, PublishedEvent};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

const ARN: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.2026-11-02/1763978401250";

/// A copier that was sent copy-requested.json, after `prepare`.
async fn asked(prepare: impl FnOnce(&Copier)) -> Copier {
    let copier = Copier::deployed().await;
    prepare(&copier);
    copier.deployment.send(event_text("copy-requested.json"));
    copier.deliver().await;
    copier
}

fn without_policy(copier: &Copier) {
    let source = SOURCE.parse().unwrap();
    copier.sandbox().change(|world| {
        let mut projects = world.projects.iter_mut();
        projects.find(|project| project.project_arn == source).unwrap().policies.clear();
    });
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

fn copying_takes_for_ever(copier: &Copier) {
    let mut settings = copier.sandbox().settings();
    settings.copying = SignedDuration::from_hours(1000);
    copier.sandbox().set_settings(settings);
}

/// A run that ends in this status.
async fn run(status: Status) -> Copier {
    let hours = SignedDuration::from_hours;
    match status {
        Status::Queued => asked(without_policy).await,
        Status::Started => asked(|_| {}).await,
        Status::Overdue => after(asked(copying_takes_for_ever).await, hours(2)).await,
        Status::Completed => after(asked(|_| {}).await, seconds(1923)).await,
        Status::Failed => after(asked(copying_fails).await, seconds(1923)).await,
        Status::TimedOut => {
            after(after(asked(copying_takes_for_ever).await, hours(2)).await, hours(22)).await
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

/// An announcement as EventBridge hands it to a rule's target.
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

/// The event as of one certain day.
fn dated(event: PublishedEvent) -> Event {
    let mut detail: Announcement = serde_json::from_str(&event.raw_detail).unwrap();
    assert_eq!(serde_json::to_string(&detail).unwrap(), event.raw_detail, "it reads what it writes");
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

/// The file in events/ has this text.
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
async fn every_announcement_is_what_the_code_writes() {
    for status in Status::ALL {
        let copier = run(status).await;
        let last = copier.announced().pop().unwrap();
        assert_eq!(last.detail["status"], status.as_str());
        expect(&file_of(status), &pretty(&dated(last)));
    }
}

#[tokio::test]
async fn an_announcement_is_no_request_and_is_ignored_as_one() {
    let copier = Copier::deployed().await;
    for status in Status::ALL {
        let announcement = event(&file_of(status));
        assert_eq!(announcement["detail-type"], DETAIL_TYPE);
        copier.send(&[&announcement]).await;
    }
    assert!(copier.announced().is_empty());
    assert!(crate::support::ledger::items(&copier.ledger()).await.is_empty());
}

/// An answer of start-copy, its fields in the order in which they are written.
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
async fn every_answer_of_start_copy_is_what_the_code_answers() {
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
async fn the_answer_of_check_copies_is_what_the_code_answers() {
    let copier = asked(|_| {}).await;
    copier.pass(seconds(1923)).await;
    let mut report = copier.deployment.check_copies().invoke(&event("check-copies.json")).await.unwrap();
    assert_eq!(copier.words("release-2026-11-02"), ["STARTED", "COMPLETED"]);
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
async fn every_file_is_a_request_an_announcement_or_an_answer_and_nothing_else() {
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
            // Batches: tests/it/intake.rs.
            "check-copies.json"
            | "copy-requested-batch.json"
            | "copy-requested-pipe.json"
            | "copy-requested-topic.json" => continue,
            file if file.starts_with("copy-requested") => {}
            file => panic!("`{file}`: what is it?"),
        }
        let copier = Copier::deployed().await;
        let answer = copier.deployment.invoke_start(&event(&file)).await.unwrap();
        assert_eq!(answer["status"], "STARTED", "{file}: {answer}");
        let told = copier.last(answer["requestId"].as_str().unwrap());
        assert_eq!(told["destinationProjectArn"], DESTINATION, "{file}");
    }
}
