//! CloudWatch Logs' [FilterLogEvents](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html),
//! with the logs of the functions that run here, in one page. The only filter pattern is `{ $.MEMBER = "TEXT" }`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{answer::AwsError, lambda::Functions};

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
    let FilterLogEvents { log_group_name, start_time, filter_pattern } =
        serde_json::from_str(body).map_err(AwsError::serialization)?;
    let invalid = |text: &str| AwsError::invalid_parameter(format!("Invalid filter pattern: {text}"));
    let pattern = filter_pattern.as_deref().map(|text| read_pattern(text).ok_or_else(|| invalid(text)));
    let pattern = pattern.transpose()?;
    let function = log_group_name.strip_prefix("/aws/lambda/").and_then(|name| functions.get(name));
    let function = function.ok_or_else(|| AwsError::not_found("The specified log group does not exist."))?;
    let unavailable = |error| AwsError::new("ServiceUnavailableException", error);
    let (lines, _) = function.log_from(0).map_err(unavailable)?;
    let events = lines.into_iter().filter_map(|line| {
        let json: Value = serde_json::from_str(&line).unwrap_or_default();
        let logged = json.get("timestamp").and_then(|time| time.as_str()?.parse::<Timestamp>().ok());
        let timestamp = logged.map_or(start_time, Timestamp::as_millisecond);
        let is_wanted = pattern.as_ref().is_none_or(|(member, text)| json.get(member) == Some(text));
        (is_wanted && timestamp >= start_time)
            .then(|| json!({"timestamp": timestamp, "message": line, "logStreamName": "sandbox"}))
    });
    Ok(json!({"events": events.collect::<Vec<_>>(), "searchedLogStreams": []}))
}

/// The member and the text of a pattern.
fn read_pattern(pattern: &str) -> Option<(String, Value)> {
    let inner = pattern.trim().strip_prefix('{')?.strip_suffix('}')?;
    let (member, text) = inner.split_once('=')?;
    let member = member.trim().strip_prefix("$.")?.to_owned();
    Some((member, Value::String(serde_json::from_str(text.trim()).ok()?)))
}
