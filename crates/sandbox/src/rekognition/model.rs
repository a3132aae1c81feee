//! The constraints of the service model, as data: which members each operation takes and what they may hold. No
//! judgement here; `check` applies it.

use std::sync::LazyLock;

use regex::Regex;

/// What a member may hold.
pub(super) enum Shape {
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
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: &'static Shape,
    pub(super) required: bool,
}

/// A pattern, whole texts only, as AWS means them.
pub(super) struct Pattern {
    /// As the service model writes it.
    pub(super) text: &'static str,
    regex: LazyLock<Option<Regex>>,
    /// Stands for the look-ahead `(?!…)`, which the regex crate does not have.
    not_beginning: &'static str,
}

impl Pattern {
    pub(super) fn matches(&self, text: &str) -> bool {
        let begins = !self.not_beginning.is_empty() && text.starts_with(self.not_beginning);
        !begins && self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

macro_rules! pattern {
    ($name:ident, $regex:literal, $text:literal) => {
        pattern!($name, $regex, $text, "");
    };
    ($name:ident, $regex:literal, $text:literal, $not:literal) => {
        static $name: Pattern = Pattern {
            text: $text,
            regex: LazyLock::new(|| Regex::new(concat!(r"\A(?:", $regex, r")\z")).ok()),
            not_beginning: $not,
        };
    };
}

pattern!(NAME_PATTERN, r"[a-zA-Z0-9_.\-]+", r"[a-zA-Z0-9_.\-]+");
pattern!(
    PROJECT_ARN_PATTERN,
    r"arn:[a-z0-9-]+:rekognition:[a-z0-9-]+:[0-9]{12}:project/[a-zA-Z0-9_.\-]{1,255}/[0-9]+",
    r"(^arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project\/[a-zA-Z0-9_.\-]{1,255}\/[0-9]+$)"
);
pattern!(
    VERSION_ARN_PATTERN,
    r"arn:[a-z0-9-]+:rekognition:[a-z0-9-]+:[0-9]{12}:project/[a-zA-Z0-9_.\-]{1,255}/version/[a-zA-Z0-9_.\-]{1,255}/[0-9]+",
    r"(^arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project\/[a-zA-Z0-9_.\-]{1,255}\/version\/[a-zA-Z0-9_.\-]{1,255}\/[0-9]+$)"
);
pattern!(BUCKET_PATTERN, r"[0-9A-Za-z.\-_]*", r"[0-9A-Za-z\.\-_]*");
pattern!(
    KMS_KEY_PATTERN,
    r"[A-Za-z0-9][A-Za-z0-9:_/+=,@.\-]{0,2048}",
    r"^[A-Za-z0-9][A-Za-z0-9:_/+=,@.-]{0,2048}$"
);
pattern!(TAG_KEY_PATTERN, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", "aws:");
pattern!(TAG_VALUE_PATTERN, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$");
pattern!(DESCRIPTION_PATTERN, r"[a-zA-Z0-9\-_. ()':,;?]+", r"[a-zA-Z0-9-_. ()':,;?]+");
pattern!(REVISION_PATTERN, r"[0-9A-Fa-f]+", r"[0-9A-Fa-f]+");
pattern!(DOCUMENT_PATTERN, r"[\x09\x0A\x0D\x20-\u{FF}]+", r"[\u0009\u000A\u000D\u0020-\u00FF]+");

const fn text(min: usize, max: usize, pattern: Option<&'static Pattern>) -> Shape {
    Shape::Text { min, max, pattern }
}

static NAME: Shape = text(1, 255, Some(&NAME_PATTERN));
static PROJECT_ARN: Shape = text(20, 2048, Some(&PROJECT_ARN_PATTERN));
static VERSION_ARN: Shape = text(20, 2048, Some(&VERSION_ARN_PATTERN));
static RESOURCE_ARN: Shape = text(20, 2048, None);
static TOKEN: Shape = text(0, 1024, None);
static BUCKET: Shape = text(3, 255, Some(&BUCKET_PATTERN));
static KEY_PREFIX: Shape = text(0, 1024, None);
static OBJECT_NAME: Shape = text(1, 1024, None);
static KMS_KEY: Shape = text(1, 2048, Some(&KMS_KEY_PATTERN));
static DESCRIPTION: Shape = text(1, 255, Some(&DESCRIPTION_PATTERN));
static POLICY_NAME: Shape = text(1, 128, Some(&NAME_PATTERN));
static REVISION: Shape = text(0, 64, Some(&REVISION_PATTERN));
static DOCUMENT: Shape = text(1, 2000, Some(&DOCUMENT_PATTERN));
static TAG_KEY: Shape = text(1, 128, Some(&TAG_KEY_PATTERN));
static TAG_VALUE: Shape = text(0, 256, Some(&TAG_VALUE_PATTERN));
static TAGS: Shape = Shape::Map { key: &TAG_KEY, value: &TAG_VALUE, max: 200 };
static TAG_KEYS: Shape = Shape::List { of: &TAG_KEY, min: 0, max: 200 };
static NAMES: Shape = Shape::List { of: &NAME, min: 1, max: 10 };
static FEATURE: Shape = Shape::OneOf(&["CONTENT_MODERATION", "CUSTOM_LABELS"]);
static FEATURES: Shape = Shape::List { of: &FEATURE, min: 1, max: 2 };
static AUTO_UPDATE: Shape = Shape::OneOf(&["ENABLED", "DISABLED"]);
static PAGE: Shape = Shape::Integer { min: 1, max: 100 };
static POLICY_PAGE: Shape = Shape::Integer { min: 1, max: 5 };
static UNITS: Shape = Shape::Integer { min: 1, max: i32::MAX as i64 };
static PERCENT: Shape = Shape::Number { min: 0.0, max: 100.0 };
static FLAG: Shape = Shape::Flag;

const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, shape, required: true }
}

const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, shape, required: false }
}

static OUTPUT_CONFIG: Shape =
    Shape::Structure(&[optional("S3Bucket", &BUCKET), optional("S3KeyPrefix", &KEY_PREFIX)]);
static S3_OBJECT: Shape = Shape::Structure(&[
    optional("Bucket", &BUCKET),
    optional("Name", &OBJECT_NAME),
    optional("Version", &OBJECT_NAME),
]);
static MANIFEST: Shape = Shape::Structure(&[optional("S3Object", &S3_OBJECT)]);
static ASSET: Shape = Shape::Structure(&[optional("GroundTruthManifest", &MANIFEST)]);
static ASSETS: Shape = Shape::List { of: &ASSET, min: 0, max: usize::MAX };
static TRAINING_DATA: Shape = Shape::Structure(&[optional("Assets", &ASSETS)]);
static TESTING_DATA: Shape = Shape::Structure(&[optional("Assets", &ASSETS), optional("AutoCreate", &FLAG)]);
static MODERATION: Shape = Shape::Structure(&[optional("ConfidenceThreshold", &PERCENT)]);
static FEATURE_CONFIG: Shape = Shape::Structure(&[optional("ContentModeration", &MODERATION)]);

pub(super) static COPY_PROJECT_VERSION: &[Member] = &[
    required("SourceProjectArn", &PROJECT_ARN),
    required("SourceProjectVersionArn", &VERSION_ARN),
    required("DestinationProjectArn", &PROJECT_ARN),
    required("VersionName", &NAME),
    required("OutputConfig", &OUTPUT_CONFIG),
    optional("Tags", &TAGS),
    optional("KmsKeyId", &KMS_KEY),
];
pub(super) static CREATE_PROJECT: &[Member] = &[
    required("ProjectName", &NAME),
    optional("Feature", &FEATURE),
    optional("AutoUpdate", &AUTO_UPDATE),
    optional("Tags", &TAGS),
];
pub(super) static CREATE_PROJECT_VERSION: &[Member] = &[
    required("ProjectArn", &PROJECT_ARN),
    required("VersionName", &NAME),
    required("OutputConfig", &OUTPUT_CONFIG),
    optional("TrainingData", &TRAINING_DATA),
    optional("TestingData", &TESTING_DATA),
    optional("Tags", &TAGS),
    optional("KmsKeyId", &KMS_KEY),
    optional("VersionDescription", &DESCRIPTION),
    optional("FeatureConfig", &FEATURE_CONFIG),
];
pub(super) static DESCRIBE_PROJECTS: &[Member] = &[
    optional("NextToken", &TOKEN),
    optional("MaxResults", &PAGE),
    optional("ProjectNames", &NAMES),
    optional("Features", &FEATURES),
];
pub(super) static DESCRIBE_PROJECT_VERSIONS: &[Member] = &[
    required("ProjectArn", &PROJECT_ARN),
    optional("VersionNames", &NAMES),
    optional("NextToken", &TOKEN),
    optional("MaxResults", &PAGE),
];
pub(super) static PROJECT: &[Member] = &[required("ProjectArn", &PROJECT_ARN)];
pub(super) static VERSION: &[Member] = &[required("ProjectVersionArn", &VERSION_ARN)];
pub(super) static START_PROJECT_VERSION: &[Member] = &[
    required("ProjectVersionArn", &VERSION_ARN),
    required("MinInferenceUnits", &UNITS),
    optional("MaxInferenceUnits", &UNITS),
];
pub(super) static PUT_PROJECT_POLICY: &[Member] = &[
    required("ProjectArn", &PROJECT_ARN),
    required("PolicyName", &POLICY_NAME),
    optional("PolicyRevisionId", &REVISION),
    required("PolicyDocument", &DOCUMENT),
];
pub(super) static LIST_PROJECT_POLICIES: &[Member] = &[
    required("ProjectArn", &PROJECT_ARN),
    optional("NextToken", &TOKEN),
    optional("MaxResults", &POLICY_PAGE),
];
pub(super) static DELETE_PROJECT_POLICY: &[Member] = &[
    required("ProjectArn", &PROJECT_ARN),
    required("PolicyName", &POLICY_NAME),
    optional("PolicyRevisionId", &REVISION),
];
pub(super) static RESOURCE: &[Member] = &[required("ResourceArn", &RESOURCE_ARN)];
pub(super) static TAG_RESOURCE: &[Member] =
    &[required("ResourceArn", &RESOURCE_ARN), required("Tags", &TAGS)];
pub(super) static UNTAG_RESOURCE: &[Member] =
    &[required("ResourceArn", &RESOURCE_ARN), required("TagKeys", &TAG_KEYS)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_takes_what_aws_takes() {
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
            (&DOCUMENT_PATTERN, "{\"ü\":\t1}\r\n", "€"),
        ] {
            assert!(pattern.matches(good), "{}: {good}", pattern.text);
            assert!(!pattern.matches(bad), "{}: {bad}", pattern.text);
        }
    }
}
