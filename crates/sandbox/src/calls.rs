//! The records of AWS calls and of policy changes. A test can compare the calls with an IAM policy.

use jiff::Timestamp;
use serde::Serialize;

/// One AWS call, including refused and failed ones. A call without a readable signature has no caller and no record.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Sandbox time.
    pub at: Timestamp,
    /// `x-amzn-requestid` of the answer.
    pub request_id: String,
    pub account: String,
    /// The access key: 12 digits, or that of a session.
    pub access_key: String,
    /// The caller's ARN: the account's root, or the session of an assumed role.
    pub caller: String,
    /// The IAM action, for instance `rekognition:CopyProjectVersion`.
    pub action: String,
    pub resources: Vec<String>,
    /// The HTTP status; 0 if the connection was closed without an answer.
    pub status: u16,
    /// The error's code, if the answer was an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Call {
    pub fn role(&self) -> Option<&str> {
        // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
        self.caller.split('/').nth(1)
    }
}

/// A change of a project policy, by PutProjectPolicy or DeleteProjectPolicy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyChange {
    /// Sandbox time.
    pub at: Timestamp,
    pub project_arn: String,
    pub name: String,
    /// The new policy; `None` if the policy was deleted.
    pub document: Option<String>,
}
