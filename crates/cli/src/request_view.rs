//! A request as `list` and `show` print it.

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::failure::Failure;
use rekognition_model_copier::domain::record::{Announced, Record, State};
use rekognition_model_copier::domain::request::{CopyRequest, ReadableFields};
use serde::Serialize;

use crate::when::{Style, duration};

/// A request: the JSON of `list` and `show`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestView {
    /// Its id.
    pub request_id: String,
    /// The account that asked.
    pub requester_account: String,
    /// An announcement's status, or STARTING.
    pub status: &'static str,
    /// What it needs next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<&'static str>,
    /// When it was made.
    pub requested_at: Timestamp,
    /// Since when it has its status.
    pub since: Timestamp,
    /// When its next step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// What is copied, if it could be read.
    #[serde(flatten)]
    pub request: Requested,
    /// The copy, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_version_arn: Option<ProjectVersionArn>,
    /// Whether the copier adopted an existing copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adopted: Option<bool>,
    /// When it got its final answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it failed, was rejected or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What was announced.
    pub announced: Vec<Announced>,
    /// How often a start was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "see the types")]
pub enum Requested {
    Accepted(CopyRequest),
    Rejected(ReadableFields),
}

impl Requested {
    /// What a record was asked for.
    pub fn of(record: &Record) -> Self {
        match record {
            Record::Accepted(accepted) => Self::Accepted(accepted.copy.clone()),
            Record::Rejected(rejected) => Self::Rejected(rejected.fields.clone()),
        }
    }

    /// The project that gets the copy.
    pub fn destination_project(&self) -> Option<&ProjectArn> {
        match self {
            Self::Accepted(copy) => Some(&copy.destination_project_arn),
            Self::Rejected(fields) => fields.destination_project_arn.as_ref(),
        }
    }

    /// The copy's name.
    pub fn version_name(&self) -> Option<&str> {
        match self {
            Self::Accepted(copy) => Some(&copy.version_name),
            Self::Rejected(fields) => fields.version_name.as_deref(),
        }
    }
}

impl RequestView {
    /// The view of a record.
    pub fn of(record: &Record) -> Self {
        let header = record.header();
        let next_step = record.next_step();
        let lease = record.accepted().and_then(|accepted| match &accepted.state {
            State::Starting { lease, .. } => Some(lease.since()),
            _ => None,
        });
        let announced_at = header.announced.last().map(|announced| announced.at);
        Self {
            request_id: header.key.request_id.clone(),
            requester_account: header.key.requester.clone(),
            status: record.status_word(),
            step: next_step.map(|(step, _)| step.as_str()),
            requested_at: header.requested_at,
            since: lease.or(announced_at).unwrap_or(header.requested_at),
            next: next_step.map(|(_, due)| due),
            request: Requested::of(record),
            project_version_arn: record.started_copy().map(|copy| copy.project_version_arn.clone()),
            adopted: record.started_copy().map(|copy| copy.adopted),
            ended_at: record.ended_at(),
            failure: record.failure().cloned(),
            announced: header.announced.clone(),
            attempts: record.accepted().map(|accepted| accepted.attempts),
        }
    }

    /// Whether both show the same state. Tries and leases do not count as changes.
    pub fn is_same_state(&self, other: &Self) -> bool {
        (self.status, &self.failure, &self.project_version_arn)
            == (other.status, &other.failure, &other.project_version_arn)
    }

    /// The request in lines, a field each.
    pub fn lines(&self, style: Style, now: Timestamp) -> String {
        let time = |time: Timestamp| style.write(time, now);
        let mut fields: Vec<(&str, String)> = vec![
            ("id", self.request_id.clone()),
            ("requester", self.requester_account.clone()),
            ("status", format!("{} since {}", self.status, time(self.since))),
        ];
        if let (Some(step), Some(next)) = (self.step, self.next) {
            fields.push((
                "next",
                format!("{step}, {}", if next <= now { "due".to_owned() } else { time(next) }),
            ));
        }
        if let Some(failure) = &self.failure {
            fields.push(("failure", format!("{}: {}", failure.code, failure.message)));
            fields.extend(failure.remedy.clone().map(|remedy| ("remedy", remedy)));
        }
        if let Requested::Accepted(copy) = &self.request {
            fields.push(("source", copy.source_project_version_arn.to_string()));
            fields.push(("destination", copy.destination_project_arn.to_string()));
        }
        fields.push(("version", self.request.version_name().unwrap_or("-").to_owned()));
        let adopted = if self.adopted == Some(true) { " (adopted)" } else { "" };
        fields.extend(self.project_version_arn.as_ref().map(|arn| ("copy", format!("{arn}{adopted}"))));
        fields.push(("requested", time(self.requested_at)));
        if let Some(ended_at) = self.ended_at {
            let lasted = duration(ended_at.duration_since(self.requested_at));
            fields.push(("ended", format!("{}, after {lasted}", time(ended_at))));
        }
        for announced in &self.announced {
            let code = announced.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            fields.push(("announced", format!("{}{code} {}", announced.status.as_str(), time(announced.at))));
        }
        fields.iter().map(|(name, value)| format!("{name:<12} {value}\n")).collect()
    }
}

/// The requests as a table with fixed columns.
pub fn table(views: &[RequestView], style: Style, now: Timestamp) -> String {
    let mut rows = vec![["ID", "STATUS", "STEP", "PROJECT", "VERSION", "SINCE", "NEXT"].map(str::to_owned)];
    for view in views {
        let next = view.next.map(|next| style.write(next, now));
        rows.push([
            view.request_id.clone(),
            view.status.to_owned(),
            view.step.unwrap_or("-").to_owned(),
            view.request.destination_project().map_or("-", |arn| arn.project_name()).to_owned(),
            view.request.version_name().unwrap_or("-").to_owned(),
            style.write(view.since, now),
            next.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
