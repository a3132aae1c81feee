//! The items of the ledger's table.
//!
//! | attribute | holds |
//! |---|---|
//! | `id` (S, key) | the record's key, `SENDER#REQUEST-ID` |
//! | `record` (S) | the record as JSON: the truth |
//! | `revision` (N) | what every write but the first is conditional on |
//! | `status` (S) | where the request stands, for people |
//! | `step` (S), `due` (N, ms) | what is next and from when on; left out once nothing is: the index `due` is sparse |
//! | `requestedAt` (N, ms), `destinationProjectArn`, `versionName`, `projectVersionArn` (S), `checkAt` (N, ms) | what a sweep needs without reading the record |
//! | `expiresAt` (N, s) | when DynamoDB may delete the item; only once nothing is next |
//!
//! Grants have the key `grants#SOURCE-PROJECT-ARN` and the step `grants`; `grants` (S) is them as JSON; `revision`,
//! `due` and `expiresAt` are as above.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use tracing::error;

use crate::domain::arn::{ProjectArn, ProjectVersionArn};
use crate::domain::grant::Grants;
use crate::domain::id::RecordKey;
use crate::domain::record::{Record, State};
use crate::domain::times::{Times, after};
use crate::ports::{Cursor, Entry, Unavailable};

/// The step of grants in the index.
pub(super) const GRANTS: &str = "grants";
/// What the key of grants begins with. INVARIANT: no record's does, it begins with an account.
const GRANTS_ID: &str = "grants#";

/// An item: attributes by name.
pub type Item = HashMap<String, AttributeValue>;

/// A record as the table has it.
pub fn of_record(record: &Record, times: &Times, retention: SignedDuration) -> Result<Item, Unavailable> {
    let json = serde_json::to_string(record)
        .map_err(|error| Unavailable(format!("`{}` can't be written as JSON: {error}", record.key)))?;
    let mut item = Item::from([
        ("id".into(), text(record.key.to_string())),
        ("record".into(), text(json)),
        ("revision".into(), number(record.revision)),
        ("status".into(), text(record.status())),
        ("requestedAt".into(), number(record.requested_at.as_millisecond())),
    ]);
    let Some((step, due)) = record.next() else {
        let expires_at = after(record.requested_at.max(ended_at(record)), retention);
        item.insert("expiresAt".into(), number(expires_at.as_second()));
        return Ok(item);
    };
    item.insert("step".into(), text(step.as_str()));
    let entry = Entry::of(record, due, times);
    item.insert("due".into(), number(entry.due.as_millisecond()));
    let mut add = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    add("destinationProjectArn", entry.destination_project_arn.map(text));
    add("versionName", entry.version_name.map(text));
    add("projectVersionArn", entry.project_version_arn.map(text));
    add("checkAt", entry.check_at.map(|at| number(at.as_millisecond())));
    Ok(item)
}

/// Grants as the table has them.
pub fn of_grants(grants: &Grants, retention: SignedDuration) -> Result<Item, Unavailable> {
    let project = &grants.project_arn;
    let json = serde_json::to_string(grants)
        .map_err(|error| Unavailable(format!("grants of `{project}` can't be written as JSON: {error}")))?;
    let mut item = Item::from([
        ("id".into(), grants_id(project)),
        ("grants".into(), text(json)),
        ("revision".into(), number(grants.revision)),
    ]);
    match grants.due() {
        Some(due) => {
            item.insert("step".into(), text(GRANTS));
            item.insert("due".into(), number(due.as_millisecond()));
        }
        None => {
            let expires_at = after(grants.changed_at, retention);
            item.insert("expiresAt".into(), number(expires_at.as_second()));
        }
    }
    Ok(item)
}

fn ended_at(record: &Record) -> Timestamp {
    match record.state {
        State::Ended { at, .. } => at,
        _ => record.requested_at,
    }
}

/// The project of an item of grants in the index; left out as [`entry`] is.
pub fn project(item: &Item) -> Option<ProjectArn> {
    let arn = string(item, "id").and_then(|id| id.strip_prefix(GRANTS_ID));
    left_out_loudly(item, arn.and_then(|arn| ProjectArn::parse(arn).ok()))
}

/// The key of a project's grants.
pub(super) fn grants_id(project: &ProjectArn) -> AttributeValue {
    text(format!("{GRANTS_ID}{project}"))
}

pub(super) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The record in an item.
pub fn read(item: &Item) -> Result<Record, Unavailable> {
    read_json(item, "record")
}

/// What an attribute holds as JSON: `record`, or `grants`.
pub fn read_json<T: DeserializeOwned>(item: &Item, name: &str) -> Result<T, Unavailable> {
    let id = string(item, "id").unwrap_or_default();
    let json = string(item, name).ok_or_else(|| Unavailable(format!("item `{id}` has no `{name}`")))?;
    serde_json::from_str(json)
        .map_err(|error| Unavailable(format!("`{name}` of item `{id}` can't be read: {error}")))
}

/// An entry of the index. One that can't be read is left out, loudly: it must not stop a sweep.
pub fn entry(item: &Item) -> Option<Entry> {
    let read = || {
        Some(Entry {
            key: RecordKey::parse(string(item, "id")?)?,
            due: time(item, "due")?,
            requested_at: time(item, "requestedAt").unwrap_or(Timestamp::MAX),
            destination_project_arn: string(item, "destinationProjectArn")
                .map(ProjectArn::parse)
                .transpose()
                .ok()?,
            version_name: string(item, "versionName").map(str::to_owned),
            project_version_arn: string(item, "projectVersionArn")
                .map(ProjectVersionArn::parse)
                .transpose()
                .ok()?,
            check_at: time(item, "checkAt"),
        })
    };
    left_out_loudly(item, read())
}

fn left_out_loudly<T>(item: &Item, read: Option<T>) -> Option<T> {
    if read.is_none() {
        error!(id = string(item, "id"), "an item of the index can't be read");
    }
    read
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
