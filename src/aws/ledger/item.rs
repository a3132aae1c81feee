//! The items of the ledger's table.
//!
//! | attribute | holds |
//! |---|---|
//! | `id` (S, key) | the record's key, `REQUESTER#REQUEST-ID` |
//! | `record` (S) | the record as JSON: the truth |
//! | `revision` (N) | the revision that every write but the first is conditional on |
//! | `status` (S) | the request's status, for people |
//! | `step` (S), `due` (N, ms) | the next step and its time; left out when there is none, so the index `due` is sparse |
//! | `requestedAt` (N, ms), `sourceProjectArn`, `destinationProjectArn`, `versionName`, `projectVersionArn` (S), `checkAt` (N, ms) | what a sweep needs without a read of the record |
//! | `expiresAt` (N, s) | when DynamoDB may delete the item; only when there is no next step |

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use tracing::error;

use crate::domain::arn::{ProjectArn, ProjectVersionArn};
use crate::domain::id::RecordKey;
use crate::domain::record::{Record, Step};
use crate::domain::times::{Times, saturating_add};
use crate::ports::{Cursor, Entry, EntryCopy, Unavailable};

/// An item: attributes by name.
pub type Item = HashMap<String, AttributeValue>;

/// The item of a record.
pub fn of_record(record: &Record, times: &Times, retention: SignedDuration) -> Result<Item, Unavailable> {
    let header = record.header();
    let json = serde_json::to_string(record)
        .map_err(|error| Unavailable(format!("`{}` cannot be written as JSON: {error}", header.key)))?;
    let mut item = Item::from([
        ("id".into(), text(&header.key)),
        ("record".into(), text(json)),
        ("revision".into(), number(header.revision)),
        ("status".into(), text(record.status_word())),
        ("requestedAt".into(), number(header.requested_at.as_millisecond())),
    ]);
    let Some((step, due)) = record.next_step() else {
        let ended_at = record.ended_at().unwrap_or(header.requested_at).max(header.requested_at);
        item.insert("expiresAt".into(), number(saturating_add(ended_at, retention).as_second()));
        return Ok(item);
    };
    item.insert("step".into(), text(step.as_str()));
    item.insert("due".into(), number(due.as_millisecond()));
    if let Some(copy) = Entry::of(record, due, times).copy {
        item.extend([
            ("sourceProjectArn".into(), text(copy.source_project_arn)),
            ("destinationProjectArn".into(), text(copy.destination_project_arn)),
            ("versionName".into(), text(copy.version_name)),
        ]);
        item.extend(copy.project_version_arn.map(|arn| ("projectVersionArn".into(), text(arn))));
        item.extend(copy.check_at.map(|at| ("checkAt".into(), number(at.as_millisecond()))));
    }
    Ok(item)
}

pub(super) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The record in an item.
///
/// # Errors
/// If the record cannot be read. The error names the item's id and never its content, which may be a request.
pub fn read(item: &Item) -> Result<Record, Unavailable> {
    let id = string(item, "id").unwrap_or_default();
    let json = string(item, "record").ok_or_else(|| Unavailable(format!("item `{id}` has no `record`")))?;
    serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Unavailable(format!("`record` of item `{id}` cannot be read at line {line} column {column}"))
    })
}

/// Whether an item's attributes are those derived from its record. `checkAt` and `expiresAt` follow the settings of the
/// function that wrote them, which may have changed.
pub fn is_derived(item: &Item, derived: &Item) -> bool {
    let names = [
        "revision",
        "step",
        "due",
        "requestedAt",
        "sourceProjectArn",
        "destinationProjectArn",
        "versionName",
        "projectVersionArn",
    ];
    names.iter().all(|name| item.get(*name) == derived.get(*name))
}

/// An entry of the index under `step`. One that cannot be read is logged and left out, so that it does not stop a
/// sweep.
pub fn entry(item: &Item, step: Step) -> Option<Entry> {
    let read = || {
        let copy = entry_copy(item);
        // Only a rejected request, which is due for publishing alone, has no projects.
        if copy.is_none() && (step != Step::Publish || item.contains_key("versionName")) {
            return None;
        }
        Some(Entry {
            key: RecordKey::parse(string(item, "id")?)?,
            due: time(item, "due")?,
            requested_at: time(item, "requestedAt").unwrap_or(Timestamp::MAX),
            copy,
        })
    };
    let entry = read();
    if entry.is_none() {
        error!(id = string(item, "id"), step = step.as_str(), "an entry of the index cannot be read");
    }
    entry
}

fn entry_copy(item: &Item) -> Option<EntryCopy> {
    Some(EntryCopy {
        source_project_arn: ProjectArn::parse(string(item, "sourceProjectArn")?).ok()?,
        destination_project_arn: ProjectArn::parse(string(item, "destinationProjectArn")?).ok()?,
        version_name: string(item, "versionName")?.to_owned(),
        project_version_arn: match string(item, "projectVersionArn") {
            Some(arn) => Some(ProjectVersionArn::parse(arn).ok()?),
            None => None,
        },
        check_at: time(item, "checkAt"),
    })
}

/// Where a page ended, from the key of its last item.
pub fn cursor(key: &Item) -> Option<Cursor> {
    Some(Cursor(format!("{} {}", time(key, "due")?.as_millisecond(), string(key, "id")?)))
}

/// The key of an item in the index that a cursor stands for.
pub fn start_key(step: &str, cursor: &Cursor) -> Option<Item> {
    let (due, id) = cursor.0.split_once(' ')?;
    Some(Item::from([("step".into(), text(step)), ("due".into(), number(due)), ("id".into(), text(id))]))
}

/// A string attribute's value.
pub fn string<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn time(item: &Item, name: &str) -> Option<Timestamp> {
    let millis = item.get(name)?.as_n().ok()?.parse().ok()?;
    Timestamp::from_millisecond(millis).ok()
}
