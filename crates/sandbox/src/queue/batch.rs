//! What is handed to a function at once, and the shape of the event it comes in.
//!
//! It doesn't know what a function makes of it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Message;

/// Messages handed out together.
#[derive(Clone, Debug)]
pub struct Batch {
    queue_arn: String,
    deliveries: Vec<Delivery>,
}

/// One message as it was handed out this time.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message's id, the same every time.
    pub message_id: String,
    /// What deletes the message, good for this time only.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// Which time this is, from 1.
    pub receive_count: u32,
    sent: Timestamp,
    first_received: Timestamp,
}

impl Delivery {
    pub(super) fn of(message: &Message) -> Self {
        Self {
            message_id: message.id.clone(),
            receipt: message.receipt.clone(),
            body: message.body.clone(),
            receive_count: message.receive_count,
            sent: message.sent,
            first_received: message.first_received.unwrap_or(message.sent),
        }
    }
}

impl Batch {
    pub(super) fn new(queue_arn: String, deliveries: Vec<Delivery>) -> Self {
        Self { queue_arn, deliveries }
    }

    /// Its messages, in the order the function gets them.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    /// Its messages' ids, in the same order.
    pub fn message_ids(&self) -> Vec<&str> {
        self.deliveries.iter().map(|delivery| delivery.message_id.as_str()).collect()
    }

    /// The
    /// [event](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event)
    /// that Lambda makes of it, without `md5OfBody`, which Lambda has checked before.
    pub fn event(&self) -> Value {
        // arn:aws:sqs:REGION:ACCOUNT:NAME
        let mut arn = self.queue_arn.split(':').skip(3);
        let (region, account) = (arn.next().unwrap_or_default(), arn.next().unwrap_or_default());
        let record = |delivery: &Delivery| {
            json!({
                "messageId": delivery.message_id,
                "receiptHandle": delivery.receipt,
                "body": delivery.body,
                "attributes": {
                    "ApproximateReceiveCount": delivery.receive_count.to_string(),
                    "SentTimestamp": delivery.sent.as_millisecond().to_string(),
                    "SenderId": account,
                    "ApproximateFirstReceiveTimestamp": delivery.first_received.as_millisecond().to_string(),
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": self.queue_arn,
                "awsRegion": region,
            })
        };
        json!({ "Records": self.deliveries.iter().map(record).collect::<Vec<_>>() })
    }
}
