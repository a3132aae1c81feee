//! One sweep of the real check-copies over 10,000 running copies in 100 projects, at the real rate.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::{Life, Stage, Subject, settings};
use crate::{Outcome, builds, endpoints};

const SOURCE: &str = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
const PROJECTS: usize = 100;
const VERSIONS: usize = 100;
/// The entries of a page of 1 MB.
const ENTRIES_PER_PAGE: usize = 1500;

/// Counts calls.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) describe: AtomicUsize,
    pub(crate) queries: AtomicUsize,
    pub(crate) reads: AtomicUsize,
    pub(crate) writes: AtomicUsize,
}

pub(crate) async fn sweep() -> Outcome<(Life, Arc<Calls>)> {
    let programs = builds::release()?;
    let calls = Arc::new(Calls::default());
    let counted = Arc::clone(&calls);
    let answer = move |target: &str, body: &[u8]| answer(target, body, &counted).unwrap_or_default();
    let mut environment = endpoints::start(Arc::new(answer), None).await?;
    environment.extend(settings());
    let program = programs.join("check-copies");
    let subject = Subject { name: "check-copies", program, event: json!({}), environment };
    Ok((Stage::start().await?.live(&subject, 0).await?, calls))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    expression_attribute_values: Value,
    exclusive_start_key: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    project_arn: String,
}

fn answer(target: &str, body: &[u8], calls: &Calls) -> serde_json::Result<String> {
    let count = |calls: &AtomicUsize| {
        calls.fetch_add(1, Ordering::Relaxed);
    };
    Ok(match target.rsplit_once('.').map(|(_, operation)| operation) {
        Some("Query") => {
            count(&calls.queries);
            let query: Query = serde_json::from_slice(body)?;
            let is_poll = query.expression_attribute_values.pointer("/:step/S") == Some(&json!("poll"));
            let from = query
                .exclusive_start_key
                .as_ref()
                .and_then(|key| key.pointer("/id/S")?.as_str()?.rsplit_once('-')?.1.parse().ok());
            entries(if is_poll { from.map_or(0, |last: usize| last + 1) } else { PROJECTS * VERSIONS })
        }
        Some("DescribeProjectVersions") => {
            count(&calls.describe);
            versions(&serde_json::from_slice::<Describe>(body)?.project_arn)
        }
        Some("GetItem") => {
            count(&calls.reads);
            "{}".to_owned()
        }
        _ => {
            count(&calls.writes);
            "{}".to_owned()
        }
    })
}

fn project(number: usize) -> String {
    format!("arn:aws:rekognition:us-east-1:444455556666:project/flowers-{number}/1761991200000")
}

fn version(project: &str, number: usize) -> String {
    let (head, _) = project.rsplit_once('/').unwrap_or((project, ""));
    format!("{head}/version/flowers.{number}/1763978400000")
}

fn entries(from: usize) -> String {
    let now = Timestamp::now().as_millisecond();
    let to = (from + ENTRIES_PER_PAGE).min(PROJECTS * VERSIONS);
    let items: Vec<Value> = (from..to)
        .map(|n| {
            let project = project(n % PROJECTS);
            json!({
                "id": {"S": format!("111122223333#request-{n}")},
                "step": {"S": "poll"},
                "due": {"N": (now - 60_000).to_string()},
                "requestedAt": {"N": (now - 61_000).to_string()},
                "checkAt": {"N": (now + 3_600_000).to_string()},
                "projectVersionArn": {"S": version(&project, n / PROJECTS)},
                "versionName": {"S": format!("flowers.{}", n / PROJECTS)},
                "sourceProjectArn": {"S": SOURCE},
                "destinationProjectArn": {"S": project},
            })
        })
        .collect();
    let last = (to < PROJECTS * VERSIONS).then(|| {
        let id = format!("111122223333#request-{}", to - 1);
        json!({"id": {"S": id}, "due": {"N": now.to_string()}, "step": {"S": "poll"}})
    });
    json!({ "Count": items.len(), "ScannedCount": items.len(), "Items": items, "LastEvaluatedKey": last })
        .to_string()
}

fn versions(project: &str) -> String {
    let mut versions = String::new();
    for n in 0..VERSIONS {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            versions,
            r#"{comma}{{"ProjectVersionArn":"{}","Status":"COPYING_IN_PROGRESS","StatusMessage":"The model is being copied.","CreationTimestamp":1763978400.123,"SourceProjectVersionArn":"arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000","OutputConfig":{{"S3Bucket":"flowers-production-models","S3KeyPrefix":"copied/"}}}}"#,
            version(project, n)
        );
    }
    format!(r#"{{"ProjectVersionDescriptions":[{versions}]}}"#)
}
