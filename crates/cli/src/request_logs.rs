//! Reads what a stack's functions logged about a request, from CloudWatch Logs.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use jiff::Timestamp;
use rekognition_model_copier::aws::describe_error;
use rekognition_model_copier::domain::record::Record;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::exit::Failure;
use crate::output::Output;
use crate::session::Session;
use crate::stack::Stack;
use crate::when::Style;

/// How long to read one log group. CloudWatch Logs returns a large group page by page.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// The fields of a log line that `show` leaves out, because they are the same in each line or already shown.
const REPEATED: [&str; 12] = [
    "timestamp",
    "level",
    "message",
    "request",
    "correlationId",
    "sourceProjectVersionArn",
    "destinationProjectArn",
    "versionName",
    "projectVersionArn",
    "requestId",
    "xrayTraceId",
    "target",
];

/// A line of a function's log.
#[derive(Clone, Debug, Serialize)]
pub struct LogLine {
    /// When it was logged.
    pub at: Timestamp,
    /// The function.
    pub function: String,
    /// The line.
    pub line: Map<String, Value>,
}

/// The log lines about a record, oldest first. If a log cannot be read, a note says so.
///
/// # Errors
/// If the stack does not name its functions.
pub async fn request_logs(
    session: &Session,
    stack: &Stack,
    record: &Record,
    output: &Output,
) -> Result<Vec<LogLine>, Failure> {
    let client = Client::new(&session.config.shared);
    let mut lines = Vec::new();
    for function in [stack.output("StartCopyFunction")?, stack.output("CheckCopiesFunction")?] {
        let read = timeout(READ_TIMEOUT, read(&client, function, record, &mut lines)).await;
        let why = match read {
            Ok(Ok(())) => continue,
            Ok(Err(why)) => why,
            Err(_) => format!("reading took longer than {} s", READ_TIMEOUT.as_secs()),
        };
        output.note(&format!("the log `/aws/lambda/{function}` was not read to its end: {why}"));
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

async fn read(
    client: &Client,
    function: &str,
    record: &Record,
    lines: &mut Vec<LogLine>,
) -> Result<(), String> {
    let key = record.header().key.to_string();
    let search = client
        .filter_log_events()
        .log_group_name(format!("/aws/lambda/{function}"))
        .start_time(record.header().requested_at.as_millisecond())
        .filter_pattern(format!("{{ $.request = {} }}", Value::from(key.as_str())));
    let mut pages = search.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| describe_error(&error))?;
        lines.extend(page.events().iter().filter_map(|event| {
            let line: Map<String, Value> = serde_json::from_str(event.message()?).ok()?;
            let at = Timestamp::from_millisecond(event.timestamp()?).ok()?;
            // In a filter pattern, `*` matches any text.
            let is_about = line.get("request").and_then(Value::as_str) == Some(&key);
            is_about.then(|| LogLine { at, function: function.to_owned(), line })
        }));
    }
    Ok(())
}

impl LogLine {
    /// The line as text, without the fields that are left out.
    pub fn text(&self, style: Style, now: Timestamp) -> String {
        let word = |name: &str| self.line.get(name).and_then(Value::as_str).unwrap_or_default();
        let fields = self.line.iter().filter(|(name, _)| !REPEATED.contains(&name.as_str()));
        let fields: String = fields.map(|(name, value)| format!(" {name}={value}")).collect();
        let at = style.write(self.at, now);
        format!("{at} {} {} {}{fields}", self.function, word("level"), word("message"))
    }
}
