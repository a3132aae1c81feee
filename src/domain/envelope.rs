//! The wrappings a request may arrive in: none, an EventBridge event, or an SNS notification of either.
//!
//! Decides what is the request in a message and what the wrapping says about it. It does not decide whom
//! to believe: that is [`intake`](super::intake).

use serde_json::value::RawValue;

use super::announcement::DETAIL_TYPE as OURS;
use super::json::{self, Object};
use super::problem::{Problem, ProblemCode, shown};

/// The detail-type of an EventBridge event that holds a request.
pub const DETAIL_TYPE: &str = "Rekognition Model Copy Requested";

/// What is in a message.
#[derive(Debug)]
pub enum Opened<'a> {
    /// A request, perhaps.
    Request(Letter<'a>),
    /// An announcement of a copier. Answering one would be answered again, for ever.
    Announcement,
}

/// A request's text with what its wrapping says.
#[derive(Debug, Default)]
pub struct Letter<'a> {
    /// The text that should be the request.
    pub text: Text<'a>,
    /// The EventBridge event's id.
    pub event_id: Option<String>,
    /// The account that the event says it is from. Anybody can write that into a message.
    pub event_account: Option<String>,
    /// Whether the event came inside an SNS notification.
    pub notified: bool,
    /// What is wrong with the wrapping.
    pub problems: Vec<Problem>,
}

/// A text that is part of the message, or was written inside a string of it.
#[derive(Debug)]
pub enum Text<'a> {
    /// Part of the message.
    Borrowed(&'a str),
    /// The content of an SNS notification's `Message`.
    Owned(String),
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Borrowed("")
    }
}

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

/// Opens a message; `source` is what our own announcements are sent as.
pub fn open<'a>(message: &'a str, source: &str) -> Opened<'a> {
    let Ok(mut object) = Object::parse("request", message) else {
        return bare(message);
    };
    if is_notification(&object) {
        let mut problems = Vec::new();
        let inner = object.take("Message", &mut problems);
        let inner = inner.and_then(|value| json::string("Message", value, &mut problems));
        if inner.is_none() && problems.is_empty() {
            problems.push(without_request("Message"));
        }
        let Some(inner) = inner.filter(|_| problems.is_empty()) else {
            return Opened::Request(Letter { problems, ..Letter::default() });
        };
        return match open_event_or_bare(&inner, source) {
            Opened::Request(letter) => Opened::Request(Letter {
                text: Text::Owned(letter.text.as_str().to_owned()),
                event_id: letter.event_id,
                event_account: letter.event_account,
                notified: true,
                problems: letter.problems,
            }),
            Opened::Announcement => Opened::Announcement,
        };
    }
    event_or_bare(message, object, source)
}

fn open_event_or_bare<'a>(message: &'a str, source: &str) -> Opened<'a> {
    match Object::parse("request", message) {
        Ok(object) => event_or_bare(message, object, source),
        Err(_) => bare(message),
    }
}

fn event_or_bare<'a>(message: &'a str, object: Object<'a>, source: &str) -> Opened<'a> {
    if object.has("detail-type") { event(object, source) } else { bare(message) }
}

fn bare(message: &str) -> Opened<'_> {
    Opened::Request(Letter { text: Text::Borrowed(message), ..Letter::default() })
}

fn without_request(field: &str) -> Problem {
    Problem::new(field, ProblemCode::Missing, "is missing: it holds the request")
}

fn is_notification(object: &Object<'_>) -> bool {
    object.has("Type") && object.has("Message") && object.has("MessageId")
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
    if text("source").as_deref() == Some(source) || detail_type == OURS {
        return Opened::Announcement;
    }
    let detail = object.take("detail", &mut problems);
    if detail_type != DETAIL_TYPE {
        let rest = format!("must be `{DETAIL_TYPE}`, not {}", shown(&detail_type));
        problems.push(Problem::new("detail-type", ProblemCode::DetailType, rest));
    }
    if detail.is_none() {
        problems.push(without_request("detail"));
    }
    Opened::Request(Letter {
        text: Text::Borrowed(detail.map_or("", RawValue::get)),
        event_id,
        event_account,
        notified: false,
        problems,
    })
}
