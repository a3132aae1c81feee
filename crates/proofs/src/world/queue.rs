//! The queue: messages that stay until they are acknowledged, as SQS keeps them.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::later;

/// How long a message that was handed out stays hidden: the template's VisibilityTimeout.
pub const VISIBILITY: Duration = Duration::from_secs(360);
/// How often a message is handed out before it is a dead letter: the template's maxReceiveCount.
const RECEIVES: u32 = 100;

/// A message.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: String,
    receives: u32,
    visible: Timestamp,
}

/// A queue.
#[derive(Debug, Default)]
pub struct Queue {
    letters: HashMap<u64, Letter>,
    order: BTreeSet<(Timestamp, u64)>,
    serial: u64,
    last: Option<Letter>,
    /// Messages that nobody could take.
    pub dead: Vec<Letter>,
}

/// A message that was handed out.
pub type Receipt = u64;

impl Queue {
    /// Puts a message in.
    pub fn send(&mut self, id: &str, body: &str, now: Timestamp) {
        self.serial += 1;
        let letter = Letter { id: id.to_owned(), body: body.to_owned(), receives: 0, visible: now };
        self.letters.insert(self.serial, letter);
        self.order.insert((now, self.serial));
    }

    /// Hands the last message that was handed out to somebody else, too.
    pub fn duplicate(&mut self, now: Timestamp) {
        if let Some(letter) = self.last.clone() {
            self.send(&letter.id, &letter.body, now);
        }
    }

    /// Hands out up to ten messages.
    pub fn take(&mut self, now: Timestamp) -> Vec<(Receipt, Letter)> {
        let mut batch = Vec::new();
        while batch.len() < 10 {
            let Some((_, receipt)) = self.order.first().copied().filter(|(visible, _)| *visible <= now)
            else {
                break;
            };
            self.order.pop_first();
            let Some(letter) = self.letters.get_mut(&receipt) else { continue };
            letter.receives += 1;
            if letter.receives > RECEIVES {
                self.dead.extend(self.letters.remove(&receipt));
                continue;
            }
            letter.visible = later(now, VISIBILITY);
            self.order.insert((letter.visible, receipt));
            self.last = Some(letter.clone());
            batch.push((receipt, letter.clone()));
        }
        batch
    }

    /// Takes a message out.
    pub fn acknowledge(&mut self, receipt: Receipt) {
        if let Some(letter) = self.letters.remove(&receipt) {
            self.order.remove(&(letter.visible, receipt));
        }
    }

    /// When the next message can be handed out.
    pub fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(visible, _)| *visible)
    }

    /// Whether all are acknowledged.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }
}
