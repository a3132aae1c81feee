//! Takes the text of a request out of its envelope: an EventBridge event or an SNS notification.
//!
//! A bare request has no envelope. A notification's message may be an event or a bare request. This file also reads the
//! event's id and account. [`intake`](super::intake) decides whether to trust the account.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::announcement::DETAIL_TYPE as ANNOUNCEMENT;
use super::json::Object;
use super::problem::{Problem, ProblemCode, shown};

/// The detail-type of an EventBridge event that holds a request.
pub const DETAIL_TYPE: &str = "Rekognition Model Copy Requested";

/// The content of a message.
#[derive(Debug)]
pub enum Content<'a> {
    Request(RawRequest<'a>),
    Ignored(IgnoreReason),
}

/// Why a message is not a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoreReason {
    /// It is an announcement, or another event with this copier's `source`. A rejection of it would be an announcement
    /// too, and start an endless loop.
    Announcement,
    /// It is a topic's request to confirm a subscription.
    SubscriptionConfirmation,
}

/// The text of a request, and what its envelope says.
#[derive(Debug, Default)]
pub struct RawRequest<'a> {
    /// The text, not yet validated. Text from a notification is owned. Other text is borrowed from the message.
    pub text: Cow<'a, str>,
    pub event_id: Option<String>,
    /// The account in the event. Anyone who sends a message directly can write any account here.
    pub event_account: Option<String>,
    /// Whether the request, in an event or bare, was in an SNS notification.
    pub is_from_notification: bool,
    pub problems: Vec<Problem>,
}

/// Opens a message. `source` is the `source` of this copier's own announcements.
pub fn open<'a>(message: &'a str, source: &str) -> Content<'a> {
    let Ok(mut object) = Object::parse("request", message) else { return bare_request(message) };
    if !(object.has("Type") && object.has("Message") && object.has("MessageId")) {
        return open_object(message, object, source);
    }
    let kind = object.take("Type").and_then(|kind| serde_json::from_str(kind.get()).ok());
    if kind.is_some_and(|kind: Cow<'_, str>| kind == "SubscriptionConfirmation") {
        return Content::Ignored(IgnoreReason::SubscriptionConfirmation);
    }
    match object.take_text("Message") {
        Some(inner) if object.problems.is_empty() => open_notification(&inner, source),
        _ => {
            if object.problems.is_empty() {
                object.report("Message", ProblemCode::Missing, MISSING_REQUEST);
            }
            Content::Request(RawRequest { problems: object.problems, ..RawRequest::default() })
        }
    }
}

/// Opens the text in the `Message` field of an SNS notification: an event or a bare request.
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

const MISSING_REQUEST: &str = "is missing: it must hold the request";

fn open_event<'a>(mut event: Object<'a>, source: &str) -> Content<'a> {
    let detail_type = event.take_text("detail-type").unwrap_or_default();
    let event_id = event.take_text("id");
    let event_account = event.take_text("account");
    if event.take_text("source").as_deref() == Some(source) || detail_type == ANNOUNCEMENT {
        return Content::Ignored(IgnoreReason::Announcement);
    }
    let detail = event.take("detail");
    if detail_type != DETAIL_TYPE {
        let rest = format!("must be `{DETAIL_TYPE}`, not {}", shown(&detail_type));
        event.report("detail-type", ProblemCode::DetailType, rest);
    }
    if detail.is_none() {
        event.report("detail", ProblemCode::Missing, MISSING_REQUEST);
    }
    Content::Request(RawRequest {
        text: Cow::Borrowed(detail.map_or("", RawValue::get)),
        event_id,
        event_account,
        is_from_notification: false,
        problems: event.problems,
    })
}
