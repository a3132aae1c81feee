//! The payload of start-copy: messages of a queue, messages of a topic, or one request.
//!
//! Of a queue's record only the id has to be readable. Any other malformed field changes at most that one message. A
//! topic's notification needs its topic, id and message.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::domain::arn::is_account;
use crate::domain::intake::{Message, WayIn};
use crate::domain::json::Object;
use crate::domain::problem::shown;

/// A payload.
#[derive(Debug, PartialEq)]
pub enum Payload<'a> {
    /// A queue's batch, or a Pipe's list of queue records. The answer lists the messages that failed.
    Batch(Vec<QueueRecord<'a>>),
    /// Notifications of a topic that start-copy is subscribed to.
    Topic(Vec<TopicRecord<'a>>),
    Request(&'a str),
}

/// Why a payload cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPayload {
    /// A record has no id by which its failure could be reported.
    #[error(
        "a record of the batch has no valid `messageId`, so the answer could not report its failure: send records of SQS"
    )]
    NoMessageId,
    #[error("`Records` must be a list of records")]
    NoRecords,
    #[error("a notification has no `Sns` with `TopicArn`, `MessageId` and `Message`")]
    NoNotification,
    #[error("records of {0} are not understood: send requests through EventBridge, SQS or SNS")]
    OtherSource(String),
}

/// A record of a queue.
#[derive(Debug, PartialEq)]
pub struct QueueRecord<'a> {
    id: Cow<'a, str>,
    body: Cow<'a, str>,
    queue_arn: Option<Cow<'a, str>>,
}

impl QueueRecord<'_> {
    /// The message. Only records of the stack's own queue may name their requester; `own_queue` is its ARN. This is
    /// no protection against a caller that may invoke the function: it can write that ARN into a record (SECURITY.md).
    pub fn message(&self, own_queue: Option<&str>) -> Message<'_> {
        let is_own = own_queue.is_none_or(|own| self.queue_arn.as_deref() == Some(own));
        let way_in = if is_own { WayIn::Queue } else { WayIn::Invocation };
        Message { text: &self.body, id: &self.id, way_in }
    }
}

/// A record of a topic.
#[derive(Debug, PartialEq)]
pub struct TopicRecord<'a> {
    id: Cow<'a, str>,
    message: Cow<'a, str>,
    account: String,
}

impl TopicRecord<'_> {
    /// The message. Its requester is the topic's account.
    pub fn message(&self) -> Message<'_> {
        Message { text: &self.message, id: &self.id, way_in: WayIn::Topic(&self.account) }
    }
}

/// Reads a payload.
///
/// # Errors
/// If `Records` is not a list, a record lacks what it needs, or the records are of another service.
pub fn read(payload: &str) -> Result<Payload<'_>, BadPayload> {
    let text = payload.trim_start();
    if text.starts_with('[') {
        let records: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
        let is_list_of_records = records.iter().all(|record| is_queue_record(record));
        return match is_list_of_records && !records.is_empty() {
            true => batch(&records),
            false => Ok(Payload::Request(payload)),
        };
    }
    let Ok(mut object) = Object::parse("payload", text) else { return Ok(Payload::Request(payload)) };
    if !object.has("Records") {
        return Ok(Payload::Request(payload));
    }
    let records = object.take("Records").ok_or(BadPayload::NoRecords)?;
    let records: Vec<&RawValue> = serde_json::from_str(records.get()).map_err(|_| BadPayload::NoRecords)?;
    let source = records.first().and_then(|record| {
        let mut record = object_of(record)?;
        text_of(&mut record, "eventSource").or_else(|| text_of(&mut record, "EventSource"))
    });
    match source.as_deref() {
        None | Some("aws:sqs") => batch(&records),
        Some("aws:sns") => {
            records.iter().map(|record| notification(record)).collect::<Result<_, _>>().map(Payload::Topic)
        }
        Some(other) => Err(BadPayload::OtherSource(shown(other))),
    }
}

fn is_queue_record(record: &RawValue) -> bool {
    object_of(record).is_some_and(|record| record.has("messageId") && record.has("body"))
}

fn batch<'a>(records: &[&'a RawValue]) -> Result<Payload<'a>, BadPayload> {
    records.iter().map(|record| queue_record(record)).collect::<Result<_, _>>().map(Payload::Batch)
}

fn queue_record<'a>(record: &'a RawValue) -> Result<QueueRecord<'a>, BadPayload> {
    let mut record = object_of(record).ok_or(BadPayload::NoMessageId)?;
    let id = text_of(&mut record, "messageId").filter(|id| !id.is_empty()).ok_or(BadPayload::NoMessageId)?;
    let queue_arn = text_of(&mut record, "eventSourceARN");
    // If the body is not a string, its JSON text is the message.
    let body = record.take("body").map_or(Cow::Borrowed(""), |body| {
        serde_json::from_str(body.get()).map_or(Cow::Borrowed(body.get()), Cow::Owned)
    });
    Ok(QueueRecord { id, body, queue_arn })
}

fn notification<'a>(record: &'a RawValue) -> Result<TopicRecord<'a>, BadPayload> {
    let read = || {
        let mut record = object_of(record)?;
        let mut sns = object_of(record.take("Sns")?)?;
        let topic = text_of(&mut sns, "TopicArn")?;
        let account = topic.split(':').nth(4).filter(|account| is_account(account))?.to_owned();
        Some(TopicRecord {
            id: text_of(&mut sns, "MessageId")?,
            message: text_of(&mut sns, "Message")?,
            account,
        })
    };
    read().ok_or(BadPayload::NoNotification)
}

fn object_of(value: &RawValue) -> Option<Object<'_>> {
    Object::parse("record", value.get()).ok()
}

fn text_of<'a>(object: &mut Object<'a>, name: &str) -> Option<Cow<'a, str>> {
    serde_json::from_str(object.take(name)?.get()).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests;
