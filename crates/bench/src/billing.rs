//! What DynamoDB bills for a record: the bytes of its item and of its entry in the index, and the units of a write.

use jiff::SignedDuration;
use rekognition_model_copier::aws::item::{Item, of_record};
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::Unavailable;

/// The attributes that template.yaml does not project into the index.
const NOT_IN_INDEX: [&str; 4] = ["record", "revision", "status", "expiresAt"];

/// Bytes that DynamoDB stores for a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    /// The item.
    pub(crate) item: usize,
    /// Its entry in the index; 0 if it has none.
    pub(crate) entry: usize,
}

impl Size {
    pub(crate) fn of(record: &Record) -> Result<Self, Unavailable> {
        let item = of_record(record, &Times::default(), SignedDuration::ZERO)?;
        let bytes = |is_counted: &dyn Fn(&str) -> bool| attribute_bytes(&item, is_counted);
        let entry = match record.next_step() {
            Some(_) => bytes(&|name| !NOT_IN_INDEX.contains(&name)),
            None => 0,
        };
        Ok(Self { item: bytes(&|_| true), entry })
    }
}

/// Names count as UTF-8, numbers as a byte for two digits and one more.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn attribute_bytes(item: &Item, is_counted: &dyn Fn(&str) -> bool) -> usize {
    let counted = item.iter().filter(|(name, _)| is_counted(name));
    counted
        .map(|(name, value)| match value.as_s() {
            Ok(text) => name.len() + text.len(),
            Err(_) => name.len() + value.as_n().map_or(0, |number| number.len().div_ceil(2) + 1),
        })
        .sum()
}

/// 1 a KB of the larger item, and for the index what leaves it and what enters it; an entry that keeps its place is
/// written once.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
pub(crate) fn write_units(old: Size, new: Size, keeps_place: bool) -> f64 {
    let units = |bytes: usize| bytes.div_ceil(1024) as f64;
    let left = if keeps_place { 0.0 } else { units(old.entry) };
    units(new.item.max(old.item)) + left + units(new.entry)
}

/// 1 for 4 KB, at least 1; an eventually consistent read costs half.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
pub(crate) fn read_units(bytes: usize) -> f64 {
    bytes.max(1).div_ceil(4096) as f64
}
