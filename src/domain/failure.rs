//! Why a request failed, was rejected, timed out or waits: `failure` in an announcement.

use serde::{Deserialize, Serialize};

/// Rekognition reports COPYING_FAILED.
pub const COPYING_FAILED: &str = "CopyingFailed";
/// The version name belongs to a trained model or to another copy.
pub const VERSION_NAME_TAKEN: &str = "VersionNameTaken";
/// The copy was deleted before it ended.
pub const VERSION_DELETED: &str = "VersionDeleted";
/// A person ended the request while it waited.
pub const CANCELLED: &str = "Cancelled";
/// The copy could not be started in time.
pub const START_TIMED_OUT: &str = "StartTimedOut";
/// The copy did not end in time.
pub const COPY_TIMED_OUT: &str = "CopyTimedOut";
/// The request is malformed.
pub const INVALID_REQUEST: &str = "InvalidRequest";
/// The request is well formed, but not allowed here.
pub const NOT_ALLOWED: &str = "NotAllowed";
/// The source project has no free slot for the copier's policy.
pub const POLICY_FULL: &str = "PolicyFull";
/// The copier's policy could not be put on the source project.
pub const POLICY_NOT_PUT: &str = "PolicyNotPut";
/// The function that received the request has a wrong clock.
pub const CLOCK_SKEW: &str = "ClockSkew";
/// Another request has this request id.
pub const REQUEST_ID_REUSED: &str = "RequestIdReused";

/// The most characters of a message that are kept.
const MAX_MESSAGE_LENGTH: usize = 2000;

/// `failure` in an announcement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Failure {
    /// The copier's code, such as `CopyingFailed`, or the name of the AWS error.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure without a remedy.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        let mut message: String = message.into();
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_LENGTH) {
            message.truncate(end);
            message.push('…');
        }
        Self { code: code.to_owned(), message, remedy: None }
    }

    /// Adds a remedy.
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}
