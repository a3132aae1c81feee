//! A request with nothing wrong, and the same with another value.

use crate::request::{ACCOUNT, SOURCE};
use serde_json::{Value, json};

use crate::hostile::BUCKET;

pub(super) const REQUIRED: [&str; 5] =
    ["sourceProjectArn", "sourceProjectVersionArn", "destinationProjectArn", "versionName", "outputConfig"];
pub(super) const OPTIONAL: [&str; 5] = ["tags", "kmsKeyId", "requestId", "correlationId", "context"];

pub(super) fn members() -> Vec<(String, Value)> {
    let pair = |name: &str, value: Value| (name.to_owned(), value);
    vec![
        pair(
            "sourceProjectArn",
            json!(format!("arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/1761904800000")),
        ),
        pair(
            "sourceProjectVersionArn",
            json!(format!(
                "arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/version/flowers.1/1762077600000"
            )),
        ),
        pair(
            "destinationProjectArn",
            json!(format!(
                "arn:aws:rekognition:us-east-1:{ACCOUNT}:project/flowers-production/1761991200000"
            )),
        ),
        pair("versionName", json!("flowers.1")),
        pair("outputConfig", json!({ "s3Bucket": BUCKET, "s3KeyPrefix": "copied/" })),
        pair("tags", json!({ "team": "flowers" })),
        pair("kmsKeyId", json!("alias/flowers")),
        pair("requestId", json!("release-1")),
        pair("correlationId", json!("pipeline-1")),
        pair("context", json!({ "pipeline": "flowers" })),
    ]
}

pub(super) fn text(members: &[(String, Value)]) -> String {
    let all: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", all.join(","))
}

/// A request with nothing wrong.
pub fn good() -> String {
    text(&members())
}

pub(super) fn with(name: &str, value: Value) -> String {
    let mut all = members();
    all.retain(|(member, _)| member != name);
    all.push((name.to_owned(), value));
    text(&all)
}

/// A request with this text as a member's value.
pub(super) fn with_text(name: &str, value: &str) -> String {
    with(name, json!("VALUE")).replace("\"VALUE\"", value)
}

pub(super) fn of(name: &str) -> String {
    members()
        .into_iter()
        .find(|(member, _)| member == name)
        .map_or(String::new(), |(_, value)| value.as_str().unwrap_or_default().to_owned())
}
