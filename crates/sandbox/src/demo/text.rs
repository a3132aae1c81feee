//! Announcements and calls as text for people: the important things first.

use console::{Style, style};
use jiff::{SignedDuration, Timestamp};
use sandbox::Call;
use serde_json::Value;

/// What people look for first. The rest follows in alphabetical order.
const FIRST: [&str; 14] = [
    "requestId",
    "modelStatus",
    "sourceProjectVersionArn",
    "destinationProjectArn",
    "versionName",
    "projectVersionArn",
    "adopted",
    "failure",
    "requestedAt",
    "startedAt",
    "endedAt",
    "durationSeconds",
    "correlationId",
    "context",
];

/// What nobody reads here: it is in `--json`.
const LEFT_OUT: [&str; 3] = ["status", "eventId", "version"];

/// A headline with the status, and a line for each field of the announcement's detail that the one before did not have
/// so. Message and remedy of a failure are lines of their own, to be copied.
pub(super) fn announcement(detail: &Value, before: Option<&Value>) -> String {
    let status = detail.get("status").and_then(Value::as_str).unwrap_or_default();
    let name = detail.get("versionName").and_then(Value::as_str).unwrap_or_default();
    let mut text = format!("{} {name}", colour(status).bold().apply_to(format!("{status:<9}")));
    let is_new = |field: &str, value: &Value| before.and_then(|before| before.get(field)) != Some(value);
    let fields = detail.as_object().into_iter().flatten();
    let mut fields: Vec<_> =
        fields.filter(|(field, value)| !LEFT_OUT.contains(&field.as_str()) && is_new(field, value)).collect();
    fields.sort_by_key(|(field, _)| FIRST.iter().position(|first| first == field).unwrap_or(FIRST.len()));
    for (field, value) in fields {
        let shown = match (field.as_str(), value) {
            ("failure", _) => value.get("code").unwrap_or(value),
            _ => value,
        };
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

/// Whether a call is another try of the one before it that tells nothing new. A copy is always news.
pub(super) fn is_same(before: Option<&Call>, call: &Call) -> bool {
    let key = |call: &Call| (call.caller.clone(), call.action.clone(), call.error.clone(), call.status);
    !call.action.ends_with(":CopyProjectVersion") && before.is_some_and(|before| key(before) == key(call))
}

/// A line about a call that tells what happened: one that copies or looks for a copy, or one that failed.
pub(super) fn call(call: &Call, start: Timestamp) -> Option<String> {
    let name = call.action.split(':').nth(1).unwrap_or_default();
    let is_told = ["CopyProjectVersion", "DescribeProjectVersions", "PutProjectPolicy"].contains(&name);
    if !is_told && call.status == 200 {
        return None;
    }
    // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
    let caller = call.caller.split('/').nth(1).unwrap_or(&call.account);
    let outcome = match (&call.error, call.status) {
        (Some(error), _) => error.as_str(),
        (None, 0) => "no answer: the connection was closed",
        (None, _) => "done",
    };
    let after = SignedDuration::from_secs(call.at.duration_since(start).as_secs());
    Some(format!("{:>9}  {caller:<12}  {name:<24}  {outcome}", format!("{after:#}")))
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
    fn an_announcement_shows_its_fields_the_important_ones_first() {
        let detail = json!({
            "version": "1",
            "eventId": "e-1",
            "status": "FAILED",
            "requestId": "release-1",
            "versionName": "v1",
            "failure": {
                "code": "AccessDenied",
                "message": "no policy allows it",
                "remedy": "aws rekognition put-project-policy\n  --project-arn x",
            },
        });
        let text = console::strip_ansi_codes(&announcement(&detail, None)).into_owned();
        let expected = [
            "FAILED    v1",
            "  requestId                release-1",
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

    #[test]
    fn a_later_announcement_shows_what_changed() {
        let before = json!({ "status": "STARTED", "requestId": "release-1", "versionName": "v1" });
        let detail = json!({ "status": "COMPLETED", "requestId": "release-1", "versionName": "v1", "durationSeconds": 30 });
        let text = console::strip_ansi_codes(&announcement(&detail, Some(&before))).into_owned();
        assert_eq!(text.lines().collect::<Vec<_>>(), ["COMPLETED v1", "  durationSeconds          30"]);
    }
}
