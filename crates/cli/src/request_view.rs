//! A request as `list` and `show` print it.

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::failure::Failure;
use rekognition_model_copier::domain::record::{Announced, Record, State};
use rekognition_model_copier::domain::request::{CopyRequest, ReadableFields};
use serde::Serialize;

use crate::logs::LogLine;
use crate::output::table;
use crate::when::{Style, write_duration};

/// A request: the JSON of `list` and `show`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestView {
    pub(crate) request_id: String,
    pub(crate) requester_account: String,
    /// An announcement's status, or STARTING.
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<&'static str>,
    /// When it was made.
    pub(crate) requested_at: Timestamp,
    /// Since when it has its status.
    pub(crate) since: Timestamp,
    /// When its next step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Timestamp>,
    #[serde(flatten)]
    pub(crate) fields: RequestFields,
    /// The copy, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project_version_arn: Option<ProjectVersionArn>,
    /// Whether the copier adopted an existing copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) adopted: Option<bool>,
    /// When it got its final answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<Timestamp>,
    /// Why it failed, was rejected or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    pub(crate) announced: Vec<Announced>,
    /// How often a start was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempts: Option<u32>,
    /// What a stack's functions logged about it, if that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<Vec<LogLine>>,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum RequestFields {
    Accepted(CopyRequest),
    Rejected(ReadableFields),
}

impl RequestFields {
    /// What a record was asked for.
    pub(crate) fn of(record: &Record) -> Self {
        match record {
            Record::Accepted(accepted) => Self::Accepted(accepted.copy.clone()),
            Record::Rejected(rejected) => Self::Rejected(rejected.fields.clone()),
        }
    }

    /// The project that gets the copy.
    pub(crate) fn destination_project(&self) -> Option<&ProjectArn> {
        match self {
            Self::Accepted(copy) => Some(&copy.destination_project_arn),
            Self::Rejected(fields) => fields.destination_project_arn.as_ref(),
        }
    }

    /// The copy's name.
    pub(crate) fn version_name(&self) -> Option<&str> {
        match self {
            Self::Accepted(copy) => Some(&copy.version_name),
            Self::Rejected(fields) => fields.version_name.as_deref(),
        }
    }
}

impl RequestView {
    /// The view of a record.
    pub(crate) fn of(record: &Record) -> Self {
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
            fields: RequestFields::of(record),
            project_version_arn: record.started_copy().map(|copy| copy.project_version_arn.clone()),
            adopted: record.started_copy().map(|copy| copy.adopted),
            ended_at: record.ended_at(),
            failure: record.failure().cloned(),
            announced: header.announced.clone(),
            attempts: record.accepted().map(|accepted| accepted.attempts),
            log: None,
        }
    }

    /// Whether both show the same state. Tries and leases do not count as changes.
    pub(crate) fn is_same_state(&self, other: &Self) -> bool {
        (self.status, &self.failure, &self.project_version_arn)
            == (other.status, &other.failure, &other.project_version_arn)
    }

    /// The request in lines, a field each.
    pub(crate) fn lines(&self, style: Style, now: Timestamp) -> String {
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
        if let RequestFields::Accepted(copy) = &self.fields {
            fields.push(("source", copy.source_project_version_arn.to_string()));
            fields.push(("destination", copy.destination_project_arn.to_string()));
        }
        fields.push(("version", self.fields.version_name().unwrap_or("-").to_owned()));
        let adopted = if self.adopted == Some(true) { " (adopted)" } else { "" };
        fields.extend(self.project_version_arn.as_ref().map(|arn| ("copy", format!("{arn}{adopted}"))));
        fields.push(("requested", time(self.requested_at)));
        if let Some(ended_at) = self.ended_at {
            let lasted = write_duration(ended_at.duration_since(self.requested_at));
            fields.push(("ended", format!("{}, after {lasted}", time(ended_at))));
        }
        for announced in &self.announced {
            let code = announced.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            fields.push(("announced", format!("{}{code} {}", announced.status.as_str(), time(announced.at))));
        }
        let log = self.log.iter().flatten().map(|line| ("log", line.text(style, now)));
        fields.into_iter().chain(log).map(|(name, value)| format!("{name:<12} {value}\n")).collect()
    }
}

/// The requests as a table with fixed columns.
pub(crate) fn request_table(views: &[RequestView], style: Style, now: Timestamp) -> String {
    let row = |view: &RequestView| {
        let next = view.next.map(|next| style.write(next, now));
        [
            view.request_id.clone(),
            view.status.to_owned(),
            view.step.unwrap_or("-").to_owned(),
            view.fields.destination_project().map_or("-", |arn| arn.project_name()).to_owned(),
            view.fields.version_name().unwrap_or("-").to_owned(),
            style.write(view.since, now),
            next.unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let names = ["ID", "STATUS", "STEP", "PROJECT", "VERSION", "SINCE", "NEXT"];
    table(names, views.iter().map(row))
}
