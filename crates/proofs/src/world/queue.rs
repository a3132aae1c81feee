//! The queue: like SQS, it keeps a message until it is acknowledged, and delivers it again after a visibility time-out.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::later;

/// The template's VisibilityTimeout.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(360);
/// The template's maxReceiveCount.
const MAX_RECEIVES: u32 = 100;

#[derive(Clone, Debug)]
pub struct QueuedMessage {
    pub id: String,
    pub body: String,
    receives: u32,
    visible_from: Timestamp,
}

#[derive(Debug, Default)]
pub struct Queue {
    messages: HashMap<Receipt, QueuedMessage>,
    order: BTreeSet<(Timestamp, Receipt)>,
    serial: Receipt,
    /// The message that was received last.
    last: Option<QueuedMessage>,
    /// How many messages went to the dead-letter queue.
    pub dead_letters: usize,
}

/// Identifies a received message.
pub type Receipt = u64;

impl Queue {
    pub fn send(&mut self, id: &str, body: &str, now: Timestamp) {
        self.serial += 1;
        let message =
            QueuedMessage { id: id.to_owned(), body: body.to_owned(), receives: 0, visible_from: now };
        self.messages.insert(self.serial, message);
        self.order.insert((now, self.serial));
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
        while batch.len() < 10 {
            let first = self.order.first().copied().filter(|(visible_from, _)| *visible_from <= now);
            let Some((_, receipt)) = first else { break };
            self.order.pop_first();
            let Some(message) = self.messages.get_mut(&receipt) else { continue };
            message.receives += 1;
            if message.receives > MAX_RECEIVES {
                self.messages.remove(&receipt);
                self.dead_letters += 1;
                continue;
            }
            message.visible_from = later(now, VISIBILITY_TIMEOUT);
            self.order.insert((message.visible_from, receipt));
            self.last = Some(message.clone());
            batch.push((receipt, message.clone()));
        }
        batch
    }

    pub fn acknowledge(&mut self, receipt: Receipt) {
        if let Some(message) = self.messages.remove(&receipt) {
            self.order.remove(&(message.visible_from, receipt));
        }
    }

    /// Returns when the next message can be received.
    pub fn next_receive(&self) -> Option<Timestamp> {
        self.order.first().map(|(visible_from, _)| *visible_from)
    }

    /// Whether all messages are acknowledged.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
