//! A copy request: the parameters of `CopyProjectVersion`, and what a requester may add to them.
//!
//! This file decides whether a text is a well-formed request. The constraints are the service model's; the SDK checks
//! none of them. [`admission`](super::admission) decides whether the request is allowed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::arn::{ArnError, ProjectArn, ProjectVersionArn, is_name};
use super::fingerprint;
use super::id::{MAX_ID_LENGTH, is_id};
use super::json::{self, Object};
use super::problem::{Problem, ProblemCode, shown};

/// The most bytes a request may have.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// The most bytes a request's `context` may have.
pub const MAX_CONTEXT_BYTES: usize = 4 * 1024;
const MAX_TAGS: usize = 200;
const FIELDS: &[&str] = &[
    "sourceProjectArn",
    "sourceProjectVersionArn",
    "destinationProjectArn",
    "versionName",
    "outputConfig",
    "tags",
    "kmsKeyId",
    "requestId",
    "correlationId",
    "context",
];

/// The parameters of `CopyProjectVersion`, checked.
/// Source: <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_CopyProjectVersion.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyRequest {
    /// The project that owns the model.
    pub source_project_arn: ProjectArn,
    /// The model.
    pub source_project_version_arn: ProjectVersionArn,
    /// The project that gets the copy.
    pub destination_project_arn: ProjectArn,
    /// The copy's name, unique in its project.
    pub version_name: String,
    /// Where Rekognition puts the copy's training results.
    pub output_config: OutputConfig,
    /// The copy's tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The key that encrypts the copy: key id, key ARN, alias name or alias ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
}

/// An output location in S3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputConfig {
    /// The bucket, in the destination account.
    pub s3_bucket: String,
    /// The prefix of the objects' keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_key_prefix: Option<String>,
}

/// A JSON object that every announcement of the request returns byte for byte.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Context(Box<RawValue>);

impl Context {
    /// The JSON text as it came.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl CopyRequest {
    /// Whether source and destination are one project. For such a copy AWS may not show the source \[inferred\].
    pub fn is_within_one_project(&self) -> bool {
        self.source_project_arn == self.destination_project_arn
    }
}

/// The fields of a rejected request that could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "a field has the name that it has in the request")]
pub struct ReadableFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_project_arn: Option<ProjectArn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_project_version_arn: Option<ProjectVersionArn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_project_arn: Option<ProjectArn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_name: Option<String>,
}

/// A request as far as it could be read, with all its problems.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "a field has the name that it has in the request")]
pub struct Draft {
    /// The fields that a rejection returns.
    pub fields: ReadableFields,
    pub output_config: Option<OutputConfig>,
    pub tags: BTreeMap<String, String>,
    pub kms_key_id: Option<String>,
    pub request_id: Option<String>,
    pub correlation_id: Option<String>,
    pub context: Option<Context>,
    /// Every problem. [`Draft::complete`] returns a request only if there is none.
    pub problems: Vec<Problem>,
}

impl Draft {
    /// Reads a request's text. A part that cannot be read becomes a problem.
    pub fn parse(text: &str) -> Self {
        if text.len() > MAX_BODY_BYTES {
            return Self::failed(Problem::new(
                "request",
                ProblemCode::TooLarge,
                format_args!("must have at most {MAX_BODY_BYTES} bytes, not {}", text.len()),
            ));
        }
        match Object::parse("request", text) {
            Ok(object) => Self::read(object),
            Err(problem) => Self::failed(problem),
        }
    }

    /// A draft of which nothing could be read.
    pub fn failed(problem: Problem) -> Self {
        Self { problems: vec![problem], ..Self::default() }
    }

    /// The request, if nothing is wrong with it.
    pub fn complete(&self) -> Option<CopyRequest> {
        if !self.problems.is_empty() {
            return None;
        }
        Some(CopyRequest {
            source_project_arn: self.fields.source_project_arn.clone()?,
            source_project_version_arn: self.fields.source_project_version_arn.clone()?,
            destination_project_arn: self.fields.destination_project_arn.clone()?,
            version_name: self.fields.version_name.clone()?,
            output_config: self.output_config.clone()?,
            tags: self.tags.clone(),
            kms_key_id: self.kms_key_id.clone(),
        })
    }

    fn read(mut object: Object<'_>) -> Self {
        let mut problems = Vec::new();
        let p = &mut problems;
        let source_project_arn = arn(&mut object, "sourceProjectArn", ProjectArn::parse, p);
        let source_project_version_arn =
            arn(&mut object, "sourceProjectVersionArn", ProjectVersionArn::parse, p);
        let destination_project_arn = arn(&mut object, "destinationProjectArn", ProjectArn::parse, p);
        let version_name = required(&mut object, "versionName", p).and_then(|value| version_name(value, p));
        let output_config =
            required(&mut object, "outputConfig", p).and_then(|value| output_config(value, p));
        let tags = object.take_either("tags", p).map(|value| tags(value, p)).unwrap_or_default();
        let kms_key_id = object.take_either("kmsKeyId", p).and_then(|value| kms_key_id(value, p));
        let request_id = object.take_either("requestId", p).and_then(|value| id("requestId", value, p));
        let correlation_id =
            object.take_either("correlationId", p).and_then(|value| id("correlationId", value, p));
        let context = object.take_either("context", p).and_then(|value| context(value, p));
        object.finish(FIELDS, p);

        if let (Some(project), Some(version)) = (&source_project_arn, &source_project_version_arn) {
            same_project(project, version, p);
        }
        let fields = ReadableFields {
            source_project_arn,
            source_project_version_arn,
            destination_project_arn,
            version_name,
        };
        Self { fields, output_config, tags, kms_key_id, request_id, correlation_id, context, problems }
    }
}

fn required<'a>(object: &mut Object<'a>, name: &str, problems: &mut Vec<Problem>) -> Option<&'a RawValue> {
    let value = object.take_either(name, problems);
    if value.is_none() && !problems.iter().any(|p| p.field == name) {
        problems.push(Problem::new(name, ProblemCode::Missing, "is missing: it is required"));
    }
    value
}

fn arn<T>(
    object: &mut Object<'_>,
    field: &str,
    parse: impl Fn(&str) -> Result<T, ArnError>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let value = required(object, field, problems)?;
    let text = json::string(field, value, problems)?;
    match parse(&text) {
        Ok(arn) => Some(arn),
        Err(error) => {
            let code = match error {
                ArnError::Length => ProblemCode::Length,
                ArnError::NoProject | ArnError::NoProjectVersion => ProblemCode::Pattern,
            };
            problems.push(Problem::new(field, code, format_args!("{error}, not {}", shown(&text))));
            None
        }
    }
}

fn version_name(value: &RawValue, problems: &mut Vec<Problem>) -> Option<String> {
    let text = json::string("versionName", value, problems)?;
    length("versionName", &text, 1, 255, problems)?;
    if !is_name(&text) {
        let rest = format!("may have letters, digits, `_`, `.` and `-` only, not {}", shown(&text));
        problems.push(Problem::new("versionName", ProblemCode::Pattern, rest));
        return None;
    }
    Some(text)
}

fn output_config(value: &RawValue, problems: &mut Vec<Problem>) -> Option<OutputConfig> {
    let mut object = Object::within("outputConfig", value).map_err(|p| problems.push(p)).ok()?;
    let bucket = object.take_either("s3Bucket", problems);
    let prefix = object.take_either("s3KeyPrefix", problems);
    object.finish(&["s3Bucket", "s3KeyPrefix"], problems);
    let s3_key_prefix = prefix.and_then(|value| {
        let text = json::string("outputConfig.s3KeyPrefix", value, problems)?;
        length("outputConfig.s3KeyPrefix", &text, 0, 1024, problems).map(|()| text)
    });
    let Some(bucket) = bucket else {
        // The service model accepts `{}`, but a copy without a bucket has no place to go to.
        problems.push(Problem::new(
            "outputConfig.s3Bucket",
            ProblemCode::Missing,
            "is missing: it is required",
        ));
        return None;
    };
    let s3_bucket = json::string("outputConfig.s3Bucket", bucket, problems)?;
    length("outputConfig.s3Bucket", &s3_bucket, 3, 255, problems)?;
    if !s3_bucket.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        let rest = format!("may have letters, digits, `.`, `-` and `_` only, not {}", shown(&s3_bucket));
        problems.push(Problem::new("outputConfig.s3Bucket", ProblemCode::Pattern, rest));
        return None;
    }
    Some(OutputConfig { s3_bucket, s3_key_prefix })
}

fn tags(value: &RawValue, problems: &mut Vec<Problem>) -> BTreeMap<String, String> {
    let members = match Object::within("tags", value) {
        Ok(object) => object.into_members(problems),
        Err(problem) => {
            problems.push(problem);
            return BTreeMap::new();
        }
    };
    if members.len() > MAX_TAGS {
        let rest = format!("may have at most {MAX_TAGS} members, not {}", members.len());
        problems.push(Problem::new("tags", ProblemCode::TooLarge, rest));
        return BTreeMap::new();
    }
    let mut tags = BTreeMap::new();
    for (key, value) in members {
        if let Some(value) = tag(&key, value, problems) {
            tags.insert(key, value);
        }
    }
    tags
}

fn tag(key: &str, value: &RawValue, problems: &mut Vec<Problem>) -> Option<String> {
    let field = format!("tags.{}", shown(key).trim_matches('`'));
    let before = problems.len();
    let mut wrong = |code, rest: &str| problems.push(Problem::new(&field, code, rest));
    if !(1..=128).contains(&key.chars().count()) {
        wrong(ProblemCode::Length, "must have a key of 1 to 128 characters");
    }
    if key.starts_with("aws:") {
        wrong(
            ProblemCode::Pattern,
            "must have a key that does not begin with `aws:`: AWS reserves this prefix",
        );
    }
    if !key.chars().all(is_tag_character) {
        wrong(ProblemCode::Pattern, "may have letters, digits, spaces and `_.:/=+-@` only in its key");
    }
    let value = json::string(&field, value, problems)?;
    let mut wrong = |code, rest: &str| problems.push(Problem::new(&field, code, rest));
    if value.chars().count() > 256 {
        wrong(ProblemCode::Length, "must have a value of at most 256 characters");
    }
    if !value.chars().all(is_tag_character) {
        wrong(ProblemCode::Pattern, "may have letters, digits, spaces and `_.:/=+-@` only in its value");
    }
    (problems.len() == before).then_some(value)
}

/// The service model's class for tag keys and values: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
fn is_tag_character(c: char) -> bool {
    matches!(c, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
        || matches!(
            c.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Separator | GeneralCategoryGroup::Number
        )
}

fn kms_key_id(value: &RawValue, problems: &mut Vec<Problem>) -> Option<String> {
    let text = json::string("kmsKeyId", value, problems)?;
    length("kmsKeyId", &text, 1, 2048, problems)?;
    let is_key_character = |b: u8| b.is_ascii_alphanumeric() || b":_/+=,@.-".contains(&b);
    if !text.bytes().all(is_key_character) || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        let rest = format!("must be a key id, key ARN, alias name or alias ARN, not {}", shown(&text));
        problems.push(Problem::new("kmsKeyId", ProblemCode::Pattern, rest));
        return None;
    }
    Some(text)
}

fn id(field: &str, value: &RawValue, problems: &mut Vec<Problem>) -> Option<String> {
    let text = json::string(field, value, problems)?;
    length(field, &text, 1, MAX_ID_LENGTH, problems)?;
    if !is_id(&text) {
        let rest = format!("may have printable ASCII characters only, not {}", shown(&text));
        problems.push(Problem::new(field, ProblemCode::Pattern, rest));
        return None;
    }
    Some(text)
}

fn context(value: &RawValue, problems: &mut Vec<Problem>) -> Option<Context> {
    let mut wrong = |code, rest: String| problems.push(Problem::new("context", code, rest));
    let text = value.get();
    if text.len() > MAX_CONTEXT_BYTES {
        wrong(
            ProblemCode::TooLarge,
            format!("must have at most {MAX_CONTEXT_BYTES} bytes, not {}", text.len()),
        );
        return None;
    }
    // Announcements return it, so EventBridge and common JSON readers must accept it: no number beyond a double, no
    // half of a surrogate pair, no deep nesting.
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(_)) => {}
        Ok(_) => {
            wrong(ProblemCode::WrongType, format!("must be an object, not {}", shown(text)));
            return None;
        }
        Err(error) => {
            wrong(ProblemCode::TooLarge, format!("must be JSON that can be read whole: {error}"));
            return None;
        }
    }
    if let Err(error) = fingerprint::canonicalize(value) {
        wrong(ProblemCode::Duplicate, error.to_string());
        return None;
    }
    Some(Context(value.to_owned()))
}

fn same_project(project: &ProjectArn, version: &ProjectVersionArn, problems: &mut Vec<Problem>) {
    let same = (project.partition(), project.region(), project.account(), project.project_name())
        == (version.partition(), version.region(), version.account(), version.project_name());
    if !same {
        problems.push(Problem::new(
            "sourceProjectVersionArn",
            ProblemCode::Mismatch,
            format_args!("must be a version of `sourceProjectArn`, {}", shown(project.as_str())),
        ));
    }
}

fn length(field: &str, text: &str, least: usize, most: usize, problems: &mut Vec<Problem>) -> Option<()> {
    let count = text.chars().count();
    if (least..=most).contains(&count) {
        return Some(());
    }
    let rest = format!("must have {least} to {most} characters, not {count}");
    problems.push(Problem::new(field, ProblemCode::Length, rest));
    None
}

#[cfg(test)]
mod tests;
