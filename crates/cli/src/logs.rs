//! Reads the logs of a stack's functions from CloudWatch Logs.

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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LogLine {
    pub(crate) at: Timestamp,
    pub(crate) function: String,
    pub(crate) line: Map<String, Value>,
}

/// Adds the lines of a function's log that match a filter pattern. If the log cannot be read to its end, returns why.
pub(crate) async fn read_log(
    session: &Session,
    function: &str,
    since: Timestamp,
    pattern: String,
    lines: &mut Vec<LogLine>,
) -> Result<(), String> {
    let group = format!("/aws/lambda/{function}");
    let read = async {
        let search = Client::new(&session.config.shared)
            .filter_log_events()
            .log_group_name(&group)
            .start_time(since.as_millisecond())
            .filter_pattern(pattern);
        let mut pages = search.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| describe_error(&error))?;
            lines.extend(page.events().iter().filter_map(|event| {
                let line = serde_json::from_str(event.message()?).ok()?;
                let at = Timestamp::from_millisecond(event.timestamp()?).ok()?;
                Some(LogLine { at, function: function.to_owned(), line })
            }));
        }
        Ok(())
    };
    let why = match timeout(READ_TIMEOUT, read).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(why)) => why,
        Err(_) => format!("reading took longer than {} s", READ_TIMEOUT.as_secs()),
    };
    Err(format!("the log `{group}` was not read to its end: {why}"))
}

/// The log lines about a record, oldest first. If a log cannot be read, a note says so.
pub(crate) async fn read_request_logs(
    session: &Session,
    stack: &Stack,
    record: &Record,
    output: &Output,
) -> Result<Vec<LogLine>, Failure> {
    let (key, since) = (record.header().key.to_string(), record.header().requested_at);
    let pattern = format!("{{ $.request = {} }}", Value::from(key.as_str()));
    let mut lines = Vec::new();
    for function in [stack.output("StartCopyFunction")?, stack.output("CheckCopiesFunction")?] {
        if let Err(why) = read_log(session, function, since, pattern.clone(), &mut lines).await {
            output.note(&why);
        }
    }
    // In a filter pattern, `*` matches any text.
    lines.retain(|line| line.text_of("request") == Some(&key));
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

impl LogLine {
    pub(crate) fn text_of(&self, field: &str) -> Option<&str> {
        self.line.get(field).and_then(Value::as_str)
    }

    pub(crate) fn text(&self, style: Style, now: Timestamp) -> String {
        let word = |name: &str| self.text_of(name).unwrap_or_default();
        let fields = self.line.iter().filter(|(name, _)| !REPEATED.contains(&name.as_str()));
        let fields: String = fields.map(|(name, value)| format!(" {name}={value}")).collect();
        let at = style.write(self.at, now);
        format!("{at} {} {} {}{fields}", self.function, word("level"), word("message"))
    }
}
