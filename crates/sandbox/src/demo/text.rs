//! An announcement as text for people. It shows every field that there is, the important ones first.

use console::{Style, style};
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

/// A headline with the status, and a line for each field of the announcement's detail.
pub(super) fn announcement(detail: &Value) -> String {
    let status = detail.get("status").and_then(Value::as_str).unwrap_or_default();
    let name = detail.get("versionName").and_then(Value::as_str).unwrap_or_default();
    let mut text = format!("{} {name}", colour(status).bold().apply_to(format!("{status:<9}")));
    let fields = detail.as_object().into_iter().flatten();
    let mut fields: Vec<_> = fields.filter(|(field, _)| field.as_str() != "status").collect();
    fields.sort_by_key(|(field, _)| FIRST.iter().position(|first| first == field).unwrap_or(FIRST.len()));
    for (field, value) in fields {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // A remedy may be a whole policy document: its lines stay below one another.
        let value = value.replace('\n', &format!("\n{:27}", ""));
        text.push_str(&format!("\n  {} {value}", style(format!("{field:<24}")).dim()));
    }
    text
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
            "failure": { "code": "AccessDenied" },
        });
        let text = console::strip_ansi_codes(&announcement(&detail)).into_owned();
        let expected = [
            "FAILED    v1",
            "  requestId                release-1",
            "  versionName              v1",
            r#"  failure                  {"code":"AccessDenied"}"#,
            "  eventId                  e-1",
            "  version                  1",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
