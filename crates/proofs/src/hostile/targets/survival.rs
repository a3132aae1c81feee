use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::aws::item;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::Entry;

/// A record reads back from its item as it was, and its item says what the index should.
pub(super) fn survives(record: &Record, times: &Times) {
    let row =
        item::of_record(record, times, SignedDuration::from_hours(24)).expect("a record can be written");
    assert_eq!(item::read(&row).as_ref(), Ok(record));
    assert_eq!(item::string(&row, "status"), Some(record.status()));
    let next = record.next();
    assert_eq!(item::string(&row, "step"), next.map(|(step, _)| step.as_str()));
    assert_eq!(row.contains_key("due"), next.is_some());
    assert_eq!(row.contains_key("expiresAt"), next.is_none());
    let entry = next.and_then(|(_, due)| as_indexed(Entry::of(record, due, times)));
    assert_eq!(item::entry(&row), entry);
}

/// An entry in milliseconds, which the last second of all time doesn't have.
fn as_indexed(entry: Entry) -> Option<Entry> {
    let millis = |time: Timestamp| Timestamp::from_millisecond(time.as_millisecond()).ok();
    let requested_at = millis(entry.requested_at).unwrap_or(Timestamp::MAX);
    Some(Entry { due: millis(entry.due)?, requested_at, check_at: entry.check_at.and_then(millis), ..entry })
}
