//! The record of every AWS call the sandbox took: who called what, on which resources, and how it was answered. A
//! test can hold it against an IAM policy.

use jiff::Timestamp;
use serde::Serialize;

/// One AWS call, refused and failed ones included. A call without a readable signature is not here: it has no caller.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Sandbox time.
    pub at: Timestamp,
    /// `x-amzn-requestid` of the answer.
    pub request_id: String,
    /// The caller's account.
    pub account: String,
    /// The access key: 12 digits, or a session's.
    pub access_key: String,
    /// The caller's ARN: the account's root, or the session of an assumed role.
    pub caller: String,
    /// In IAM's words, for instance `rekognition:CopyProjectVersion`.
    pub action: String,
    /// The ARNs of the resources the call names.
    pub resources: Vec<String>,
    /// The HTTP status; 0 where the connection was closed without an answer.
    pub status: u16,
    /// The error's code, where the answer was an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A change of a project policy, by PutProjectPolicy or DeleteProjectPolicy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyChange {
    /// Sandbox time.
    pub at: Timestamp,
    /// The project.
    pub project_arn: String,
    /// The policy's name.
    pub name: String,
    /// The policy from then on; `None`: it was deleted.
    pub document: Option<String>,
}
