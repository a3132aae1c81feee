//! Makes the detail of an announcement, a "Rekognition Model Copy State Change" event, from a record, and turns it into
//! the bytes that are published.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use super::arn::{ProjectArn, ProjectVersionArn};
use super::failure::Failure;
use super::model::ModelStatus;
use super::outbox::Outgoing;
use super::record::{Accepted, Ended, Header, Record, Rejected, StartedCopy, State};
use super::request::{Context, ReadableFields};
use super::status::Status;

/// The detail-type of every announcement.
pub const DETAIL_TYPE: &str = "Rekognition Model Copy State Change";
/// The version of the announcement's format.
pub const VERSION: &str = "1";

/// The detail of one announcement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Announcement {
    /// The version of the announcement's format: 1.
    pub version: String,
    /// The same for the same request and status, however often it is published.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "uuid")))]
    pub event_id: Uuid,
    /// The request's id.
    pub request_id: String,
    /// An id that the requester gave to related requests; the request's id if it gave none.
    pub correlation_id: String,
    /// The id of the event, message or invocation that brought the request.
    pub causation_id: String,
    /// The account that asked: 12 digits.
    pub requester_account: String,
    /// The request's status.
    pub status: Status,
    /// Rekognition's status of the version, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_status: Option<ModelStatus>,
    /// As requested.
    #[serde(flatten)]
    pub fields: ReadableFields,
    /// When the request reached start-copy.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub requested_at: Timestamp,
    /// The copy, once it is known.
    #[serde(flatten)]
    pub copy: Option<StartedCopy>,
    /// When the copier learned the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub ended_at: Option<Timestamp>,
    /// From `startedAt` to `endedAt`, in whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
    /// Why the request failed, was rejected, timed out or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The request's `context`, unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

impl Announcement {
    /// The announcement of a record's state. `None` while it is Starting: a call may be in progress.
    pub fn of(record: &Record) -> Option<Self> {
        match record {
            Record::Accepted(accepted) => Some(Self::of_accepted(accepted, accepted.status()?)),
            Record::Rejected(rejected) => Some(Self::of_rejected(rejected)),
        }
    }

    /// The announcement of an accepted request. `status` is what [`Accepted::status`] returns.
    pub(super) fn of_accepted(accepted: &Accepted, status: Status) -> Self {
        let copy = accepted.started_copy().cloned();
        let ended_at = match &accepted.state {
            State::Ended(Ended { at, .. }) => Some(*at),
            _ => None,
        };
        let duration = ended_at.zip(copy.as_ref());
        Self {
            model_status: accepted.model_status().cloned(),
            duration_seconds: duration.map(|(at, copy)| at.duration_since(copy.started_at).as_secs().max(0)),
            copy,
            ended_at,
            failure: accepted.failure().cloned(),
            ..Self::of_header(&accepted.header, status, ReadableFields::of(&accepted.copy))
        }
    }

    /// The announcement of a rejection, with the fields that could be read.
    pub(super) fn of_rejected(rejected: &Rejected) -> Self {
        Self {
            ended_at: Some(rejected.at),
            failure: Some(rejected.failure.clone()),
            ..Self::of_header(&rejected.header, Status::Rejected, rejected.fields.clone())
        }
    }

    fn of_header(header: &Header, status: Status, fields: ReadableFields) -> Self {
        Self {
            version: VERSION.to_owned(),
            event_id: Uuid::new_v5(&header.event_namespace, status.as_str().as_bytes()),
            request_id: header.key.request_id.clone(),
            correlation_id: header.correlation_id.clone(),
            causation_id: header.causation_id.clone(),
            requester_account: header.key.requester.clone(),
            status,
            model_status: None,
            fields,
            requested_at: header.requested_at,
            copy: None,
            ended_at: None,
            duration_seconds: None,
            failure: None,
            context: header.context.clone(),
        }
    }

    /// The announcement as it will be published. From here on its bytes are fixed: every attempt publishes the same
    /// ones.
    pub fn to_outgoing(&self, time: Timestamp) -> Outgoing {
        // A struct of strings, numbers and checked JSON always serializes.
        let detail = to_raw_value(self).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Outgoing { status: self.status, time, resources: self.resources(), detail }
    }

    /// The event's `resources`: every ARN that is known.
    pub fn resources(&self) -> Vec<String> {
        let ReadableFields {
            source_project_arn, source_project_version_arn, destination_project_arn, ..
        } = &self.fields;
        [
            source_project_arn.as_ref().map(ProjectArn::to_string),
            source_project_version_arn.as_ref().map(ProjectVersionArn::to_string),
            destination_project_arn.as_ref().map(ProjectArn::to_string),
            self.copy.as_ref().map(|copy| copy.project_version_arn.to_string()),
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
    fn an_announcement_is_about_every_arn_that_is_known() {
        let copy = starting().copy;
        let record = after_answer(starting(), accepted(), at(1));
        let expected = [
            copy.source_project_arn.to_string(),
            copy.source_project_version_arn.to_string(),
            copy.destination_project_arn.to_string(),
            COPY.to_owned(),
        ];
        assert_eq!(record.header.outbox[0].resources, expected);
        let less = json!({ "sourceProjectVersionArn": null, "projectVersionArn": null });
        let mut detail: serde_json::Value =
            serde_json::from_str(record.header.outbox[0].detail.get()).unwrap();
        detail.as_object_mut().unwrap().extend(less.as_object().unwrap().clone());
        let announcement: Announcement = serde_json::from_value(detail).unwrap();
        assert_eq!(announcement.resources(), [expected[0].clone(), expected[2].clone()]);
    }
}
