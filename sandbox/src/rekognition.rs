//! Rekognition Custom Labels' control plane: hands each operation to its module.

use jiff::Timestamp;
use serde_json::Value;

use crate::{caller::Caller, error::AwsError, fault::CopyEnd, sandbox::State};

pub(crate) const OPERATIONS: &[&str] = &["DescribeProjects"];

/// A call of one operation.
pub(crate) struct Request<'a> {
    pub(crate) operation: &'a str,
    pub(crate) body: &'a str,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
    pub(crate) copy_end: Option<&'a CopyEnd>,
}

#[derive(Debug, Default)]
pub(crate) struct Rates;

pub(crate) fn answer(_state: &mut State, _request: &Request<'_>) -> Result<Value, AwsError> {
    Err(AwsError::new("InternalServerError", "not yet"))
}

pub(crate) fn resources(_body: &Value) -> Vec<String> {
    Vec::new()
}
