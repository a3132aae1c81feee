//! A project version as the world holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Tags;
use crate::{arn::VersionArn, life::Step, status::Status};

/// A project version: a model, trained or copied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Version {
    /// The version's ARN; its number is the creation time.
    pub project_version_arn: VersionArn,
    /// When it was created; left out: what the ARN says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Training, copying, hosting and deleting in one word.
    pub status: Status,
    /// The text beside the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// What the status turns into, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Step>,
    /// When training ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_at: Option<Timestamp>,
    /// What DescribeProjectVersions shows of the training besides its end, in AWS's own spelling: `EvaluationResult`,
    /// `ManifestSummary`, `TrainingDataResult`, `TestingDataResult`, `BillableTrainingTimeInSeconds`. A copy has its
    /// source's.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub training_result: Map<String, Value>,
    /// On a copy: the version it was copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_project_version_arn: Option<VersionArn>,
    /// Where in S3 the results went.
    #[serde(default, skip_serializing_if = "OutputConfig::is_empty")]
    pub output_config: OutputConfig,
    /// The key that encrypts the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// The version's tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The description given to CreateProjectVersion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_description: Option<String>,
    /// Inference units while it is hosted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_inference_units: Option<u32>,
    /// The most inference units while it is hosted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_inference_units: Option<u32>,
}

/// Where in S3 results go. AWS's own spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputConfig {
    /// The bucket's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_bucket: Option<String>,
    /// A prefix inside the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_key_prefix: Option<String>,
}

impl OutputConfig {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Version {
    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at.unwrap_or_else(|| from_number(self.project_version_arn.number))
    }
}

/// The time that the number at the end of an ARN tells.
pub(super) fn from_number(millisecond: u64) -> Timestamp {
    i64::try_from(millisecond)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
