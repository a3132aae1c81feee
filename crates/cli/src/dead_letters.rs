//! Reads, redrives and deletes the messages of a stack's dead-letter queue.

use std::collections::BTreeMap;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use jiff::Timestamp;
use rekognition_model_copier::domain::envelope::{Content, open, open_notification};
use rekognition_model_copier::domain::request::Draft;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::confirm::Confirmation;
use crate::exit::{Failure, OrFailure};
use crate::session::Session;
use crate::stack::Stack;

/// How long SQS hides the letters from other receivers, so that the user has time to decide.
const HELD_SECONDS: i32 = 600;
/// The most letters that one command handles.
pub(crate) const MAX_LETTERS: usize = 1000;

/// Why a message is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Cause {
    /// EventBridge could not put the event into the request queue.
    NotDelivered,
    /// start-copy could not record it, and SQS gave up.
    NotRecorded,
    /// An asynchronous invocation of start-copy failed.
    FailedInvocation,
    /// Somebody sent it to the dead-letter queue directly.
    SentBySomebody,
}

/// A dead letter.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadLetter {
    /// The message's id in the dead-letter queue.
    pub(crate) message_id: String,
    /// Why it is there.
    pub(crate) cause: Cause,
    pub(crate) reason: String,
    /// The account that the event names. The writer of a message can name any account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    /// The request's id, if it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    /// When the message was first sent; for an event that EventBridge gave up, when it gave up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sent_at: Option<Timestamp>,
    /// The text that a redrive sends: the message, or the payload of the failed invocation.
    pub(crate) body: String,
    #[serde(skip)]
    receipt: String,
}

impl DeadLetter {
    /// Reads a message; `source` is the source of the copier's own announcements.
    pub(crate) fn read(message: Message, source: &str) -> Self {
        let attribute = |name: &str| {
            let attribute = message.message_attributes.as_ref().and_then(|attributes| attributes.get(name));
            attribute.and_then(|attribute| attribute.string_value()).map(str::to_owned)
        };
        let system = |name| message.attributes.as_ref().and_then(|attributes| attributes.get(&name));
        let body = message.body.clone().unwrap_or_default();
        let invocation = serde_json::from_str::<FailedInvocation<'_>>(&body).ok();
        let is_of_queue = system(MessageSystemAttributeName::DeadLetterQueueSourceArn).is_some();
        let (cause, reason) = match (attribute("ERROR_CODE"), &invocation) {
            (Some(code), _) => {
                (Cause::NotDelivered, explain_code(&code, &attribute("ERROR_MESSAGE").unwrap_or_default()))
            }
            (None, Some(invocation)) => (Cause::FailedInvocation, invocation.reason()),
            (None, None) if is_of_queue => (
                Cause::NotRecorded,
                "start-copy could not record it; the log of start-copy has the errors".to_owned(),
            ),
            (None, None) => (
                Cause::SentBySomebody,
                "somebody sent it to the dead-letter queue directly; EventBridge, SQS and Lambda did not"
                    .to_owned(),
            ),
        };
        let payload = invocation.map(|invocation| invocation.request_payload.get().to_owned());
        let body = payload.unwrap_or(body);
        let (request_id, account) = read_request(&body, source);
        let sent_at = system(MessageSystemAttributeName::SentTimestamp);
        Self {
            message_id: message.message_id.unwrap_or_default(),
            cause,
            reason,
            account,
            request_id,
            sent_at: sent_at.and_then(|at| Timestamp::from_millisecond(at.parse().ok()?).ok()),
            body,
            receipt: message.receipt_handle.unwrap_or_default(),
        }
    }
}

fn explain_code(code: &str, message: &str) -> String {
    match code {
        "NO_PERMISSIONS" => format!("the queue's or the key's policy refused EventBridge: {message}"),
        "NO_RESOURCE" => format!("the queue is gone, or its key is disabled: {message}"),
        _ => format!("EventBridge gave up with {code}: {message}"),
    }
}

/// The part of Lambda's record of a failed asynchronous invocation that is read here.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedInvocation<'a> {
    request_context: Value,
    #[serde(borrow)]
    request_payload: &'a RawValue,
    #[serde(default)]
    response_payload: Value,
}

impl FailedInvocation<'_> {
    fn reason(&self) -> String {
        let text = |value: &Value, field| value.get(field).and_then(Value::as_str).unwrap_or("-").to_owned();
        format!(
            "an invocation of start-copy failed ({}): {}",
            text(&self.request_context, "condition"),
            text(&self.response_payload, "errorMessage")
        )
    }
}

/// The id and the account of the request in a message.
fn read_request(body: &str, source: &str) -> (Option<String>, Option<String>) {
    let event: Value = serde_json::from_str(body).unwrap_or_default();
    let content = match event.pointer("/Records/0/Sns/Message").and_then(Value::as_str) {
        Some(message) => open_notification(message, source),
        None => open(body, source),
    };
    match content {
        Content::Request(request) => {
            (Draft::parse(&request.text).request_id.or(request.event_id), request.event_account)
        }
        Content::Ignored(_) => (None, None),
    }
}

/// A stack's dead-letter queue.
pub(crate) struct DeadLetterQueue<'a> {
    session: &'a Session,
    stack: &'a Stack,
    url: &'a str,
    sqs: Client,
}

impl<'a> DeadLetterQueue<'a> {
    pub(crate) fn of(session: &'a Session, stack: &'a Stack) -> Result<Self, Failure> {
        let sqs = Client::new(&session.config.shared);
        Ok(Self { session, stack, url: stack.output("DeadLetterQueueUrl")?, sqs })
    }

    /// Receives the letters, at most [`MAX_LETTERS`], oldest first. SQS hides them for ten minutes.
    pub(crate) async fn take(&self) -> Result<Vec<DeadLetter>, Failure> {
        let source = self.stack.output("EventSource")?;
        let mut letters = BTreeMap::new();
        while letters.len() < MAX_LETTERS {
            let call = self.sqs.receive_message().queue_url(self.url).max_number_of_messages(10);
            let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
            // With a wait time, SQS asks all its servers.
            let call =
                call.message_attribute_names("All").visibility_timeout(HELD_SECONDS).wait_time_seconds(1);
            let answer = call.send().await.or_failure("dead letters cannot be read")?;
            let page = answer.messages.unwrap_or_default();
            if page.is_empty() {
                break;
            }
            let page = page.into_iter().map(|message| DeadLetter::read(message, source));
            letters.extend(page.map(|letter| (letter.message_id.clone(), letter)));
        }
        let mut letters: Vec<DeadLetter> = letters.into_values().collect();
        letters.sort_by_key(|letter| letter.sent_at);
        Ok(letters)
    }

    /// Makes letters visible again at once.
    pub(crate) async fn give_back(&self, letters: &[DeadLetter]) -> Result<(), Failure> {
        for letter in letters {
            let call = self.sqs.change_message_visibility().queue_url(self.url).visibility_timeout(0);
            let answer = call.receipt_handle(&letter.receipt).send().await;
            answer.or_failure("dead letters cannot be made visible again")?;
        }
        Ok(())
    }

    /// Sends a letter again, into the request queue or to start-copy, and then deletes it.
    ///
    /// A failed invocation is invoked again: a message in the request queue would have another requester.
    pub(crate) async fn redrive(&self, letter: &DeadLetter, confirmed: Confirmation) -> Result<(), Failure> {
        match letter.cause {
            Cause::FailedInvocation => self.invoke(letter).await?,
            _ => self.send(letter).await?,
        }
        self.delete(letter, confirmed).await
    }

    async fn send(&self, letter: &DeadLetter) -> Result<(), Failure> {
        let queue = self.stack.output("RequestQueueUrl")?;
        let sent = self.sqs.send_message().queue_url(queue).message_body(&letter.body).send().await;
        let code = sent.as_ref().err().and_then(|error| error.code());
        let what = match code {
            Some("AccessDenied" | "AccessDeniedException") => {
                "the request queue refuses messages from you: add the ARN of your role to the stack's parameter \
                 `DirectSenders`"
            }
            _ => "dead letters cannot be redriven",
        };
        sent.map(|_| ()).or_failure(what)
    }

    async fn invoke(&self, letter: &DeadLetter) -> Result<(), Failure> {
        let function = self.stack.output("StartCopyFunction")?;
        let call = aws_sdk_lambda::Client::new(&self.session.config.shared).invoke();
        let call = call.function_name(function).payload(Blob::new(letter.body.as_bytes()));
        let answer = call.send().await.or_failure("dead letters cannot be redriven")?;
        match answer.function_error {
            None => Ok(()),
            Some(error) => Err(Failure::Error(format!(
                "letter `{}` failed again and stays in the queue: see the log of `{function}`: {error}",
                letter.message_id
            ))),
        }
    }

    pub(crate) async fn delete(&self, letter: &DeadLetter, _: Confirmation) -> Result<(), Failure> {
        let call = self.sqs.delete_message().queue_url(self.url).receipt_handle(&letter.receipt);
        call.send().await.map(|_| ()).or_failure("dead letters cannot be deleted")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::*;

    const EVENT: &str = r#"{"id": "e1", "account": "111122223333", "source": "shop",
        "detail-type": "Rekognition Model Copy Requested", "detail": {"context": {"b": 1, "a": 1.0}}}"#;

    fn read(body: &str, attributes: &[(&str, &str)], is_of_sqs: bool) -> DeadLetter {
        let mut message = Message::builder().body(body);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build();
            message = message.message_attributes(*name, value.unwrap());
        }
        if is_of_sqs {
            let name = MessageSystemAttributeName::DeadLetterQueueSourceArn;
            message = message.attributes(name, "arn:aws:sqs:…:requests");
        }
        DeadLetter::read(message.build(), "rekognition.model-copier")
    }

    #[test]
    fn a_letter_says_who_put_it_there_and_why() {
        let codes = |code| [("ERROR_CODE", code), ("ERROR_MESSAGE", "kms:Decrypt")];
        for (attributes, is_of_sqs, cause, reason) in [
            (
                &codes("NO_PERMISSIONS") as &[_],
                false,
                Cause::NotDelivered,
                "refused EventBridge: kms:Decrypt",
            ),
            (&codes("NO_RESOURCE"), false, Cause::NotDelivered, "the queue is gone"),
            (&[], true, Cause::NotRecorded, "start-copy could not record it"),
            (&[], false, Cause::SentBySomebody, "somebody sent it"),
        ] {
            let letter = read(EVENT, attributes, is_of_sqs);
            assert_eq!(letter.cause, cause, "{attributes:?}");
            assert!(letter.reason.contains(reason), "{}", letter.reason);
            assert_eq!(letter.request_id.as_deref(), Some("e1"));
            assert_eq!(letter.account.as_deref(), Some("111122223333"));
        }
        assert_eq!(read("no JSON", &[], false).request_id, None);
    }

    #[test]
    fn the_payload_of_a_failed_invocation_is_kept_byte_for_byte() {
        let failed = |payload: &str| {
            let body = format!(
                r#"{{"requestContext": {{"condition": "RetriesExhausted"}}, "requestPayload": {payload},
                "responsePayload": {{"errorMessage": "time-out"}}}}"#
            );
            read(&body, &[], false)
        };
        let event = failed(EVENT);
        assert_eq!((event.cause, event.body.as_str()), (Cause::FailedInvocation, EVENT));
        assert_eq!(event.reason, "an invocation of start-copy failed (RetriesExhausted): time-out");
        let topic = failed(r#"{"Records": [{"Sns": {"Message": "{\"requestId\": \"r1\"}"}}]}"#);
        assert_eq!(topic.request_id.as_deref(), Some("r1"));
    }
}
