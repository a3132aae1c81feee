//! Takes the text of a request out of its envelope: an EventBridge event or an SNS notification.
//!
//! A bare request has no envelope. A notification's message may be an event or a bare request. This file also reads the
//! event's id and account. [`intake`](super::intake) decides whether to trust the account.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::announcement::DETAIL_TYPE as ANNOUNCEMENT;
use super::json::{self, Object};
use super::problem::{Problem, ProblemCode, shown};

/// The detail-type of an EventBridge event that holds a request.
pub const DETAIL_TYPE: &str = "Rekognition Model Copy Requested";

/// The content of a message.
#[derive(Debug)]
pub enum Content<'a> {
    /// The text of a request, not yet validated.
    Request(RawRequest<'a>),
    /// A message that needs no answer.
    Ignored(IgnoreReason),
}

/// Why a message needs no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoreReason {
    /// It is an announcement of a copier. A rejection of it would be an announcement too, and start an endless loop.
    Announcement,
    /// It is a topic's request to confirm a subscription.
    SubscriptionConfirmation,
}

/// The text of a request, and what its envelope says.
#[derive(Debug, Default)]
pub struct RawRequest<'a> {
    /// The text, not yet validated. Text from a notification is owned. Other text is borrowed from the message.
    pub text: Cow<'a, str>,
    /// The EventBridge event's id.
    pub event_id: Option<String>,
    /// The account in the event. Anyone who sends a message directly can write any account here.
    pub event_account: Option<String>,
    /// Whether the request, in an event or bare, was in an SNS notification.
    pub is_from_notification: bool,
    /// What is wrong with the envelope.
    pub problems: Vec<Problem>,
}

/// Opens a message. `source` is the `source` of this copier's own announcements.
pub fn open<'a>(message: &'a str, source: &str) -> Content<'a> {
    let Ok(mut object) = Object::parse("request", message) else { return bare_request(message) };
    if !(object.has("Type") && object.has("Message") && object.has("MessageId")) {
        return open_object(message, object, source);
    }
    let mut problems = Vec::new();
    let kind = object.take("Type", &mut problems).and_then(|kind| serde_json::from_str(kind.get()).ok());
    if kind.is_some_and(|kind: Cow<'_, str>| kind == "SubscriptionConfirmation") {
        return Content::Ignored(IgnoreReason::SubscriptionConfirmation);
    }
    let inner = object.take("Message", &mut problems);
    let inner = inner.and_then(|value| json::string("Message", value, &mut problems));
    match inner {
        Some(inner) if problems.is_empty() => open_notification(&inner, source),
        _ => {
            if problems.is_empty() {
                problems.push(missing_request("Message"));
            }
            Content::Request(RawRequest { problems, ..RawRequest::default() })
        }
    }
}

/// Opens the content of an SNS notification.
pub fn open_notification<'a>(message: &str, source: &str) -> Content<'a> {
    let content = match Object::parse("request", message) {
        Ok(object) => open_object(message, object, source),
        Err(_) => bare_request(message),
    };
    match content {
        Content::Request(request) => Content::Request(RawRequest {
            text: Cow::Owned(request.text.into_owned()),
            event_id: request.event_id,
            event_account: request.event_account,
            is_from_notification: true,
            problems: request.problems,
        }),
        Content::Ignored(ignored) => Content::Ignored(ignored),
    }
}

fn open_object<'a>(message: &'a str, object: Object<'a>, source: &str) -> Content<'a> {
    if object.has("detail-type") { open_event(object, source) } else { bare_request(message) }
}

fn bare_request(message: &str) -> Content<'_> {
    Content::Request(RawRequest { text: Cow::Borrowed(message), ..RawRequest::default() })
}

fn missing_request(field: &str) -> Problem {
    Problem::new(field, ProblemCode::Missing, "is missing: it must hold the request")
}

fn open_event<'a>(mut object: Object<'a>, source: &str) -> Content<'a> {
    let mut problems = Vec::new();
    let mut text = |name: &str| {
        let value: Option<&RawValue> = object.take(name, &mut problems);
        value.and_then(|value| json::string(name, value, &mut problems))
    };
    let detail_type = text("detail-type").unwrap_or_default();
    let event_id = text("id");
    let event_account = text("account");
    if text("source").as_deref() == Some(source) || detail_type == ANNOUNCEMENT {
        return Content::Ignored(IgnoreReason::Announcement);
    }
    let detail = object.take("detail", &mut problems);
    if detail_type != DETAIL_TYPE {
        let rest = format!("must be `{DETAIL_TYPE}`, not {}", shown(&detail_type));
        problems.push(Problem::new("detail-type", ProblemCode::DetailType, rest));
    }
    if detail.is_none() {
        problems.push(missing_request("detail"));
    }
    Content::Request(RawRequest {
        text: Cow::Borrowed(detail.map_or("", RawValue::get)),
        event_id,
        event_account,
        is_from_notification: false,
        problems,
    })
}
