//! The fuzz target `item`: an item of the ledger, and the check that a record round-trips through an item.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::aws::item::{self, Item};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::Entry;

use super::text;

const RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Reads an item. Each line has a name, `S` or `N`, and a value, as in `due N 1795514400000`. A readable record round-trips, and
/// so does the cursor of an entry.
pub(super) fn item(data: &[u8]) -> bool {
    let text = &text(data);
    let row: Item = text.split('\n').filter_map(attribute).collect();
    // A requester is an account. With a `#`, its key would be ambiguous.
    let is_keyed = |record: &Record| !record.header().key.requester.contains('#');
    let record = item::read(&row).ok().filter(is_keyed);
    if let Some(record) = &record {
        check_round_trip(record, &Times::default());
    }
    let id = item::string(&row, "id");
    let due = row.get("due").and_then(|due| due.as_n().ok()).and_then(|due| due.parse().ok());
    let due = due.and_then(|due| Timestamp::from_millisecond(due).ok());
    let entry = item::entry(&row, Step::Publish);
    let is_entry = due.is_some() && id.is_some_and(|id| id.contains('#'));
    assert!(is_entry || entry.is_none(), "{text:?}");
    if let Some(entry) = entry {
        assert_eq!((Some(entry.key.to_string().as_str()), Some(entry.due)), (id, due), "{text:?}");
        assert_eq!(RecordKey::parse(&entry.key.to_string()), Some(entry.key));
    }
    let cursor = item::cursor(&row);
    assert_eq!(cursor.is_some(), due.is_some() && id.is_some(), "{text:?}");
    if let Some(cursor) = cursor {
        let key = item::start_key("poll", &cursor).expect("a cursor that we wrote");
        assert_eq!((item::string(&key, "id"), item::string(&key, "step")), (id, Some("poll")), "{text:?}");
        assert_eq!(item::cursor(&key), Some(cursor), "{text:?}");
    }
    record.is_some()
}

fn attribute(line: &str) -> Option<(String, AttributeValue)> {
    let mut words = line.splitn(3, ' ');
    let (name, kind, value) = (words.next()?, words.next()?, words.next()?.to_owned());
    let value = match kind {
        "S" => AttributeValue::S(value),
        "N" => AttributeValue::N(value),
        _ => return None,
    };
    Some((name.to_owned(), value))
}

/// Checks that a record round-trips through an item, and that the item has the attributes that the index needs.
pub(super) fn check_round_trip(record: &Record, times: &Times) {
    let row = item::of_record(record, times, RETENTION).expect("a record can be written");
    assert_eq!(item::read(&row).as_ref(), Ok(record));
    assert_eq!(item::string(&row, "status"), Some(record.status_word()));
    let next = record.next_step();
    assert_eq!(item::string(&row, "step"), next.map(|(step, _)| step.as_str()));
    assert_eq!(row.contains_key("due"), next.is_some());
    assert_eq!(row.contains_key("expiresAt"), next.is_none());
    let Some((step, due)) = next else { return };
    let entry = item::entry(&row, step).expect("an entry of the index");
    assert_eq!(entry.due.as_millisecond(), due.as_millisecond());
    assert_eq!(entry.copy, Entry::of(record, due, times).copy);
    assert!(item::is_derived(&row, &row));
}
