//! What DynamoDB bills for a record: how large its item and its entry in the index are, in units.

use rekognition_model_copier::domain::record::Record;

/// An item's size: the record as JSON, and the attributes beside it.
pub(crate) fn item_size(record: &Record) -> usize {
    serde_json::to_string(record).map_or(0, |json| json.len()) + 150 + entry_size(record)
}

/// The size of a record's entry in the index; 0 if it has none.
pub(crate) fn entry_size(record: &Record) -> usize {
    let copy = record.copy.as_ref();
    let arns = copy.map_or(0, |copy| copy.destination_project_arn.as_str().len() + copy.version_name.len());
    let version = record.project_version_arn().map_or(0, |arn| arn.as_str().len());
    record.next().map_or(0, |_| 180 + arns + version)
}

/// Write units: 1 a KB for the item, and for the index what leaves it and what enters it.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
pub(crate) fn write_units(old: Option<&Record>, new: &Record) -> f64 {
    let units = |bytes: usize| bytes.div_ceil(1024) as f64;
    let (left, entered) = (old.map_or(0, entry_size), entry_size(new));
    let same_place = old.is_some_and(|old| old.next() == new.next());
    let index = if same_place { units(entered) } else { units(left) + units(entered) };
    units(item_size(new).max(old.map_or(0, item_size))) + index
}
