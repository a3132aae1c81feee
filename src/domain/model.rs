//! A project version as Rekognition describes it, and what its status says about copying.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};

use super::arn::ProjectVersionArn;
use super::request::CopyRequest;

/// `ProjectVersionStatus`: one field for training, copying, hosting and deletion.
/// Source: <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_ProjectVersionDescription.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, AsRefStr, EnumString)]
#[cfg_attr(test, derive(strum::EnumIter))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ModelStatus {
    TrainingInProgress,
    TrainingCompleted,
    TrainingFailed,
    Starting,
    Running,
    Failed,
    Stopping,
    Stopped,
    Deleting,
    CopyingInProgress,
    CopyingCompleted,
    CopyingFailed,
    Deprecated,
    Expired,
    /// A status that is not in the service model.
    #[serde(untagged)]
    #[strum(default, transparent)]
    Unknown(String),
}

/// What a status means for the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Copying,
    Copied,
    Failed,
    Deleting,
    /// The version was trained, not copied.
    Trained,
    Unknown,
}

impl ModelStatus {
    /// The status with Rekognition's word.
    pub fn read(word: &str) -> Self {
        // The variant `Unknown` takes every other word, so this never fails.
        word.parse().unwrap_or_else(|_| Self::Unknown(word.to_owned()))
    }

    /// Rekognition's word.
    pub fn as_str(&self) -> &str {
        self.as_ref()
    }

    /// Reads the status as progress of a copy.
    pub fn progress(&self) -> Progress {
        match self {
            Self::CopyingInProgress => Progress::Copying,
            // Once the copy is finished, the status is about hosting or age: a copy that was started between two
            // polls never reads COPYING_COMPLETED again. What FAILED, DEPRECATED and EXPIRED mean for a copy is
            // [open].
            Self::CopyingCompleted
            | Self::Starting
            | Self::Running
            | Self::Stopping
            | Self::Stopped
            | Self::Failed
            | Self::Deprecated
            | Self::Expired => Progress::Copied,
            Self::CopyingFailed => Progress::Failed,
            Self::Deleting => Progress::Deleting,
            Self::TrainingInProgress | Self::TrainingCompleted | Self::TrainingFailed => Progress::Trained,
            Self::Unknown(_) => Progress::Unknown,
        }
    }
}

/// One version as `DescribeProjectVersions` describes it. Every part but the ARN and the status may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The version's ARN, which holds its name.
    pub arn: ProjectVersionArn,
    pub status: ModelStatus,
    /// A sentence about the status, not only of errors.
    pub status_message: Option<String>,
    /// The version that this one was copied from. It is missing for a trained version, and \[inferred\] for a copy
    /// within one project.
    pub source_project_version_arn: Option<String>,
    /// When it was made, by Rekognition's clock.
    pub created_at: Option<Timestamp>,
    /// The bucket of its training results.
    pub s3_bucket: Option<String>,
    pub kms_key_id: Option<String>,
}

impl Version {
    /// How this version relates to the copy that a request asks for.
    ///
    /// A key is compared only where both sides name it in the same form: Rekognition may show a key ARN for a key
    /// that was named by its alias \[open\].
    pub fn origin(&self, copy: &CopyRequest) -> Origin<'_> {
        let bucket = self.s3_bucket.as_ref().is_none_or(|bucket| *bucket == copy.output_config.s3_bucket);
        let key = match (&self.kms_key_id, &copy.kms_key_id) {
            (Some(shown), Some(asked)) if key_form(shown) == key_form(asked) => shown == asked,
            _ => true,
        };
        match self.source_project_version_arn.as_deref() {
            Some(source) if source != copy.source_project_version_arn.as_str() => Origin::OtherSource(source),
            Some(_) if bucket && key => Origin::Same,
            Some(_) => Origin::OtherBucketOrKey,
            None if copy.is_within_one_project() && self.status.progress() != Progress::Trained => {
                Origin::NotShown
            }
            None => Origin::Trained,
        }
    }
}

/// Where a version comes from, compared with what a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The version that the request asks for.
    Same,
    /// A copy of the same model with another bucket or key.
    OtherBucketOrKey,
    OtherSource(&'a str),
    /// A copy within one project, of which AWS may not show the source, or a trained model.
    NotShown,
    /// A trained version.
    Trained,
}

fn key_form(key: &str) -> (bool, bool) {
    (key.starts_with("arn:"), key.contains("alias/"))
}
