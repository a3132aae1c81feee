//! The ids of a request: the requester's own, and the key it gets in the ledger.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most characters an id may have.
pub const ID_LENGTH: usize = 128;

/// Whether `text` can be a request id or a correlation id: 1 to 128 printable ASCII characters, so that an
/// id looks the same in every log, pattern and console it turns up in.
pub fn is_id(text: &str) -> bool {
    (1..=ID_LENGTH).contains(&text.len()) && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

/// Names a record: the account that sent the request, and the request's id among those of that account.
///
/// INVARIANT: the sender is part of the key. Otherwise one account could block another's request by using
/// its id first, or learn of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordKey {
    /// The account that sent the request: 12 digits.
    pub sender: String,
    /// The request's id, see [`is_id`].
    pub request_id: String,
}

impl RecordKey {
    /// Reads what [`fmt::Display`] wrote. The sender has no `#`, so the first one ends it.
    pub fn parse(text: &str) -> Option<Self> {
        let (sender, request_id) = text.split_once('#')?;
        Some(Self { sender: sender.to_owned(), request_id: request_id.to_owned() })
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.sender, self.request_id)
    }
}

/// Where event ids are named from. Any constant does, as long as it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_0c5e_8a0b_4a52_9c3e_2b7d_41f8_66a9);

/// The namespace of one request's event ids, unlike that of any other request in any account and Region.
pub fn event_namespace(account: &str, region: &str, key: &RecordKey) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{account}/{region}/{key}").as_bytes())
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
    fn every_request_anywhere_has_a_namespace_of_its_own() {
        let key = |id: &str| RecordKey { sender: "111122223333".into(), request_id: id.into() };
        let one = event_namespace("444455556666", "us-east-1", &key("a"));
        assert_eq!(one, event_namespace("444455556666", "us-east-1", &key("a")));
        assert_ne!(one, event_namespace("444455556666", "us-east-1", &key("b")));
        assert_ne!(one, event_namespace("444455556666", "eu-west-1", &key("a")));
        assert_ne!(one, event_namespace("111122223333", "us-east-1", &key("a")));
    }

    #[test]
    fn a_key_reads_back_what_it_wrote() {
        let key = RecordKey { sender: "111122223333".into(), request_id: "a#b".into() };
        assert_eq!(RecordKey::parse(&key.to_string()), Some(key));
        assert_eq!(RecordKey::parse("no separator"), None);
    }
}
