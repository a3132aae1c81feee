//! The queue: like SQS, it keeps a message until it is acknowledged, and delivers it again after a visibility time-out.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// The template's VisibilityTimeout.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(360);
/// The template's maxReceiveCount.
const MAX_RECEIVES: u32 = 100;

#[derive(Clone, Debug)]
pub struct QueuedMessage {
    pub id: String,
    pub body: String,
    receives: u32,
}

/// Identifies a received message until its visibility time-out: when that ends, and the message's number.
pub type Receipt = (Timestamp, u64);

#[derive(Debug, Default)]
pub struct Queue {
    /// Every message, with the time from which on it can be received.
    messages: BTreeMap<Receipt, QueuedMessage>,
    sent: u64,
    /// The message that was received last.
    last: Option<QueuedMessage>,
    /// How many messages went to the dead-letter queue.
    pub dead_letters: usize,
}

impl Queue {
    pub fn send(&mut self, id: &str, body: &str, now: Timestamp) {
        self.sent += 1;
        let message = QueuedMessage { id: id.to_owned(), body: body.to_owned(), receives: 0 };
        self.messages.insert((now, self.sent), message);
    }

    /// Delivers the message that was received last once more.
    pub fn duplicate(&mut self, now: Timestamp) {
        if let Some(message) = self.last.clone() {
            self.send(&message.id, &message.body, now);
        }
    }

    /// Receives up to ten messages.
    pub fn receive(&mut self, now: Timestamp) -> Vec<(Receipt, QueuedMessage)> {
        let mut batch = Vec::new();
        while let Some(first) = self.messages.first_entry().filter(|first| first.key().0 <= now)
            && batch.len() < 10
        {
            let ((_, number), mut message) = first.remove_entry();
            message.receives += 1;
            if message.receives > MAX_RECEIVES {
                self.dead_letters += 1;
                continue;
            }
            let receipt = (now + VISIBILITY_TIMEOUT, number);
            self.messages.insert(receipt, message.clone());
            self.last = Some(message.clone());
            batch.push((receipt, message));
        }
        batch
    }

    pub fn acknowledge(&mut self, receipt: Receipt) {
        self.messages.remove(&receipt);
    }

    /// Returns when the next message can be received.
    pub fn next_receive(&self) -> Option<Timestamp> {
        self.messages.first_key_value().map(|((visible_from, _), _)| *visible_from)
    }

    /// Whether all messages are acknowledged.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
