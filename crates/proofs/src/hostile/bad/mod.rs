//! Requests and messages with one thing wrong, each with the problem that it must get.

mod messages;
mod requests;

use rekognition_model_copier::domain::problem::ProblemCode;
use serde_json::json;

use crate::request::{ACCOUNT, SOURCE};

pub use messages::messages;
pub use requests::requests;

/// The output bucket that a good request names.
pub const BUCKET: &str = "flowers-production-models";
const REQUIRED: [&str; 5] =
    ["sourceProjectArn", "sourceProjectVersionArn", "destinationProjectArn", "versionName", "outputConfig"];

/// A bad request, or a message whose wrapping is bad.
#[derive(Clone, Debug)]
pub struct Bad {
    /// Its text.
    pub text: String,
    /// The field that a problem has to name.
    pub field: String,
    /// The problem's code.
    pub code: ProblemCode,
}

fn add(all: &mut Vec<Bad>, text: String, field: &str, code: ProblemCode) {
    all.push(Bad { text, field: field.to_owned(), code });
}

/// A request with nothing wrong.
pub fn good() -> String {
    object(&members())
}

/// The members of a good request, each with its value as JSON.
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

/// An object of these members, in this order.
fn object(members: &[(String, String)]) -> String {
    let all: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", all.join(","))
}

/// A request with another member added.
fn with_also(name: &str, value: &str) -> String {
    let mut all = members();
    all.push((name.to_owned(), value.to_owned()));
    object(&all)
}

/// A request without a member.
fn without(name: &str) -> String {
    let mut all = members();
    all.retain(|(member, _)| member != name);
    object(&all)
}

/// A request with this JSON as the value of a member, or of a member of `outputConfig` or `tags`.
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

/// A request with this text there.
fn with_text(path: &str, text: &str) -> String {
    with(path, &json!(text).to_string())
}
