//! The check of the functions' logs: groups the errors of the last hour.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::aws::describe_error;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::Patient;
use crate::check::{Check, Trouble};

const CHECK: &str = "log";
/// How far back the logs are read.
const READ_SPAN: SignedDuration = SignedDuration::from_hours(1);
/// How long to read one log group. CloudWatch Logs returns a large group page by page.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// A warning that counts as an error here, because *describe-errors* is about it. A single one is no error.
const WARNING: &str = "a project could not be read";

impl Patient<'_> {
    /// One check for each kind of error, else one for all.
    pub(super) async fn logs(&self) -> Vec<Check> {
        let mut errors = BTreeMap::new();
        let mut checks = Vec::new();
        for output in ["StartCopyFunction", "CheckCopiesFunction"] {
            if let Err(trouble) = self.log(output, &mut errors).await {
                checks.push(Check::of(CHECK, Err(trouble)));
            }
        }
        let found = errors.into_iter().map(|(error, count)| {
            let message = format!("{count} in the last hour: {error}");
            let remedy = "docs/operate.md, \"Messages in the log\"";
            Check::of(CHECK, Err(Trouble::found(message, remedy)))
        });
        checks.extend(found);
        if checks.is_empty() {
            checks.push(Check::of(CHECK, Ok("the functions logged no error in the last hour".to_owned())));
        }
        checks
    }

    /// Counts the errors in a function's log by their text.
    async fn log(&self, output: &str, errors: &mut BTreeMap<String, usize>) -> Result<(), Trouble> {
        let group = format!("/aws/lambda/{}", self.stack.output(output)?);
        let read = async {
            let search = Client::new(&self.session.config.shared)
                .filter_log_events()
                .log_group_name(&group)
                .start_time((Timestamp::now() - READ_SPAN).as_millisecond())
                .filter_pattern(format!("{{ ($.level = \"ERROR\") || ($.message = \"{WARNING}\") }}"));
            let mut pages = search.into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| describe_error(&error))?;
                for error in page.events().iter().filter_map(|event| error(event.message()?)) {
                    *errors.entry(error).or_default() += 1;
                }
            }
            Ok(())
        };
        let why = match timeout(READ_TIMEOUT, read).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) => why,
            Err(_) => format!("reading took longer than {} s", READ_TIMEOUT.as_secs()),
        };
        Err(Trouble::unknown(format!("`{group}` was not read to its end: {why}")))
    }
}

/// The error that a line reports; `None` for every other line.
fn error(line: &str) -> Option<String> {
    let line: Map<String, Value> = serde_json::from_str(line).ok()?;
    let word = |name: &str| line.get(name).and_then(Value::as_str);
    let message = word("message")?;
    let why = ["error", "reason", "project", "modelStatus", "id"]
        .into_iter()
        .filter_map(|name| word(name).map(|value| format!(" {name}={value}")));
    (word("level") == Some("ERROR") || message == WARNING)
        .then(|| std::iter::once(message.to_owned()).chain(why).collect())
}

#[cfg(test)]
mod tests {
    use super::error;

    #[test]
    fn an_error_is_a_message_with_its_reason() {
        let of = |level: &str, message: &str| {
            error(&format!(
                r#"{{"level": "{level}", "message": "{message}", "error": "no", "request": "a#r"}}"#
            ))
        };
        assert_eq!(of("ERROR", "cannot start").as_deref(), Some("cannot start error=no"));
        assert_eq!(
            of("WARN", "a project could not be read").as_deref(),
            Some("a project could not be read error=no")
        );
        assert_eq!(of("WARN", "unanswered"), None);
        assert_eq!(error("START RequestId"), None);
    }
}
