//! What we tell the world about a request: the detail of a "Rekognition Model Copy State Change" event.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::arn::{ProjectArn, ProjectVersionArn};
use super::failure::Failure;
use super::model::ModelStatus;
use super::request::Context;

/// The detail-type of every announcement.
pub const DETAIL_TYPE: &str = "Rekognition Model Copy State Change";
/// The version of the announcement's form.
pub const VERSION: &str = "1";

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Status {
    /// The start has to wait.
    Queued,
    /// Rekognition has accepted the copy, or an existing one was adopted.
    Started,
    /// Still copying after the expected time.
    Overdue,
    /// Copied.
    Completed,
    /// Will not happen.
    Failed,
    /// We gave up.
    TimedOut,
    /// Was never acceptable.
    Rejected,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Started,
        Self::Overdue,
        Self::Completed,
        Self::Failed,
        Self::TimedOut,
        Self::Rejected,
    ];

    /// Whether this is the request's final answer.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::TimedOut | Self::Rejected)
    }

    /// The status' word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Started => "STARTED",
            Self::Overdue => "OVERDUE",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Rejected => "REJECTED",
        }
    }
}

/// The detail of one announcement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Announcement {
    /// The version of the announcement's form: 1.
    pub version: String,
    /// The same for the same request and status, however often it is published.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "uuid")))]
    pub event_id: Uuid,
    /// The request's id.
    pub request_id: String,
    /// The requester's id for what the request is part of; the request's id where none was given.
    pub correlation_id: String,
    /// The id of the event or message that we were handed.
    pub causation_id: String,
    /// Where the request stands.
    pub status: Status,
    /// Rekognition's raw word for the version, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_status: Option<ModelStatus>,
    /// As requested; left out of a rejection only where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_project_arn: Option<ProjectArn>,
    /// As requested; left out of a rejection only where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_project_version_arn: Option<ProjectVersionArn>,
    /// As requested; left out of a rejection only where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_project_arn: Option<ProjectArn>,
    /// As requested; left out of a rejection only where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_name: Option<String>,
    /// The copy, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_version_arn: Option<ProjectVersionArn>,
    /// Whether the copy was found, begun by somebody else or by a call of ours whose answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<bool>,
    /// When the request reached us.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub requested_at: Timestamp,
    /// When the copy was accepted or adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub started_at: Option<Timestamp>,
    /// When we learned how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub ended_at: Option<Timestamp>,
    /// From `startedAt` to `endedAt`, in whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
    /// Why it failed, was rejected, timed out or has to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The request's `context`, unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

impl Announcement {
    /// The event's `resources`: every ARN that is known.
    pub fn resources(&self) -> Vec<String> {
        let project = |arn: &Option<ProjectArn>| arn.as_ref().map(ProjectArn::to_string);
        let version = |arn: &Option<ProjectVersionArn>| arn.as_ref().map(ProjectVersionArn::to_string);
        [
            project(&self.source_project_arn),
            version(&self.source_project_version_arn),
            project(&self.destination_project_arn),
            version(&self.project_version_arn),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::examples::{COPY, accepted, after_answer, at, starting};
    use serde_json::json;

    #[test]
    fn four_statuses_are_final() {
        let (last, others): (Vec<Status>, Vec<Status>) = Status::ALL.into_iter().partition(|s| s.is_final());
        assert_eq!(last, [Status::Completed, Status::Failed, Status::TimedOut, Status::Rejected]);
        assert_eq!(others, [Status::Queued, Status::Started, Status::Overdue]);
    }

    #[test]
    fn an_announcement_is_about_every_arn_that_is_known() {
        let copy = starting().copy.unwrap();
        let record = after_answer(starting(), accepted(), at(1));
        let expected = [
            copy.source_project_arn.to_string(),
            copy.source_project_version_arn.to_string(),
            copy.destination_project_arn.to_string(),
            COPY.to_owned(),
        ];
        assert_eq!(record.outbox[0].resources, expected);
        let less = json!({ "sourceProjectVersionArn": null, "projectVersionArn": null });
        let mut detail: serde_json::Value = serde_json::from_str(record.outbox[0].detail.get()).unwrap();
        detail.as_object_mut().unwrap().extend(less.as_object().unwrap().clone());
        let announcement: Announcement = serde_json::from_value(detail).unwrap();
        assert_eq!(announcement.resources(), [expected[0].clone(), expected[2].clone()]);
    }
}
