//! SQS as a Lambda function sees it: batches, visibility time-outs, redelivery and a dead-letter queue.
//!
//! The queue is a state machine without a clock: every call gets the time as an argument. AWS describes the behaviour
//! in [Lambda with SQS](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html) and in
//! [visibility timeout](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// The largest number of messages in a batch, as in `template.yaml`.
pub const BATCH_SIZE: usize = 10;

/// How long a received message stays hidden, in sandbox time, as in `template.yaml`.
pub const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(360);

/// How often a message is received before it goes to the dead-letter queue instead, as in `template.yaml`.
pub const MAX_RECEIVE_COUNT: u32 = 100;

#[derive(Clone, Debug)]
pub struct Message {
    pub id: String,
    /// The body, byte for byte as it was sent.
    pub body: String,
    pub sent: Timestamp,
    pub first_received: Option<Timestamp>,
    pub receive_count: u32,
    /// Changes each time the message is received; an old receipt deletes nothing.
    receipt: String,
    visible: Timestamp,
}

/// A standard queue with its dead-letter queue.
#[derive(Debug)]
pub(crate) struct Queue {
    arn: String,
    messages: Vec<Message>,
    dead: Vec<Message>,
}

impl Queue {
    pub(crate) fn new(arn: String) -> Self {
        Self { arn, messages: Vec::new(), dead: Vec::new() }
    }

    /// Adds a message, which is visible at once, and returns its id.
    pub(crate) fn send(&mut self, body: impl Into<String>, now: Timestamp) -> String {
        let id = Uuid::new_v4().to_string();
        self.messages.push(Message {
            id: id.clone(),
            body: body.into(),
            sent: now,
            first_received: None,
            receive_count: 0,
            receipt: String::new(),
            visible: now,
        });
        id
    }

    /// The next batch, oldest message first; empty if no message is visible.
    ///
    /// A message that was received too often moves to the dead-letter queue here, as in SQS.
    pub(crate) fn receive(&mut self, now: Timestamp) -> Vec<Message> {
        let is_dead =
            |message: &mut Message| message.visible <= now && message.receive_count >= MAX_RECEIVE_COUNT;
        self.dead.extend(self.messages.extract_if(.., is_dead));

        let visible = self.messages.iter_mut().filter(|message| message.visible <= now);
        let mut batch = Vec::new();
        for message in visible.take(BATCH_SIZE) {
            message.receipt = Uuid::new_v4().to_string();
            message.receive_count += 1;
            message.first_received.get_or_insert(now);
            message.visible = now + VISIBILITY_TIMEOUT;
            batch.push(message.clone());
        }
        batch
    }

    /// Deletes the batch's messages except those with the ids `failed`, which stay hidden until their time-out ends.
    pub(crate) fn settle(&mut self, batch: &[Message], failed: &[String]) {
        let done = batch.iter().filter(|message| !failed.contains(&message.id));
        let receipts: Vec<&str> = done.map(|message| message.receipt.as_str()).collect();
        self.messages.retain(|message| !receipts.contains(&message.receipt.as_str()));
    }

    /// The number of messages on the queue, including hidden ones.
    pub(crate) fn depth(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn dead_letters(&self) -> &[Message] {
        &self.dead
    }

    /// The [event](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event)
    /// in which Lambda passes a batch to a function, without `md5OfBody`, which Lambda checks itself.
    pub(crate) fn event(&self, batch: &[Message]) -> Value {
        // arn:aws:sqs:REGION:ACCOUNT:NAME
        let mut arn = self.arn.split(':').skip(3);
        let (region, account) = (arn.next().unwrap_or_default(), arn.next().unwrap_or_default());
        let record = |message: &Message| {
            let first_received = message.first_received.unwrap_or(message.sent);
            json!({
                "messageId": message.id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": message.receive_count.to_string(),
                    "SentTimestamp": message.sent.as_millisecond().to_string(),
                    "SenderId": account,
                    "ApproximateFirstReceiveTimestamp": first_received.as_millisecond().to_string(),
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": self.arn,
                "awsRegion": region,
            })
        };
        json!({ "Records": batch.iter().map(record).collect::<Vec<_>>() })
    }
}

/// The ids of the messages that failed, from a function's answer to a batch with `ReportBatchItemFailures`.
///
/// An answer of another form fails the whole batch. So does a failure that names no message of the batch, by AWS's
/// [conditions](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting).
pub(crate) fn failed_ids(batch: &[Message], answer: &Value) -> Vec<String> {
    let read = || {
        let failures = match answer {
            Value::Null => return Some(Vec::new()),
            Value::Object(fields) => fields.get("batchItemFailures"),
            _ => return None,
        };
        let Some(failures) = failures.filter(|failures| !failures.is_null()) else { return Some(Vec::new()) };
        let id = |failure: &Value| {
            let id = failure.get("itemIdentifier")?.as_str()?;
            batch.iter().any(|message| message.id == id).then(|| id.to_owned())
        };
        failures.as_array()?.iter().map(id).collect()
    };
    read().unwrap_or_else(|| batch.iter().map(|message| message.id.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sqs:us-east-1:444455556666:rekognition-model-copier-requests";

    fn queue(bodies: &[&str]) -> Queue {
        let mut queue = Queue::new(ARN.to_owned());
        for body in bodies {
            queue.send(*body, at(0));
        }
        queue
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_764_000_000 + seconds).unwrap()
    }

    #[test]
    fn an_old_receipt_deletes_nothing() {
        let mut queue = queue(&["a"]);
        let slow = queue.receive(at(0));
        queue.receive(at(360));
        queue.settle(&slow, &[]);
        assert_eq!(queue.depth(), 1);
    }

    #[test]
    fn an_event_has_what_lambda_sends() {
        let mut queue = queue(&["hello"]);
        queue.receive(at(1));
        let batch = queue.receive(at(361));
        let attributes = json!({
            "ApproximateReceiveCount": "2",
            "SentTimestamp": "1764000000000",
            "SenderId": "444455556666",
            "ApproximateFirstReceiveTimestamp": "1764000001000",
        });
        let record = json!({
            "messageId": batch[0].id,
            "receiptHandle": batch[0].receipt,
            "body": "hello",
            "attributes": attributes,
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": ARN,
            "awsRegion": "us-east-1",
        });
        assert_eq!(queue.event(&batch), json!({"Records": [record]}));
    }

    #[test]
    fn an_answer_fails_the_messages_that_aws_documents() {
        let batch = queue(&["a", "b"]).receive(at(0));
        let (a, b) = (batch[0].id.as_str(), batch[1].id.as_str());
        let failures = |list: Value| json!({ "batchItemFailures": list });
        for (answer, failed) in [
            (json!(null), vec![]),
            (json!({}), vec![]),
            (failures(json!([])), vec![]),
            (failures(json!(null)), vec![]),
            (failures(json!([{"itemIdentifier": a}])), vec![a]),
            (failures(json!([{"itemIdentifier": a}, {"itemIdentifier": b}])), vec![a, b]),
            (failures(json!([{"itemIdentifier": ""}])), vec![a, b]),
            (failures(json!([{"itemIdentifier": null}])), vec![a, b]),
            (failures(json!([{"itemIdentifier": a}, {"itemIdentifier": "stranger"}])), vec![a, b]),
            (failures(json!([{"messageId": a}])), vec![a, b]),
            (failures(json!(["a"])), vec![a, b]),
            (failures(json!("a")), vec![a, b]),
            (json!("done"), vec![a, b]),
            (json!([]), vec![a, b]),
        ] {
            assert_eq!(failed_ids(&batch, &answer), failed, "{answer}");
        }
    }
}
