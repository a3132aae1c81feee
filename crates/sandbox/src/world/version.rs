//! A project version of the world, and the changes of its status as time passes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::Tags;
use crate::{
    ProjectVersionArn, Status,
    arn::{created_at, number},
};

/// A project version: a trained or copied model.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Version {
    pub project_version_arn: ProjectVersionArn,
    /// When it was created; `None`: at the time in its ARN.
    pub created_at: Option<Timestamp>,
    /// The status: one word for training, copying, hosting and deleting.
    pub status: Status,
    pub status_message: Option<String>,
    pub next: Option<Step>,
    pub trained_at: Option<Timestamp>,
    /// The training results that DescribeProjectVersions shows, in AWS's spelling: `EvaluationResult`, `ManifestSummary`,
    /// `TrainingDataResult`, `TestingDataResult`, `BillableTrainingTimeInSeconds`. A copy has those of its source.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub training_result: Map<String, Value>,
    pub source_project_version_arn: Option<ProjectVersionArn>,
    /// The place of the results in S3.
    #[serde(default)]
    pub output_config: OutputConfig,
    pub kms_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub version_description: Option<String>,
    pub min_inference_units: Option<u32>,
    pub max_inference_units: Option<u32>,
}

/// The next status of a version. In the status `DELETING`, the version leaves the world instead.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// When it comes, in sandbox time.
    pub at: Timestamp,
    pub status: Status,
    pub status_message: Option<String>,
}

/// A place in S3, in AWS's spelling.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputConfig {
    pub s3_bucket: Option<String>,
    pub s3_key_prefix: Option<String>,
}

impl Version {
    pub fn created_at(&self) -> Timestamp {
        self.created_at.unwrap_or_else(|| created_at(self.project_version_arn.as_str()))
    }

    /// The number at the end of the ARN, by which versions are sorted.
    pub(crate) fn number(&self) -> u64 {
        number(self.project_version_arn.as_str())
    }

    /// Sets the status and the next one.
    pub(crate) fn begin(&mut self, status: Status, message: Option<String>, next: Option<Step>) {
        self.status = status;
        self.status_message = message;
        self.next = next;
    }

    /// Changes the status if that is due at `now`. Returns false if the version is deleted.
    pub(super) fn settle(&mut self, now: Timestamp) -> bool {
        let Some(step) = self.next.take_if(|step| step.at <= now) else { return true };
        let is_deleted = self.status == Status::Deleting;
        if step.status == Status::TrainingCompleted {
            self.trained_at = Some(step.at);
        }
        self.begin(step.status, step.status_message, None);
        !is_deleted
    }
}
