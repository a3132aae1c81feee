//! SQS as a Lambda function sees it: a message is handed out in batches, hidden while somebody has it,
//! deleted when it is done, seen again when it isn't, and put on the dead-letter queue when it comes back
//! too often.
//!
//! A state machine and nothing else. It knows no clock (every call is told the time), no function and no
//! network; who runs the batches tells it what came of them with [`Queue::settle`].
//!
//! What AWS says: [Lambda with SQS](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html),
//! [visibility timeout](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html).

mod answer;
mod batch;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

pub use self::answer::{Verdict, verdict};
pub use self::batch::{Batch, Delivery};

/// How a queue and the event source that reads it are set.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// Most messages in one batch. SQS hands out 10 at once.
    pub batch_size: usize,
    /// How long a batch that isn't full waits for more messages.
    pub window: Duration,
    /// How long a message that was handed out stays hidden.
    pub visibility_timeout: Duration,
    /// How often a message is handed out before it goes to the dead-letter queue instead.
    pub max_receive_count: u32,
}

/// One message, as the queue keeps it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id, which stays the same however often it is handed out.
    pub id: String,
    /// What was sent, untouched.
    pub body: String,
    /// When it was sent.
    pub sent: Timestamp,
    /// When it was first handed out.
    pub first_received: Option<Timestamp>,
    /// How often it was handed out.
    pub receive_count: u32,
    visible: Timestamp,
    receipt: String,
}

/// A standard queue with its dead-letter queue.
#[derive(Debug)]
pub struct Queue {
    arn: String,
    settings: QueueSettings,
    seed: Uuid,
    ids_given: u64,
    messages: Vec<Message>,
    dead: Vec<Message>,
}

impl Queue {
    /// An empty queue of this ARN. Message ids and receipts follow from the seed: the same seed gives the same ids.
    pub fn new(arn: String, settings: QueueSettings, seed: Uuid) -> Self {
        Self { arn, settings, seed, ids_given: 0, messages: Vec::new(), dead: Vec::new() }
    }

    /// Takes a message in, visible at once, and returns its id.
    pub fn send(&mut self, body: impl Into<String>, now: Timestamp) -> String {
        self.ids_given += 1;
        let id = nth_id(&self.seed, self.ids_given);
        self.messages.push(Message {
            id: id.clone(),
            body: body.into(),
            sent: now,
            first_received: None,
            receive_count: 0,
            visible: now,
            receipt: String::new(),
        });
        id
    }

    /// Hands out the next batch: when it is full, or when its first message has waited for the window; else
    /// none.
    ///
    /// A message that would be handed out once too often is put on the dead-letter queue here, as SQS does.
    pub fn receive(&mut self, now: Timestamp) -> Option<Batch> {
        let max = self.settings.max_receive_count;
        let (worn_out, rest) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|message| message.visible <= now && message.receive_count >= max);
        self.messages = rest;
        self.dead.extend::<Vec<_>>(worn_out);

        let visible = self.messages.iter().filter(|message| message.visible <= now);
        let waited = visible.clone().any(|message| message.visible + self.settings.window <= now);
        let full = visible.count() >= self.settings.batch_size;
        if !waited && !full {
            return None;
        }

        let mut deliveries = Vec::new();
        let visible = self.messages.iter_mut().filter(|message| message.visible <= now);
        for message in visible.take(self.settings.batch_size) {
            self.ids_given += 1;
            message.receipt = nth_id(&self.seed, self.ids_given);
            message.receive_count += 1;
            message.first_received.get_or_insert(now);
            message.visible = now + self.settings.visibility_timeout;
            deliveries.push(Delivery::of(message));
        }
        Some(Batch::new(self.arn.clone(), deliveries))
    }

    /// Deletes the batch's messages that are done. The others stay hidden until their visibility timeout
    /// ends.
    ///
    /// A receipt that is out of date (its message was handed out again since) deletes nothing.
    pub fn settle(&mut self, batch: &Batch, verdict: &Verdict) {
        let done = batch.deliveries().iter().filter(|delivery| verdict.is_done(&delivery.message_id));
        let receipts: Vec<&str> = done.map(|delivery| delivery.receipt.as_str()).collect();
        self.messages.retain(|message| !receipts.contains(&message.receipt.as_str()));
    }

    /// How many messages are on the queue, hidden ones included, dead letters not.
    pub fn depth(&self) -> usize {
        self.messages.len()
    }

    /// When the next message can be seen: in the past if one can be seen already, `None` if the queue is
    /// empty.
    pub fn next_visible(&self) -> Option<Timestamp> {
        self.messages.iter().map(|message| message.visible).min()
    }

    /// What the dead-letter queue holds, oldest first.
    pub fn dead_letters(&self) -> &[Message] {
        &self.dead
    }
}

fn nth_id(seed: &Uuid, n: u64) -> String {
    Uuid::new_v5(seed, &n.to_be_bytes()).to_string()
}
