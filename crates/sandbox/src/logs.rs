//! CloudWatch Logs' FilterLogEvents: what the functions here have logged, in one page. Of filter patterns it knows
//! `{ $.MEMBER = "TEXT" }`.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{error::AwsError, lambda::Functions};

pub(crate) const OPERATIONS: &[&str] = &["FilterLogEvents"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterLogEvents {
    log_group_name: String,
    #[serde(default)]
    start_time: i64,
    filter_pattern: Option<String>,
}

pub(crate) fn answer(body: &str, functions: &Functions) -> Result<Value, AwsError> {
    let request: FilterLogEvents =
        serde_json::from_str(body).map_err(|error| AwsError::new("SerializationException", error))?;
    let pattern = request.filter_pattern.as_deref().map(|text| {
        read_pattern(text)
            .ok_or_else(|| AwsError::invalid_parameter(format!("Invalid filter pattern: {text}")))
    });
    let pattern = pattern.transpose()?;
    let function = request.log_group_name.strip_prefix("/aws/lambda/").and_then(|name| functions.get(name));
    let function = function.ok_or_else(|| AwsError::not_found("The specified log group does not exist."))?;
    let (lines, _) =
        function.log_from(0).map_err(|error| AwsError::new("ServiceUnavailableException", error))?;
    let events = lines.into_iter().filter_map(|line| {
        let json: Value = serde_json::from_str(&line).unwrap_or_default();
        let logged = json.get("timestamp").and_then(|time| time.as_str()?.parse::<Timestamp>().ok());
        let timestamp = logged.map_or(request.start_time, Timestamp::as_millisecond);
        let is_wanted = pattern.as_ref().is_none_or(|(member, text)| json.get(member) == Some(text));
        (is_wanted && timestamp >= request.start_time)
            .then(|| json!({"timestamp": timestamp, "message": line, "logStreamName": "sandbox"}))
    });
    Ok(json!({"events": events.collect::<Vec<_>>(), "searchedLogStreams": []}))
}

/// The member and its text.
fn read_pattern(pattern: &str) -> Option<(String, Value)> {
    let inner = pattern.trim().strip_prefix('{')?.strip_suffix('}')?;
    let (member, text) = inner.split_once('=')?;
    let member = member.trim().strip_prefix("$.")?.to_owned();
    Some((member, Value::String(serde_json::from_str(text.trim()).ok()?)))
}
