//! Opens a message: finds the request in it, and what its wrapping says.
//!
//! A request arrives bare, as the detail of an EventBridge event, or as either in an SNS notification. This file
//! finds the text of the request. [`intake`](super::intake) decides what to believe of the wrapping.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::announcement::DETAIL_TYPE as ANNOUNCEMENT;
use super::json::{self, Object};
use super::problem::{Problem, ProblemCode, shown};

/// The detail-type of an EventBridge event that holds a request.
pub const DETAIL_TYPE: &str = "Rekognition Model Copy Requested";

/// The content of a message.
#[derive(Debug)]
pub enum Opened<'a> {
    /// A text that should be a request.
    Request(OpenedRequest<'a>),
    /// A message that needs no answer.
    Ignored(Ignored),
}

/// Why a message needs no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// An announcement of a copier. To answer one would start an endless loop.
    Announcement,
    /// A topic asks to confirm its subscription.
    SubscriptionConfirmation,
}

/// The text of a request, and what its wrapping says.
#[derive(Debug, Default)]
pub struct OpenedRequest<'a> {
    /// The text that should be the request. Owned only where a wrapping held it as a string with escapes.
    pub text: Cow<'a, str>,
    /// The EventBridge event's id.
    pub event_id: Option<String>,
    /// The account in the event. The sender of a message can write any account here.
    pub event_account: Option<String>,
    /// Whether the event was in an SNS notification.
    pub is_notified: bool,
    /// What is wrong with the wrapping.
    pub problems: Vec<Problem>,
}

/// Opens a message; `source` is the source of this copier's own announcements.
pub fn open<'a>(message: &'a str, source: &str) -> Opened<'a> {
    let Ok(mut object) = Object::parse("request", message) else { return bare(message) };
    if !(object.has("Type") && object.has("Message") && object.has("MessageId")) {
        return open_object(message, object, source);
    }
    let mut problems = Vec::new();
    let kind = object.take("Type", &mut problems).and_then(|kind| serde_json::from_str(kind.get()).ok());
    if kind.is_some_and(|kind: Cow<'_, str>| kind == "SubscriptionConfirmation") {
        return Opened::Ignored(Ignored::SubscriptionConfirmation);
    }
    let inner = object.take("Message", &mut problems);
    let inner = inner.and_then(|value| json::string("Message", value, &mut problems));
    match inner {
        Some(inner) if problems.is_empty() => notified(&inner, source),
        _ => {
            if problems.is_empty() {
                problems.push(without_request("Message"));
            }
            Opened::Request(OpenedRequest { problems, ..OpenedRequest::default() })
        }
    }
}

/// Opens the content of an SNS notification.
pub fn notified<'a>(message: &str, source: &str) -> Opened<'a> {
    let opened = match Object::parse("request", message) {
        Ok(object) => open_object(message, object, source),
        Err(_) => bare(message),
    };
    match opened {
        Opened::Request(request) => Opened::Request(OpenedRequest {
            text: Cow::Owned(request.text.into_owned()),
            event_id: request.event_id,
            event_account: request.event_account,
            is_notified: true,
            problems: request.problems,
        }),
        Opened::Ignored(ignored) => Opened::Ignored(ignored),
    }
}

fn open_object<'a>(message: &'a str, object: Object<'a>, source: &str) -> Opened<'a> {
    if object.has("detail-type") { event(object, source) } else { bare(message) }
}

fn bare(message: &str) -> Opened<'_> {
    Opened::Request(OpenedRequest { text: Cow::Borrowed(message), ..OpenedRequest::default() })
}

fn without_request(field: &str) -> Problem {
    Problem::new(field, ProblemCode::Missing, "is missing: it holds the request")
}

fn event<'a>(mut object: Object<'a>, source: &str) -> Opened<'a> {
    let mut problems = Vec::new();
    let mut text = |name: &str| {
        let value: Option<&RawValue> = object.take(name, &mut problems);
        value.and_then(|value| json::string(name, value, &mut problems))
    };
    let detail_type = text("detail-type").unwrap_or_default();
    let event_id = text("id");
    let event_account = text("account");
    if text("source").as_deref() == Some(source) || detail_type == ANNOUNCEMENT {
        return Opened::Ignored(Ignored::Announcement);
    }
    let detail = object.take("detail", &mut problems);
    if detail_type != DETAIL_TYPE {
        let rest = format!("must be `{DETAIL_TYPE}`, not {}", shown(&detail_type));
        problems.push(Problem::new("detail-type", ProblemCode::DetailType, rest));
    }
    if detail.is_none() {
        problems.push(without_request("detail"));
    }
    Opened::Request(OpenedRequest {
        text: Cow::Borrowed(detail.map_or("", RawValue::get)),
        event_id,
        event_account,
        is_notified: false,
        problems,
    })
}
