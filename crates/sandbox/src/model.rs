//! The constraints of the service models: the members of requests and the values that they accept. `check` applies them.

mod check;

use std::sync::LazyLock;

use regex::Regex;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::AwsError;

/// Reads a request that keeps the service model's constraints.
pub(crate) fn read<T: Request + DeserializeOwned>(body: &str) -> Result<T, AwsError> {
    read_value(serde_json::from_str(body).map_err(AwsError::serialization)?)
}

/// Does what [`read`] does, with JSON that is parsed already.
pub(crate) fn read_value<T: Request + DeserializeOwned>(body: Value) -> Result<T, AwsError> {
    check::check(T::members(), &body)?;
    serde_json::from_value(body).map_err(AwsError::serialization)
}

/// The values that a member accepts.
pub(crate) enum Shape {
    Text { min: usize, max: usize, pattern: Option<&'static Pattern> },
    OneOf(&'static [&'static str]),
    Integer { min: i64, max: i64 },
    Number { min: f64, max: f64 },
    Flag,
    List { of: &'static Shape, min: usize, max: usize },
    Map { key: &'static Shape, value: &'static Shape, max: usize },
    Structure(&'static [Member]),
}

/// A member of a structure.
pub(crate) struct Member {
    /// In snake_case, as in Rust.
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    pub(crate) is_required: bool,
}

pub(crate) const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, shape, is_required: true }
}

pub(crate) const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, shape, is_required: false }
}

/// The members of an operation's request.
pub(crate) trait Request {
    fn members() -> &'static [Member];
}

/// Declares an operation's request: a struct with its members, and the shape of each.
macro_rules! request {
    ($name:ident { $($presence:ident $field:ident: $type:ty = $shape:ident,)* }) => {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub(crate) struct $name { $($field: $type,)* }

        impl $crate::model::Request for $name {
            fn members() -> &'static [$crate::model::Member] {
                use $crate::model;
                static MEMBERS: &[model::Member] =
                    &[$(model::$presence(stringify!($field), &model::$shape),)*];
                MEMBERS
            }
        }
    };
}
pub(crate) use request;

/// A pattern for the whole text, in the words of the service model.
pub(crate) struct Pattern {
    pub(crate) text: &'static str,
    regex: LazyLock<Option<Regex>>,
}

/// The only look-ahead of the patterns, which the regex crate does not support.
const NOT_AWS: &str = "(?!aws:)";

impl Pattern {
    pub(crate) fn matches(&self, text: &str) -> bool {
        let is_reserved = self.text.contains(NOT_AWS) && text.starts_with("aws:");
        !is_reserved && self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

fn compile(pattern: &str) -> Option<Regex> {
    // In the regex crate `\d` and `\w` match the digits and letters of all scripts.
    let pattern = pattern.replace(NOT_AWS, "").replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]");
    Regex::new(&format!(r"\A(?:{pattern})\z")).ok()
}

macro_rules! patterns {
    ($($name:ident $text:literal)*) => {
        $(static $name: Pattern = Pattern { text: $text, regex: LazyLock::new(|| compile($text)) };)*
    };
}

patterns! {
    NAME_PATTERN r"[a-zA-Z0-9_.\-]+"
    PROJECT_ARN_PATTERN r"(^arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project\/[a-zA-Z0-9_.\-]{1,255}\/[0-9]+$)"
    VERSION_ARN_PATTERN r"(^arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project\/[a-zA-Z0-9_.\-]{1,255}\/version\/[a-zA-Z0-9_.\-]{1,255}\/[0-9]+$)"
    BUCKET_PATTERN r"[0-9A-Za-z\.\-_]*"
    KMS_KEY_PATTERN r"^[A-Za-z0-9][A-Za-z0-9:_/+=,@.-]{0,2048}$"
    TAG_KEY_PATTERN r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"
    TAG_VALUE_PATTERN r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"
    DESCRIPTION_PATTERN r"[a-zA-Z0-9-_. ()':,;?]+"
    REVISION_PATTERN r"[0-9A-Fa-f]+"
    SESSION_NAME_PATTERN r"[\w+=,.@-]*"
    DOCUMENT_PATTERN r"[\u0009\u000A\u000D\u0020-\u00FF]+"
}

const fn text(min: usize, max: usize, pattern: Option<&'static Pattern>) -> Shape {
    Shape::Text { min, max, pattern }
}

macro_rules! shapes {
    ($($name:ident = $shape:expr;)*) => { $(pub(crate) static $name: Shape = $shape;)* };
}

shapes! {
    NAME = text(1, 255, Some(&NAME_PATTERN));
    PROJECT_ARN = text(20, 2048, Some(&PROJECT_ARN_PATTERN));
    VERSION_ARN = text(20, 2048, Some(&VERSION_ARN_PATTERN));
    RESOURCE_ARN = text(20, 2048, None);
    TOKEN = text(0, 1024, None);
    BUCKET = text(3, 255, Some(&BUCKET_PATTERN));
    KEY_PREFIX = text(0, 1024, None);
    OBJECT_NAME = text(1, 1024, None);
    KMS_KEY = text(1, 2048, Some(&KMS_KEY_PATTERN));
    DESCRIPTION = text(1, 255, Some(&DESCRIPTION_PATTERN));
    POLICY_NAME = text(1, 128, Some(&NAME_PATTERN));
    REVISION = text(0, 64, Some(&REVISION_PATTERN));
    DOCUMENT = text(1, 2000, Some(&DOCUMENT_PATTERN));
    TAG_KEY = text(1, 128, Some(&TAG_KEY_PATTERN));
    TAG_VALUE = text(0, 256, Some(&TAG_VALUE_PATTERN));
    TAGS = Shape::Map { key: &TAG_KEY, value: &TAG_VALUE, max: 200 };
    TAG_KEYS = Shape::List { of: &TAG_KEY, min: 0, max: 200 };
    NAMES = Shape::List { of: &NAME, min: 1, max: 10 };
    FEATURE = Shape::OneOf(&["CONTENT_MODERATION", "CUSTOM_LABELS"]);
    FEATURES = Shape::List { of: &FEATURE, min: 1, max: 2 };
    AUTO_UPDATE = Shape::OneOf(&["ENABLED", "DISABLED"]);
    PAGE_SIZE = Shape::Integer { min: 1, max: 100 };
    POLICY_PAGE_SIZE = Shape::Integer { min: 1, max: 5 };
    UNITS = Shape::Integer { min: 1, max: i32::MAX as i64 };
    PERCENT = Shape::Number { min: 0.0, max: 100.0 };
    FLAG = Shape::Flag;
    OUTPUT_CONFIG = Shape::Structure(&[optional("s3_bucket", &BUCKET), optional("s3_key_prefix", &KEY_PREFIX)]);
    S3_OBJECT = Shape::Structure(&[
        optional("bucket", &BUCKET),
        optional("name", &OBJECT_NAME),
        optional("version", &OBJECT_NAME),
    ]);
    MANIFEST = Shape::Structure(&[optional("s3_object", &S3_OBJECT)]);
    ASSET = Shape::Structure(&[optional("ground_truth_manifest", &MANIFEST)]);
    ASSETS = Shape::List { of: &ASSET, min: 0, max: usize::MAX };
    TRAINING_DATA = Shape::Structure(&[optional("assets", &ASSETS)]);
    TESTING_DATA = Shape::Structure(&[optional("assets", &ASSETS), optional("auto_create", &FLAG)]);
    MODERATION = Shape::Structure(&[optional("confidence_threshold", &PERCENT)]);
    ROLE_ARN = text(20, 2048, None);
    SESSION_NAME = text(2, 64, Some(&SESSION_NAME_PATTERN));
    SESSION_SECONDS = Shape::Integer { min: 900, max: 43_200 };
    EXTERNAL_ID = text(2, 1224, None);
    TRACE_HEADER = text(1, 500, None);
    ENTRY = Shape::Structure(&[optional("trace_header", &TRACE_HEADER)]);
    ENTRIES = Shape::List { of: &ENTRY, min: 1, max: 10 };
    FEATURE_CONFIG = Shape::Structure(&[optional("content_moderation", &MODERATION)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_accepts_what_aws_accepts() {
        for (pattern, good, bad) in [
            (&NAME_PATTERN, "flowers.2026-11_02", "flowers/1"),
            (
                &PROJECT_ARN_PATTERN,
                "arn:aws-cn:rekognition:cn-north-1:111122223333:project/x/1",
                "arn:aws:rekognition:us-east-1:11112222333:project/x/1",
            ),
            (
                &VERSION_ARN_PATTERN,
                "arn:aws:rekognition:us-east-1:111122223333:project/x/version/y/1",
                "arn:aws:rekognition:us-east-1:111122223333:project/x/version/y/1\n",
            ),
            (&BUCKET_PATTERN, "a.b-c_D", "a/b"),
            (&KMS_KEY_PATTERN, "alias/x", "/x"),
            (&TAG_KEY_PATTERN, "Größe ²", "aws:x"),
            (&TAG_VALUE_PATTERN, "aws:x", "a#b"),
            (&DESCRIPTION_PATTERN, "It's (a) model: 1-2_3, yes; really?", "a/b"),
            (&REVISION_PATTERN, "09afAF", "g"),
            (&SESSION_NAME_PATTERN, "a_1+=,.@-", "ä"),
            (&DOCUMENT_PATTERN, "{\"ü\":\t1}\r\n", "€"),
        ] {
            assert!(pattern.matches(good), "{}: {good}", pattern.text);
            assert!(!pattern.matches(bad), "{}: {bad}", pattern.text);
        }
    }
}
