//! The bytes that DynamoDB stores for a record, and the units that it bills for reads and writes.

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::aws::item::{Item, of_record};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::Unavailable;

/// The attributes that template.yaml does not project into the index.
const NOT_IN_INDEX: [&str; 4] = ["record", "revision", "status", "expiresAt"];

/// The stored size of a record, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stored {
    pub(crate) item: usize,
    /// The entry in the index; 0 if there is none.
    pub(crate) entry: usize,
    /// The keys of the entry.
    place: Option<(Step, Timestamp)>,
}

impl Stored {
    pub(crate) fn of(record: &Record) -> Result<Self, Unavailable> {
        let item = of_record(record, &Times::default(), SignedDuration::ZERO)?;
        let place = record.next_step();
        let entry = if place.is_some() { bytes(&item, |name| !NOT_IN_INDEX.contains(&name)) } else { 0 };
        Ok(Self { item: bytes(&item, |_| true), entry, place })
    }
}

/// Names count as UTF-8. A number counts one byte for two digits, and one more.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn bytes(item: &Item, is_counted: impl Fn(&str) -> bool) -> usize {
    let counted = item.iter().filter(|(name, _)| is_counted(name));
    counted
        .map(|(name, value)| match value.as_s() {
            Ok(text) => name.len() + text.len(),
            Err(_) => name.len() + value.as_n().map_or(0, |number| number.len().div_ceil(2) + 1),
        })
        .sum()
}

/// A write costs one unit a KB of the larger item. In the index, the old entry and the new one cost as much, or the new one
/// alone if its keys stay the same.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
pub(crate) fn write_units(old: Stored, new: Stored) -> f64 {
    let units = |bytes: usize| bytes.div_ceil(1024) as f64;
    let removed = if old.place == new.place { 0.0 } else { units(old.entry) };
    units(new.item.max(old.item)) + removed + units(new.entry)
}

/// An eventually consistent query costs half a unit for 4 KB. Each query costs at least as much.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
pub(crate) fn query_units(queries: usize, bytes: usize) -> f64 {
    0.5 * (queries as f64 + bytes as f64 / 4096.0)
}
