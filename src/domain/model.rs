//! A project version as Rekognition describes it, and what its status says about copying.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::arn::ProjectVersionArn;
use super::request::CopyRequest;

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// `ProjectVersionStatus`: one word for training, copying, hosting and deleting alike.
        /// Source: <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_ProjectVersionDescription.html>
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum ModelStatus {
            $($(#[$doc])* $name,)+
            /// A word that is not in the service model we know.
            Unknown(String),
        }

        impl ModelStatus {
            /// Every status of the service model.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Rekognition's word.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $word,)+
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<String> for ModelStatus {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$name,)+
                    _ => Self::Unknown(word),
                }
            }
        }
    };
}

statuses! {
    /// Being trained: no copy.
    TrainingInProgress = "TRAINING_IN_PROGRESS",
    /// Trained: no copy.
    TrainingCompleted = "TRAINING_COMPLETED",
    /// Training failed: no copy.
    TrainingFailed = "TRAINING_FAILED",
    /// Copied, and about to be hosted.
    Starting = "STARTING",
    /// Copied, and hosted.
    Running = "RUNNING",
    /// Hosting failed.
    Failed = "FAILED",
    /// Copied, and about to be hosted no longer.
    Stopping = "STOPPING",
    /// Copied, and hosted no longer.
    Stopped = "STOPPED",
    /// Being deleted.
    Deleting = "DELETING",
    /// Being copied.
    CopyingInProgress = "COPYING_IN_PROGRESS",
    /// Copied.
    CopyingCompleted = "COPYING_COMPLETED",
    /// Not copied.
    CopyingFailed = "COPYING_FAILED",
    /// About the model's age.
    Deprecated = "DEPRECATED",
    /// About the model's age.
    Expired = "EXPIRED",
}

impl From<ModelStatus> for String {
    fn from(status: ModelStatus) -> Self {
        status.as_str().to_owned()
    }
}

impl fmt::Display for ModelStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a status means for the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not decided yet.
    Copying,
    /// The copy is there.
    Copied,
    /// The copy is there if this was not a passing reading: the word speaks of hosting or age, not of
    /// copying (\[open\] in a live account).
    CopiedIfSeenAgain,
    /// The copy failed.
    Failed,
    /// The version is going away.
    Deleting,
    /// The version was trained, not copied.
    Trained,
    /// Nobody knows.
    Unknown,
}

impl ModelStatus {
    /// Reads the status as progress of a copy.
    pub fn progress(&self) -> Progress {
        match self {
            Self::CopyingInProgress => Progress::Copying,
            // A copy that somebody started between two looks never reads COPYING_COMPLETED again.
            Self::CopyingCompleted | Self::Starting | Self::Running | Self::Stopping | Self::Stopped => {
                Progress::Copied
            }
            Self::Failed | Self::Deprecated | Self::Expired => Progress::CopiedIfSeenAgain,
            Self::CopyingFailed => Progress::Failed,
            Self::Deleting => Progress::Deleting,
            Self::TrainingInProgress | Self::TrainingCompleted | Self::TrainingFailed => Progress::Trained,
            Self::Unknown(_) => Progress::Unknown,
        }
    }
}

/// What `DescribeProjectVersions` says of one version. All but the ARN and the status may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The version's ARN, which holds its name.
    pub arn: ProjectVersionArn,
    /// Its status.
    pub status: ModelStatus,
    /// A sentence about the status, not only of errors.
    pub status_message: Option<String>,
    /// The version this one is a copy of; left out for a trained one.
    pub source_project_version_arn: Option<String>,
    /// The bucket of its training results.
    pub s3_bucket: Option<String>,
    /// The key that encrypts it.
    pub kms_key_id: Option<String>,
}

impl Version {
    /// Whether this version is what `copy` asks for: made from the same source and, where shown, with the
    /// same bucket and key.
    ///
    /// A key is compared only where both sides name it in the same form: Rekognition may show a key ARN
    /// for what was asked by alias \[open\].
    pub fn answers(&self, copy: &CopyRequest) -> bool {
        let source =
            self.source_project_version_arn.as_deref() == Some(copy.source_project_version_arn.as_str());
        let bucket = self.s3_bucket.as_ref().is_none_or(|bucket| *bucket == copy.output_config.s3_bucket);
        let key = match (&self.kms_key_id, &copy.kms_key_id) {
            (Some(shown), Some(asked)) if key_form(shown) == key_form(asked) => shown == asked,
            _ => true,
        };
        source && bucket && key
    }
}

fn key_form(key: &str) -> (bool, bool) {
    (key.starts_with("arn:"), key.contains("alias/"))
}
