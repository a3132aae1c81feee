//! A copy request: the parameters of `CopyProjectVersion`, and what a requester may add to them.
//!
//! This file decides whether a text is a well-formed request. The constraints of the parameters are those of AWS's
//! API definition, and a few more: for instance, a bucket is required. The SDK checks none of them.
//! [`admission`](super::admission) decides whether the request is allowed.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::arn::{ArnError, ProjectArn, ProjectVersionArn, is_name};
use super::fingerprint;
use super::id::{MAX_ID_LENGTH, is_id};
use super::json::Object;
use super::problem::{Problem, ProblemCode, escape, shown};

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
    pub source_project_arn: ProjectArn,
    pub source_project_version_arn: ProjectVersionArn,
    pub destination_project_arn: ProjectArn,
    pub version_name: String,
    /// Where Rekognition puts the copy's training results.
    pub output_config: OutputConfig,
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
    /// Whether source and destination are one project. For such a copy AWS may not show the source (\[inferred\]: an
    /// assumption, see docs/aws.md).
    pub fn is_within_one_project(&self) -> bool {
        self.source_project_arn == self.destination_project_arn
    }
}

/// The ARNs and the name in a request, as far as they could be read. Announcements return them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReadableFields {
    /// The project that owns the model. A rejection leaves out what could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_project_arn: Option<ProjectArn>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_project_version_arn: Option<ProjectVersionArn>,
    /// The project that gets the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_project_arn: Option<ProjectArn>,
    /// The copy's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_name: Option<String>,
}

impl ReadableFields {
    /// Those of a request that is valid.
    pub fn of(copy: &CopyRequest) -> Self {
        Self {
            source_project_arn: Some(copy.source_project_arn.clone()),
            source_project_version_arn: Some(copy.source_project_version_arn.clone()),
            destination_project_arn: Some(copy.destination_project_arn.clone()),
            version_name: Some(copy.version_name.clone()),
        }
    }
}

/// A request as far as it could be read, with all its problems.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// The ARNs and the name, which a rejection returns too.
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

    fn read(mut request: Object<'_>) -> Self {
        let fields = ReadableFields {
            source_project_arn: arn(&mut request, "sourceProjectArn", ProjectArn::parse),
            source_project_version_arn: arn(
                &mut request,
                "sourceProjectVersionArn",
                ProjectVersionArn::parse,
            ),
            destination_project_arn: arn(&mut request, "destinationProjectArn", ProjectArn::parse),
            version_name: required(&mut request, "versionName", |it, name| text(it, name, &VERSION_NAME)),
        };
        let output_config = required(&mut request, "outputConfig", output_config);
        let tags = tags(&mut request);
        let kms_key_id = text(&mut request, "kmsKeyId", &KMS_KEY_ID);
        let request_id = text(&mut request, "requestId", &ID);
        let correlation_id = text(&mut request, "correlationId", &ID);
        let context = context(&mut request);
        let mut problems = request.finish(FIELDS);
        if let (Some(project), Some(version)) =
            (&fields.source_project_arn, &fields.source_project_version_arn)
        {
            problems.extend(other_project(project, version));
        }
        Self { fields, output_config, tags, kms_key_id, request_id, correlation_id, context, problems }
    }
}

/// What a text field may hold.
struct Form {
    /// Characters.
    length: RangeInclusive<usize>,
    is_allowed: fn(&str) -> bool,
    /// What is allowed. In a message these words follow the field's name.
    allowed: &'static str,
}

const VERSION_NAME: Form =
    Form { length: 1..=255, is_allowed: is_name, allowed: "may have letters, digits, `_`, `.` and `-` only" };
const S3_BUCKET: Form =
    Form { length: 3..=255, is_allowed: is_name, allowed: "may have letters, digits, `.`, `-` and `_` only" };
const S3_KEY_PREFIX: Form = Form { length: 0..=1024, is_allowed: |_| true, allowed: "" };
const KMS_KEY_ID: Form = Form {
    length: 1..=2048,
    is_allowed: |text| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":_/+=,@.-".contains(&b))
    },
    allowed: "must be a key id, key ARN, alias name or alias ARN",
};
const ID: Form = Form {
    length: 1..=MAX_ID_LENGTH,
    is_allowed: is_id,
    allowed: "may have printable ASCII characters only",
};

/// Reads a field that has to be there.
fn required<'a, T>(
    object: &mut Object<'a>,
    name: &str,
    read: impl FnOnce(&mut Object<'a>, &str) -> Option<T>,
) -> Option<T> {
    let value = read(object, name);
    if value.is_none() && !object.has_problem_in(name) {
        object.report(name, ProblemCode::Missing, "is missing: it is required");
    }
    value
}

fn text(object: &mut Object<'_>, name: &str, form: &Form) -> Option<String> {
    let text = object.take_either_text(name)?;
    let (length, (least, most)) = (text.chars().count(), (form.length.start(), form.length.end()));
    if !form.length.contains(&length) {
        let rest = format!("must have {least} to {most} characters, not {length}");
        object.report(name, ProblemCode::Length, rest);
    } else if !(form.is_allowed)(&text) {
        object.report(name, ProblemCode::Pattern, format!("{}, not {}", form.allowed, shown(&text)));
    } else {
        return Some(text);
    }
    None
}

fn arn<T>(object: &mut Object<'_>, name: &str, parse: impl Fn(&str) -> Result<T, ArnError>) -> Option<T> {
    required(object, name, |object, name| {
        let text = object.take_either_text(name)?;
        let report = |error| {
            let code = match error {
                ArnError::Length => ProblemCode::Length,
                ArnError::NoProject | ArnError::NoProjectVersion => ProblemCode::Pattern,
            };
            object.report(name, code, format!("{error}, not {}", shown(&text)));
        };
        parse(&text).map_err(report).ok()
    })
}

fn output_config(request: &mut Object<'_>, name: &str) -> Option<OutputConfig> {
    let mut object = request.take_object(name)?;
    // The service model accepts `{}`, but a copy without a bucket has no place to go to.
    let s3_bucket = required(&mut object, "s3Bucket", |object, name| text(object, name, &S3_BUCKET));
    let s3_key_prefix = text(&mut object, "s3KeyPrefix", &S3_KEY_PREFIX);
    request.problems.extend(object.finish(&["s3Bucket", "s3KeyPrefix"]));
    Some(OutputConfig { s3_bucket: s3_bucket?, s3_key_prefix })
}

fn tags(request: &mut Object<'_>) -> BTreeMap<String, String> {
    let Some(mut object) = request.take_object("tags") else { return BTreeMap::new() };
    let members = object.take_all();
    let count = members.len();
    let mut tags = BTreeMap::new();
    if count <= MAX_TAGS {
        let tag = |(key, value): (String, &RawValue)| Some((key.clone(), tag(&mut object, &key, value)?));
        tags = members.into_iter().filter_map(tag).collect();
    } else {
        let rest = format!("may have at most {MAX_TAGS} members, not {count}");
        request.report("tags", ProblemCode::TooLarge, rest);
    }
    request.problems.extend(object.problems);
    tags
}

fn tag(tags: &mut Object<'_>, key: &str, value: &RawValue) -> Option<String> {
    let name = &escape(key);
    let is_good_length = (1..=128).contains(&key.chars().count());
    let rules_of_key = [
        (is_good_length, ProblemCode::Length, "must have a key of 1 to 128 characters"),
        (
            !key.starts_with("aws:"),
            ProblemCode::Pattern,
            "must have a key that does not begin with `aws:`: AWS reserves this prefix",
        ),
        (
            key.chars().all(is_tag_character),
            ProblemCode::Pattern,
            "must have a key with only letters, digits, spaces and `_.:/=+-@`",
        ),
    ];
    let value = tags.text(name, value);
    let text = value.as_deref().unwrap_or_default();
    let rules_of_value = [
        (text.chars().count() <= 256, ProblemCode::Length, "must have a value of at most 256 characters"),
        (
            text.chars().all(is_tag_character),
            ProblemCode::Pattern,
            "must have a value with only letters, digits, spaces and `_.:/=+-@`",
        ),
    ];
    let mut is_good = true;
    for (is_obeyed, code, rest) in rules_of_key.into_iter().chain(rules_of_value) {
        if !is_obeyed {
            tags.report(name, code, rest);
            is_good = false;
        }
    }
    value.filter(|_| is_good)
}

/// The service model's class for tag keys and values: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
fn is_tag_character(c: char) -> bool {
    matches!(c, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
        || matches!(
            c.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Separator | GeneralCategoryGroup::Number
        )
}

fn context(request: &mut Object<'_>) -> Option<Context> {
    let value = request.take_either("context")?;
    let text = value.get();
    if text.len() > MAX_CONTEXT_BYTES {
        let rest = format!("must have at most {MAX_CONTEXT_BYTES} bytes, not {}", text.len());
        request.report("context", ProblemCode::TooLarge, rest);
        return None;
    }
    // Announcements return it, so EventBridge and common JSON readers must accept it: no number beyond a double, no
    // half of a surrogate pair, no deep nesting.
    let (code, rest) = match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(_)) => match fingerprint::canonicalize(value) {
            Some(_) => return Some(Context(value.to_owned())),
            None => (ProblemCode::Duplicate, "must not repeat a key: give each key once".to_owned()),
        },
        Ok(_) => (ProblemCode::WrongType, format!("must be an object, not {}", shown(text))),
        Err(error) => {
            let allowed =
                "must not have a number too large for a double, half of a surrogate pair, or deep nesting";
            (ProblemCode::TooLarge, format!("{allowed}: {error}"))
        }
    };
    request.report("context", code, rest);
    None
}

/// The problem, if `version` is not a version of `project`.
fn other_project(project: &ProjectArn, version: &ProjectVersionArn) -> Option<Problem> {
    let is_same = (project.partition(), project.region(), project.account(), project.project_name())
        == (version.partition(), version.region(), version.account(), version.project_name());
    (!is_same).then(|| {
        let rest = format!("must be a version of `sourceProjectArn`, {}", shown(project.as_str()));
        Problem::new("sourceProjectVersionArn", ProblemCode::Mismatch, rest)
    })
}

#[cfg(test)]
mod tests;
