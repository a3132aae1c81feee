//! The sandbox's settings: how long operations take, choices where AWS documents nothing, and quotas. `docs/sandbox.md` says
//! what is known about each choice.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::Status;

/// The sandbox's settings. `copying`, `training`, `starting`, `stopping` and `deleting` say how long each takes. Durations are
/// sandbox time; in JSON they are texts such as `"90s"` or `"PT1M30S"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    #[serde(deserialize_with = "crate::duration::read")]
    pub copying: SignedDuration,
    #[serde(deserialize_with = "crate::duration::read")]
    pub training: SignedDuration,
    #[serde(deserialize_with = "crate::duration::read")]
    pub starting: SignedDuration,
    #[serde(deserialize_with = "crate::duration::read")]
    pub stopping: SignedDuration,
    #[serde(deserialize_with = "crate::duration::read")]
    pub deleting: SignedDuration,
    /// How long it takes until authorization sees a change of a project policy.
    #[serde(deserialize_with = "crate::duration::read")]
    pub policy_delay: SignedDuration,
    /// Whether a project policy may say `"Resource": "*"`, which means its project.
    pub star_resource: bool,
    /// Whether a project policy may say `"Effect": "ALLOW"` or `"DENY"`.
    pub upper_case_effect: bool,
    /// How authorization treats the conditions of project policies.
    pub policy_conditions: PolicyConditions,
    /// How long DescribeProjectVersions hides a new version, whose name is taken already.
    #[serde(deserialize_with = "crate::duration::read")]
    pub describe_delay: SignedDuration,
    pub taken_name_error: String,
    /// The exception for a source version with a status that cannot be copied.
    pub uncopyable_error: String,
    pub copyable_statuses: Vec<Status>,
    pub copy_of_copy: bool,
    pub delete_while_copying: bool,
    /// Whether an `OutputConfig` without `S3Bucket` is refused.
    pub require_bucket: bool,
    /// Whether the last page has `"NextToken": ""` instead of no token.
    pub empty_last_token: bool,
    pub quotas: Quotas,
}

/// The treatment of a condition in a project policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyConditions {
    /// The statement counts if its conditions hold.
    Evaluated,
    /// The statement always counts.
    Ignored,
    /// The statement never counts.
    NeverHold,
    /// PutProjectPolicy answers MalformedPolicyDocumentException. Existing policies are evaluated.
    Refused,
}

/// The quotas of an account. `None`: not enforced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Quotas {
    /// Calls of one Rekognition operation in a second of sandbox time. AWS: 5, and 10 for the tagging operations.
    pub calls_per_second: Option<u32>,
    /// Projects in an account. AWS: 100.
    pub projects: Option<usize>,
    /// Versions in a project. AWS: 100.
    pub versions: Option<usize>,
    /// Copies in progress in an account. AWS documents no number.
    pub concurrent_copies: Option<usize>,
    /// Running models in an account. AWS: 2.
    pub running: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            copying: SignedDuration::from_secs(30),
            training: SignedDuration::from_secs(30),
            starting: SignedDuration::from_secs(10),
            stopping: SignedDuration::from_secs(5),
            deleting: SignedDuration::from_secs(5),
            policy_delay: SignedDuration::ZERO,
            star_resource: true,
            upper_case_effect: false,
            policy_conditions: PolicyConditions::Evaluated,
            describe_delay: SignedDuration::ZERO,
            taken_name_error: "ResourceInUseException".to_owned(),
            uncopyable_error: "InvalidParameterException".to_owned(),
            copyable_statuses: vec![
                Status::TrainingCompleted,
                Status::CopyingCompleted,
                Status::Starting,
                Status::Running,
                Status::Stopping,
                Status::Stopped,
            ],
            copy_of_copy: true,
            delete_while_copying: false,
            require_bucket: false,
            empty_last_token: false,
            quotas: Quotas::default(),
        }
    }
}
