//! What can be chosen: how long things take, what AWS leaves undocumented, and which quotas hold. Data only; the
//! table in `docs/sandbox.md` says for each choice what is known.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::status::Status;

/// The sandbox's choices. Durations are sandbox time, written as `"90s"` or `"PT1M30S"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// How long a copy takes.
    #[serde(with = "crate::duration")]
    pub copying: SignedDuration,
    /// How long training takes.
    #[serde(with = "crate::duration")]
    pub training: SignedDuration,
    /// How long a model takes to start.
    #[serde(with = "crate::duration")]
    pub starting: SignedDuration,
    /// How long a model takes to stop.
    #[serde(with = "crate::duration")]
    pub stopping: SignedDuration,
    /// How long a deletion takes.
    #[serde(with = "crate::duration")]
    pub deleting: SignedDuration,
    /// How long a change of a project policy takes to be seen by authorization.
    #[serde(with = "crate::duration")]
    pub policy_delay: SignedDuration,
    /// Whether a project policy may say `"Resource": "*"`, which means its project.
    pub star_resource: bool,
    /// Whether a project policy may say `"Effect": "ALLOW"` or `"DENY"`.
    pub upper_case_effect: bool,
    /// What becomes of the conditions of project policies.
    pub policy_conditions: PolicyConditions,
    /// How long a new version is not shown by DescribeProjectVersions, although its name is taken.
    #[serde(with = "crate::duration")]
    pub describe_delay: SignedDuration,
    /// The exception for a version name that is taken.
    pub taken_name_error: String,
    /// The exception for a source version whose status can't be copied.
    pub uncopyable_error: String,
    /// Which statuses a source version may be in.
    pub copyable_statuses: Vec<Status>,
    /// Whether a copy of a copy is allowed.
    pub copy_of_copy: bool,
    /// Whether a version that is still copying may be deleted.
    pub delete_while_copying: bool,
    /// Whether an `OutputConfig` without `S3Bucket` is refused.
    pub require_bucket: bool,
    /// Whether the last page says `"NextToken": ""` instead of leaving it out.
    pub empty_last_token: bool,
    /// Quotas; each is off until a number is given.
    pub quotas: Quotas,
}

/// What becomes of a condition in a project policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyConditions {
    /// The statement counts while its conditions hold.
    Evaluated,
    /// The statement counts always.
    Ignored,
    /// The statement never counts.
    NeverHold,
    /// PutProjectPolicy answers MalformedPolicyDocumentException; those that are there already are evaluated.
    Refused,
}

/// Limits of an account in a Region. `None`: not enforced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Quotas {
    /// Calls of one Rekognition operation in a second of sandbox time. AWS: 5. Tagging has twice as much.
    pub calls_per_second: Option<u32>,
    /// Projects in an account. AWS: 100.
    pub projects: Option<usize>,
    /// Versions in a project. AWS: 100.
    pub versions: Option<usize>,
    /// Copies in progress in an account. AWS doesn't say.
    pub concurrent_copies: Option<usize>,
    /// Models that run in an account. AWS: 2.
    pub running: Option<usize>,
}

impl Quotas {
    /// AWS's documented defaults; concurrent copies aren't documented and stay off.
    pub fn aws() -> Self {
        Self {
            calls_per_second: Some(5),
            projects: Some(100),
            versions: Some(100),
            concurrent_copies: None,
            running: Some(2),
        }
    }
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
