//! One sweep of the real check-copies over 10,000 running copies in 100 projects, at the real rate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::stage::{Life, Stage, Subject, settings};
use crate::{Outcome, builds, endpoints};

const SOURCE: &str = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
const SOURCE_VERSION: &str =
    "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000";
const PROJECTS: usize = 100;
const VERSIONS: usize = 100;
/// The entries of a page of 1 MB.
const ENTRIES_PER_PAGE: usize = 1500;

/// The sweep, and how often it called each operation.
pub(crate) struct Crowd {
    pub(crate) life: Life,
    pub(crate) calls: BTreeMap<String, usize>,
}

pub(crate) async fn sweep() -> Outcome<Crowd> {
    let program = builds::release()?.join("check-copies");
    let calls = Arc::new(Mutex::new(BTreeMap::new()));
    let counted = Arc::clone(&calls);
    let answer = move |target: &str, body: &[u8]| {
        let operation = target.rsplit_once('.').map_or("", |(_, operation)| operation);
        *counted.lock().unwrap_or_else(PoisonError::into_inner).entry(operation.to_owned()).or_insert(0) += 1;
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        match operation {
            "Query" => entries(&body),
            "DescribeProjectVersions" => versions(&body),
            _ => json!({}),
        }
        .to_string()
    };
    let mut environment = endpoints::start(Arc::new(answer), None).await?;
    environment.extend(settings());
    let subject = Subject { name: "check-copies", program, event: json!({}), environment };
    let life = Stage::start().await?.live(&subject, 0).await?;
    let calls = calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Crowd { life, calls })
}

fn project(number: usize) -> String {
    format!("arn:aws:rekognition:us-east-1:444455556666:project/flowers-{number}/1761991200000")
}

fn version(project: &str, number: usize) -> String {
    let (head, _) = project.rsplit_once('/').unwrap_or((project, ""));
    format!("{head}/version/flowers.{number}/1763978400000")
}

/// Answers a query with a page of the due polls; nothing else is due.
fn entries(query: &Value) -> Value {
    if query.pointer("/ExpressionAttributeValues/:step/S") != Some(&json!("poll")) {
        return json!({ "Count": 0, "ScannedCount": 0, "Items": [] });
    }
    let last =
        query.pointer("/ExclusiveStartKey/id/S").and_then(|id| id.as_str()?.rsplit_once('-')?.1.parse().ok());
    let from = last.map_or(0, |last: usize| last + 1);
    let to = (from + ENTRIES_PER_PAGE).min(PROJECTS * VERSIONS);
    let now = Timestamp::now().as_millisecond();
    let entry = |n: usize| {
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
    };
    let items: Vec<Value> = (from..to).map(entry).collect();
    let last = (to < PROJECTS * VERSIONS).then(|| {
        let id = format!("111122223333#request-{}", to - 1);
        json!({"id": {"S": id}, "due": {"N": now.to_string()}, "step": {"S": "poll"}})
    });
    json!({ "Count": items.len(), "ScannedCount": items.len(), "Items": items, "LastEvaluatedKey": last })
}

fn versions(describe: &Value) -> Value {
    let project = describe.get("ProjectArn").and_then(Value::as_str).unwrap_or_default();
    let described = |n| {
        json!({
            "ProjectVersionArn": version(project, n),
            "Status": "COPYING_IN_PROGRESS",
            "StatusMessage": "The model is being copied.",
            "CreationTimestamp": 1_763_978_400.123,
            "SourceProjectVersionArn": SOURCE_VERSION,
            "OutputConfig": {"S3Bucket": "flowers-production-models", "S3KeyPrefix": "copied/"},
        })
    };
    json!({ "ProjectVersionDescriptions": (0..VERSIONS).map(described).collect::<Vec<_>>() })
}
