//! The ids of a request: the requester's own, the key of its record, and the namespace of its event ids.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most characters an id may have.
pub const MAX_ID_LENGTH: usize = 128;

/// Whether `text` can be a request id or a correlation id: 1 to 128 printable ASCII characters, so that an id looks
/// the same in every log, pattern and console.
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len()) && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

/// The key of a record: the account that sent the request, and the request's id among those of that account.
///
/// INVARIANT: the requester is part of the key. Otherwise one account could block another's request, or learn of it,
/// by using its id first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordKey {
    /// The account that sent the request: 12 digits.
    pub requester: String,
    /// The request's id, see [`is_id`].
    pub request_id: String,
}

impl RecordKey {
    /// Reads what [`fmt::Display`] wrote. The requester has no `#`, so the first one ends it.
    pub fn parse(text: &str) -> Option<Self> {
        let (requester, request_id) = text.split_once('#')?;
        Some(Self { requester: requester.to_owned(), request_id: request_id.to_owned() })
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.requester, self.request_id)
    }
}

/// The namespace that event ids are derived in. It must never change.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_0c5e_8a0b_4a52_9c3e_2b7d_41f8_66a9);

/// The namespace of one request's event ids. No other request of any stack, account or Region has it.
pub fn event_namespace(account: &str, region: &str, stack: &str, key: &RecordKey) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{account}/{region}/{stack}/{key}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_1_to_128_printable_ascii_characters() {
        for good in ["r", "release 2026-11-02", "~", &"x".repeat(128)] {
            assert!(is_id(good), "{good:?}");
        }
        for bad in ["", &"x".repeat(129), "a\nb", "a\0", "é", "\u{200b}", "\u{7f}"] {
            assert!(!is_id(bad), "{bad:?}");
        }
    }

    #[test]
    fn every_request_of_every_stack_has_its_own_namespace() {
        let key = |id: &str| RecordKey { requester: "111122223333".into(), request_id: id.into() };
        let namespace = |account: &str, region: &str, stack: &str, id: &str| {
            event_namespace(account, region, stack, &key(id))
        };
        let one = namespace("444455556666", "us-east-1", "copier", "a");
        assert_eq!(one, namespace("444455556666", "us-east-1", "copier", "a"));
        assert_ne!(one, namespace("444455556666", "us-east-1", "copier", "b"));
        assert_ne!(one, namespace("444455556666", "us-east-1", "staging", "a"));
        assert_ne!(one, namespace("444455556666", "eu-west-1", "copier", "a"));
        assert_ne!(one, namespace("111122223333", "us-east-1", "copier", "a"));
    }

    #[test]
    fn a_key_reads_back_what_it_wrote() {
        let key = RecordKey { requester: "111122223333".into(), request_id: "a#b".into() };
        assert_eq!(RecordKey::parse(&key.to_string()), Some(key));
        assert_eq!(RecordKey::parse("no separator"), None);
    }
}
