//! A table of invalid requests and messages, each with the problem that the copier must report.

mod messages;
mod requests;

use rekognition_model_copier::domain::problem::ProblemCode;
use serde_json::json;

use crate::request::{ACCOUNT, SOURCE};

pub use messages::messages;
pub use requests::requests;

/// The output bucket of the valid request.
pub const BUCKET: &str = "flowers-production-models";
const REQUIRED: [&str; 5] =
    ["sourceProjectArn", "sourceProjectVersionArn", "destinationProjectArn", "versionName", "outputConfig"];

/// An invalid request, or a message with an invalid envelope.
#[derive(Clone, Debug)]
pub struct Invalid {
    pub text: String,
    /// The field and the code of the problem.
    pub field: String,
    pub code: ProblemCode,
}

fn add(all: &mut Vec<Invalid>, text: String, field: &str, code: ProblemCode) {
    all.push(Invalid { text, field: field.to_owned(), code });
}

pub fn valid_request() -> String {
    object(&members())
}

/// Returns the members of a valid request, each with its value as JSON.
fn members() -> Vec<(String, String)> {
    let source = format!("arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers");
    let destination = format!("arn:aws:rekognition:us-east-1:{ACCOUNT}:project/flowers-production");
    [
        ("sourceProjectArn", json!(format!("{source}/1761904800000"))),
        ("sourceProjectVersionArn", json!(format!("{source}/version/flowers.1/1762077600000"))),
        ("destinationProjectArn", json!(format!("{destination}/1761991200000"))),
        ("versionName", json!("flowers.1")),
        ("outputConfig", json!({ "s3Bucket": BUCKET, "s3KeyPrefix": "copied/" })),
        ("tags", json!({ "team": "flowers" })),
        ("kmsKeyId", json!("alias/flowers")),
        ("requestId", json!("release-1")),
        ("correlationId", json!("pipeline-1")),
        ("context", json!({ "pipeline": "flowers" })),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_string()))
    .into()
}

/// Writes an object with these members in this order.
fn object(members: &[(String, String)]) -> String {
    let all: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", all.join(","))
}

/// Adds a member to the valid request.
fn with_also(name: &str, value: &str) -> String {
    let mut all = members();
    all.push((name.to_owned(), value.to_owned()));
    object(&all)
}

/// Removes a member from the valid request.
fn without(name: &str) -> String {
    let mut all = members();
    all.retain(|(member, _)| member != name);
    object(&all)
}

/// Sets the JSON of a member of the valid request, or of a member of `outputConfig` or `tags`.
fn with(path: &str, value: &str) -> String {
    let (name, value) = match path.split_once('.') {
        None => (path, value.to_owned()),
        Some((name, "s3KeyPrefix")) => (name, format!(r#"{{"s3Bucket":"{BUCKET}","s3KeyPrefix":{value}}}"#)),
        Some((name, inner)) => (name, object(&[(inner.to_owned(), value.to_owned())])),
    };
    let mut all = members();
    all.retain(|(member, _)| member != name);
    all.push((name.to_owned(), value));
    object(&all)
}

/// Sets the text of a member of the valid request.
fn with_text(path: &str, text: &str) -> String {
    with(path, &json!(text).to_string())
}
