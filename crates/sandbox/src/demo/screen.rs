//! The demo's output: text for people, or announcements as JSON and nothing else.

use std::{collections::BTreeSet, io, path::Path};

use console::{Style, style, truncate_str};
use jiff::{SignedDuration, Timestamp};
use sandbox::{Call, PublishedEvent, deployment::root};
use serde_json::Value;

use super::{fault::COPY, story::Copy};
use crate::output;

/// How many lines of the functions' logs are shown after a failure.
const LOG_LINES: usize = 10;
/// The longest line of a log that is shown whole. A line may hold a whole HTTP answer.
const MAX_LINE_LENGTH: usize = 500;
/// Progress is shown in steps of this many percent.
const PROGRESS_STEP: u64 = 25;

/// Calls that copy or look for a copy. Of the other calls only those that fail are shown.
const SHOWN_CALLS: [&str; 3] = [COPY, "rekognition:DescribeProjectVersions", "rekognition:PutProjectPolicy"];

/// Fields that only `--json` shows.
const HIDDEN_FIELDS: [&str; 3] = ["status", "eventId", "version"];

/// The output of one demo.
pub(super) struct Screen {
    is_json: bool,
    /// Whether only announcements are shown.
    is_quiet: bool,
    /// The steps of progress that were shown, by version name.
    shown_progress: BTreeSet<(String, u64)>,
    /// Sandbox time at the start of the demo.
    start: Timestamp,
    /// The number of calls that were read.
    read_calls: usize,
}

impl Screen {
    pub(super) fn new(is_json: bool, is_quiet: bool, start: Timestamp) -> Self {
        Self { is_json, is_quiet, shown_progress: BTreeSet::new(), start, read_calls: 0 }
    }

    /// Says what is going to happen.
    pub(super) fn begin(&self, request: &Path, speed: f64) -> io::Result<()> {
        self.note(&format!(
            "A model is copied in the sandbox, a local AWS. Its clock runs {speed} times as fast as yours.\n\
             {} is sent to the queue; what follows is announced on the event bus.",
            style(request.strip_prefix(root()).unwrap_or(request).display()).bold()
        ))
    }

    /// Shows an announcement: the fields that the announcement `before` about the same request did not have.
    pub(super) fn announce(&self, event: &PublishedEvent, before: Option<&Value>) -> io::Result<()> {
        if self.is_json {
            output::print(event.to_json_line())
        } else {
            output::print(format_args!("\n{}\n", announcement(&event.raw_detail, before)))
        }
    }

    pub(super) fn show_progress(&mut self, copies: &[Copy]) -> io::Result<()> {
        for Copy { name, percent } in copies {
            let step = percent / PROGRESS_STEP;
            if step > 0 && self.shown_progress.insert((name.clone(), step)) {
                self.note(&format!("copying {name}: {}%", step * PROGRESS_STEP))?;
            }
        }
        Ok(())
    }

    /// Shows the new calls that are part of the story, unless they only repeat the one before.
    pub(super) fn show_calls(&mut self, calls: &[Call]) -> io::Result<()> {
        let is_shown = |call: &&Call| call.status != 200 || SHOWN_CALLS.contains(&call.action.as_str());
        let mut before = calls.iter().take(self.read_calls).rfind(is_shown);
        for call in calls.iter().skip(self.read_calls).filter(is_shown) {
            if !before.is_some_and(|before| is_repetition(before, call)) {
                self.note(&call_line(call, self.start))?;
            }
            before = Some(call);
        }
        self.read_calls = calls.len();
        Ok(())
    }

    /// Shows the end of the functions' logs after a failure.
    pub(super) fn show_logs(lines: &[String]) {
        for line in lines.iter().skip(lines.len().saturating_sub(LOG_LINES)) {
            output::note(truncate_str(line, MAX_LINE_LENGTH, "…"));
        }
    }

    /// Shows a text to people who want more than announcements.
    pub(super) fn note(&self, text: &str) -> io::Result<()> {
        if self.is_json || self.is_quiet { Ok(()) } else { output::print(text) }
    }
}

/// The status, a line for each field that `before` did not have, and a failure's message and remedy on lines of their own. The
/// fields have the order of the announcement.
fn announcement(raw_detail: &str, before: Option<&Value>) -> String {
    let detail: Value = serde_json::from_str(raw_detail).unwrap_or_default();
    let text_of = |field: &str| detail.get(field).and_then(Value::as_str).unwrap_or_default();
    let (status, name) = (text_of("status"), text_of("versionName"));
    let mut text = format!("{} {name}", colour(status).bold().apply_to(format!("{status:<9}")));
    let is_new = |field: &str, value: &Value| before.and_then(|before| before.get(field)) != Some(value);
    let fields = detail.as_object().into_iter().flatten();
    let is_shown = |field: &str, value: &Value| !HIDDEN_FIELDS.contains(&field) && is_new(field, value);
    let mut fields: Vec<_> = fields.filter(|(field, value)| is_shown(field, value)).collect();
    fields.sort_by_key(|(field, _)| raw_detail.find(&format!("\"{field}\":")));
    for (field, value) in fields {
        let shown = if field == "failure" { value.get("code").unwrap_or(value) } else { value };
        let shown = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned);
        text.push_str(&format!("\n  {} {shown}", style(format!("{field:<24}")).dim()));
    }
    if let Some(failure) = detail.get("failure").filter(|failure| is_new("failure", failure)) {
        for line in ["message", "remedy"].iter().filter_map(|part| failure.get(part)?.as_str()) {
            text.push_str(&format!("\n\n{line}"));
        }
    }
    text
}

/// Whether a call repeats the one before with the same outcome. A copy is never a repetition.
fn is_repetition(before: &Call, call: &Call) -> bool {
    let key = |call: &Call| (call.caller.clone(), call.action.clone(), call.error.clone(), call.status);
    call.action != COPY && key(before) == key(call)
}

fn call_line(call: &Call, start: Timestamp) -> String {
    let (_, name) = call.action.split_once(':').unwrap_or_default();
    let outcome = match (&call.error, call.status) {
        (Some(error), _) => error.as_str(),
        (None, 0) => "no answer: the connection was closed",
        (None, _) => "done",
    };
    let after = SignedDuration::from_secs(call.at.duration_since(start).as_secs());
    let caller = call.role().unwrap_or(&call.account);
    format!("{:>9}  {caller:<12}  {name:<24}  {outcome}", format!("{after:#}"))
}

fn colour(status: &str) -> Style {
    match status {
        "COMPLETED" => Style::new().green(),
        "FAILED" | "TIMED_OUT" | "REJECTED" => Style::new().red(),
        "QUEUED" | "OVERDUE" => Style::new().yellow(),
        _ => Style::new().cyan(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_announcement_shows_its_new_fields_in_its_own_order() {
        let before = json!({"status": "STARTED", "requestId": "release-1", "adopted": true});
        let detail = r#"{
            "version": "1",
            "eventId": "e-1",
            "requestId": "release-2",
            "status": "FAILED",
            "versionName": "v1",
            "adopted": true,
            "failure": {
                "code": "AccessDenied",
                "message": "no policy allows it",
                "remedy": "aws rekognition put-project-policy\n  --project-arn x"
            }
        }"#;
        console::set_colors_enabled(false);
        let text = announcement(detail, Some(&before));
        let expected = [
            "FAILED    v1",
            "  requestId                release-2",
            "  versionName              v1",
            "  failure                  AccessDenied",
            "",
            "no policy allows it",
            "",
            "aws rekognition put-project-policy",
            "  --project-arn x",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
