//! Announcements that are written and not yet known to be published.
//!
//! INVARIANT: an announcement is written in the same write as the state it speaks of, as the very bytes
//! that will be published, and is taken out only after they were. A crash in between publishes it again,
//! to the byte.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::announcement::{Announcement, Status};

/// One announcement as it will be published.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outgoing {
    /// The status it announces.
    pub status: Status,
    /// The event's time.
    pub time: Timestamp,
    /// The event's resources.
    pub resources: Vec<String>,
    /// The event's detail.
    pub detail: Box<RawValue>,
}

impl PartialEq for Outgoing {
    fn eq(&self, other: &Self) -> bool {
        (self.status, self.time, &self.resources, self.detail.get())
            == (other.status, other.time, &other.resources, other.detail.get())
    }
}

impl Outgoing {
    /// Fixes an announcement's bytes.
    pub fn new(announcement: &Announcement, time: Timestamp) -> Self {
        Self {
            status: announcement.status,
            time,
            resources: announcement.resources(),
            // A struct of strings, numbers and checked JSON always serialises; null stands for the impossible.
            detail: serde_json::value::to_raw_value(announcement)
                .unwrap_or_else(|_| RawValue::NULL.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::examples::{accepted, after_answer, at, starting};

    #[test]
    fn announcements_are_equal_to_the_last_byte() {
        let one = after_answer(starting(), accepted(), at(1)).outbox.remove(0);
        assert_eq!(one, one.clone());
        let wider = one.detail.get().replacen(',', ", ", 1);
        let others = [
            Outgoing { status: Status::Queued, ..one.clone() },
            Outgoing { time: at(2), ..one.clone() },
            Outgoing { resources: Vec::new(), ..one.clone() },
            Outgoing { detail: RawValue::from_string(wider).unwrap(), ..one.clone() },
        ];
        for other in others {
            assert_ne!(one, other);
        }
    }
}
