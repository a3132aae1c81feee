//! The check of the functions' logs: groups the errors of the last hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::StackChecks;
use crate::check::{Finding, Outcome};
use crate::logs::{LogLine, read_log};

/// How far back the logs are read.
const READ_SPAN: SignedDuration = SignedDuration::from_hours(1);
/// A warning that counts as an error here, because *describe-errors* is about it. A single one is no error.
const WARNING: &str = "a project could not be read";

impl StackChecks<'_> {
    /// One finding for each kind of error, else one outcome for all.
    pub(super) async fn check_logs(&self) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut lines = Vec::new();
        for output in ["StartCopyFunction", "CheckCopiesFunction"] {
            outcomes.extend(self.read_errors(output, &mut lines).await.err().map(Err));
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for error in lines.iter().filter_map(error_of) {
            *counts.entry(error).or_default() += 1;
        }
        outcomes.extend(counts.into_iter().map(|(error, count)| {
            let message = format!("{count} in the last hour: {error}");
            Err(Finding::found(message, "docs/operate.md, \"Messages in the log\""))
        }));
        if outcomes.is_empty() {
            outcomes.push(Ok("the functions logged no error in the last hour".to_owned()));
        }
        outcomes
    }

    async fn read_errors(&self, output: &str, lines: &mut Vec<LogLine>) -> Result<(), Finding> {
        let function = self.stack.output(output)?;
        let pattern = format!("{{ ($.level = \"ERROR\") || ($.message = \"{WARNING}\") }}");
        let read = read_log(self.session, function, Timestamp::now() - READ_SPAN, pattern, lines).await;
        read.map_err(Finding::unknown)
    }
}

/// The error that a line reports; `None` for every other line.
fn error_of(line: &LogLine) -> Option<String> {
    let message = line.text_of("message")?;
    let fields = ["error", "reason", "project", "modelStatus", "id"];
    let why = fields.iter().filter_map(|name| line.text_of(name).map(|value| format!(" {name}={value}")));
    let is_error = line.text_of("level") == Some("ERROR") || message == WARNING;
    is_error.then(|| std::iter::once(message.to_owned()).chain(why).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_a_message_with_its_reason() {
        let error = |level: &str, message: &str| {
            let line = json!({ "level": level, "message": message, "error": "no", "request": "a#r" });
            let line = line.as_object().unwrap().clone();
            error_of(&LogLine { at: Timestamp::UNIX_EPOCH, function: "start-copy".to_owned(), line })
        };
        assert_eq!(error("ERROR", "cannot start").as_deref(), Some("cannot start error=no"));
        assert_eq!(error("WARN", WARNING).as_deref(), Some("a project could not be read error=no"));
        assert_eq!(error("WARN", "unanswered"), None);
    }
}
