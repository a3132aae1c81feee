//! The outbox of a record: the announcements that are not known to be published, as bytes.
//!
//! INVARIANT: an announcement is written in the same write as the state that it reports, and leaves the outbox only
//! after it was published. Otherwise a crash in between could lose it; this way the same bytes are published again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::status::Status;

/// The most announcements of one PutEvents call.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
const ENTRIES_PER_CALL: usize = 10;
/// The most bytes of one PutEvents call, with room below the limit of 256 KB.
const BYTES_PER_CALL: usize = 240_000;

/// One announcement as it will be published.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outgoing {
    pub status: Status,
    pub time: Timestamp,
    pub resources: Vec<String>,
    pub detail: Box<RawValue>,
}

impl PartialEq for Outgoing {
    fn eq(&self, other: &Self) -> bool {
        (self.status, self.time, &self.resources, self.detail.get())
            == (other.status, other.time, &other.resources, other.detail.get())
    }
}

impl Outgoing {
    /// The entry's size as EventBridge counts it, the constant parts rounded up.
    fn size(&self) -> usize {
        256 + self.detail.get().len() + self.resources.iter().map(String::len).sum::<usize>()
    }
}

/// How many of these announcements, from the first on, go into one PutEvents call: at least one, even a large one.
pub fn count_for_one_call<'a>(announcements: impl Iterator<Item = &'a Outgoing>) -> usize {
    let mut bytes = 0;
    let fitting = announcements.take(ENTRIES_PER_CALL).take_while(|outgoing| {
        bytes += outgoing.size();
        bytes <= BYTES_PER_CALL
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::examples::{accepted, after_answer, at, starting};

    #[test]
    fn announcements_are_equal_to_the_last_byte() {
        let one = after_answer(starting(), accepted(), at(1)).header.outbox.remove(0);
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

    #[test]
    fn a_call_stays_within_ten_entries_and_the_size_of_a_call() {
        let outgoing = |bytes: usize| Outgoing {
            status: Status::Queued,
            time: at(0),
            resources: vec![],
            detail: serde_json::value::to_raw_value(&"x".repeat(bytes)).unwrap(),
        };
        let count = |count: usize, bytes: usize| {
            let one = outgoing(bytes);
            count_for_one_call(std::iter::repeat_n(&one, count))
        };
        assert_eq!([count(23, 100), count(3, 100)], [10, 3]);
        assert_eq!(count(5, 100_000), 2);
        assert_eq!(count(2, 300_000), 1);
    }
}
