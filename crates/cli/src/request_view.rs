//! A request as `list` and `show` print it.

use jiff::Timestamp;
use rekognition_model_copier::domain::failure::Failure;
use rekognition_model_copier::domain::record::{Announced, Record, State};
use rekognition_model_copier::domain::request::{CopyRequest, ReadableFields};
use serde::Serialize;

use crate::logs::LogLine;
use crate::output::table;
use crate::when::{Style, write_duration};

/// The JSON of `list` and `show`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestView<'a> {
    request_id: &'a str,
    requester_account: &'a str,
    /// An announcement's status, or STARTING.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'static str>,
    requested_at: Timestamp,
    /// Since when it has its status.
    since: Timestamp,
    /// When its next step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Timestamp>,
    #[serde(flatten)]
    accepted: Option<&'a CopyRequest>,
    /// The part of a rejected request that could be read.
    #[serde(flatten)]
    rejected: Option<&'a ReadableFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_version_arn: Option<&'a str>,
    /// Whether the copier adopted an existing copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    adopted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    /// Why it failed, was rejected or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
    announced: &'a [Announced],
    /// How often a start was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    /// What a stack's functions logged about it, if that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<Vec<LogLine>>,
    #[serde(skip)]
    fields: ReadableFields,
}

/// The fields of a record's request that could be read.
pub(crate) fn fields_of(record: &Record) -> ReadableFields {
    match record {
        Record::Accepted(accepted) => ReadableFields::of(&accepted.copy),
        Record::Rejected(rejected) => rejected.fields.clone(),
    }
}

impl<'a> RequestView<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        let (header, next_step, copy) = (record.header(), record.next_step(), record.started_copy());
        let (accepted, rejected) = match record {
            Record::Accepted(accepted) => (Some(accepted), None),
            Record::Rejected(rejected) => (None, Some(&rejected.fields)),
        };
        let lease_since = accepted.and_then(|accepted| match &accepted.state {
            State::Starting { lease, .. } => Some(lease.since()),
            _ => None,
        });
        let announced_at = header.announced.last().map(|announced| announced.at);
        Self {
            request_id: &header.key.request_id,
            requester_account: &header.key.requester,
            status: record.status_word(),
            step: next_step.map(|(step, _)| step.as_str()),
            requested_at: header.requested_at,
            since: lease_since.or(announced_at).unwrap_or(header.requested_at),
            next: next_step.map(|(_, due)| due),
            accepted: accepted.map(|accepted| &accepted.copy),
            rejected,
            project_version_arn: copy.map(|copy| copy.project_version_arn.as_str()),
            adopted: copy.map(|copy| copy.adopted),
            ended_at: record.ended_at(),
            failure: record.failure(),
            announced: &header.announced,
            attempts: accepted.map(|accepted| accepted.attempts),
            log: None,
            fields: fields_of(record),
        }
    }

    pub(crate) fn lines(&self, style: Style, now: Timestamp) -> String {
        let time = |time: Timestamp| style.write(time, now);
        let mut lines = String::new();
        let mut line = |name: &str, value: &str| lines.push_str(&format!("{name:<12} {value}\n"));
        line("id", self.request_id);
        line("requester", self.requester_account);
        line("status", &format!("{} since {}", self.status, time(self.since)));
        if let (Some(step), Some(next)) = (self.step, self.next) {
            let next = if next <= now { "due".to_owned() } else { time(next) };
            line("next", &format!("{step}, {next}"));
        }
        if let Some(Failure { code, message, remedy, .. }) = self.failure {
            line("failure", &format!("{code}: {message}"));
            remedy.iter().for_each(|remedy| line("remedy", remedy));
        }
        if let Some(copy) = self.accepted {
            line("source", copy.source_project_version_arn.as_str());
            line("destination", copy.destination_project_arn.as_str());
        }
        line("version", self.fields.version_name.as_deref().unwrap_or("-"));
        if let Some(arn) = self.project_version_arn {
            let adopted = if self.adopted == Some(true) { " (adopted)" } else { "" };
            line("copy", &format!("{arn}{adopted}"));
        }
        line("requested", &time(self.requested_at));
        if let Some(ended_at) = self.ended_at {
            let lasted = write_duration(ended_at.duration_since(self.requested_at));
            line("ended", &format!("{}, after {lasted}", time(ended_at)));
        }
        for Announced { status, at, code } in self.announced {
            let code = code.iter().map(|code| format!(" ({code})")).collect::<String>();
            line("announced", &format!("{}{code} {}", status.as_str(), time(*at)));
        }
        self.log.iter().flatten().for_each(|logged| line("log", &logged.text(style, now)));
        lines
    }
}

/// The requests as a table with fixed columns.
pub(crate) fn request_table(views: &[RequestView<'_>], style: Style, now: Timestamp) -> String {
    let row = |view: &RequestView<'_>| {
        let project = view.fields.destination_project_arn.as_ref();
        let next = view.next.map(|next| style.write(next, now));
        [
            view.request_id.to_owned(),
            view.requester_account.to_owned(),
            view.status.to_owned(),
            view.step.unwrap_or("-").to_owned(),
            project.map_or("-", |arn| arn.project_name()).to_owned(),
            view.fields.version_name.clone().unwrap_or_else(|| "-".to_owned()),
            style.write(view.since, now),
            next.unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let names = ["ID", "REQUESTER", "STATUS", "STEP", "PROJECT", "VERSION", "SINCE", "NEXT"];
    table(names, views.iter().map(row))
}
