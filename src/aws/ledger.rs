//! The ledger in DynamoDB: one item per request, and one for the grants of every source project.
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

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use tracing::error;

use super::unavailable;
use crate::domain::arn::{ProjectArn, ProjectVersionArn};
use crate::domain::grant::Grants;
use crate::domain::id::RecordKey;
use crate::domain::record::{Record, Step};
use crate::domain::times::{Times, after};
use crate::ports::{Created, Cursor, Entry, GrantsPage, Ledger, Page, Unavailable};

/// The name of the sparse index.
const INDEX: &str = "due";
/// The step of grants in the index.
const GRANTS: &str = "grants";
/// What the key of grants begins with. INVARIANT: no record's does, it begins with an account.
const GRANTS_ID: &str = "grants#";

type Item = HashMap<String, AttributeValue>;

/// A table.
#[derive(Clone, Debug)]
pub struct DynamoDb {
    client: Client,
    table: String,
    times: Times,
    retention: SignedDuration,
}

impl DynamoDb {
    /// The ledger in `table`. `times` decide when a copy needs more than a look; an ended record is kept
    /// for `retention`.
    pub fn new(config: &SdkConfig, table: &str, times: Times, retention: SignedDuration) -> Self {
        Self { client: Client::new(config), table: table.to_owned(), times, retention }
    }

    /// Puts an item on a condition. `Err(Some(item))` is the item that was in the way.
    async fn put(
        &self,
        item: Item,
        condition: impl FnOnce(PutItemFluentBuilder) -> PutItemFluentBuilder,
    ) -> Put {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match condition(put).send().await {
            Ok(_) => Put::Done,
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Put::InTheWay(failed.item.clone().unwrap_or_default())
                }
                _ => Put::Failed(unavailable(error)),
            },
        }
    }

    fn item(&self, record: &Record) -> Result<Item, Unavailable> {
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
            let expires_at = after(record.requested_at.max(self.ended_at(record)), self.retention);
            item.insert("expiresAt".into(), number(expires_at.as_second()));
            return Ok(item);
        };
        item.insert("step".into(), text(step.as_str()));
        let entry = Entry::of(record, due, &self.times);
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

    fn grants_item(&self, grants: &Grants) -> Result<Item, Unavailable> {
        let project = &grants.project_arn;
        let json = serde_json::to_string(grants).map_err(|error| {
            Unavailable(format!("grants of `{project}` can't be written as JSON: {error}"))
        })?;
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
                let expires_at = after(grants.changed_at, self.retention);
                item.insert("expiresAt".into(), number(expires_at.as_second()));
            }
        }
        Ok(item)
    }

    /// One page of the index.
    async fn query(&self, step: &str, now: Timestamp, after: Option<Cursor>) -> Result<Found, Unavailable> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("#step = :step AND #due <= :now")
            .expression_attribute_names("#step", "step")
            .expression_attribute_names("#due", "due")
            .expression_attribute_values(":step", text(step))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .set_exclusive_start_key(after.and_then(|cursor| start_key(step, &cursor)));
        let found = query.send().await.map_err(unavailable)?;
        Ok(Found {
            items: found.items.unwrap_or_default(),
            next: found.last_evaluated_key.as_ref().and_then(cursor),
        })
    }

    fn ended_at(&self, record: &Record) -> Timestamp {
        match record.state {
            crate::domain::record::State::Ended { at, .. } => at,
            _ => record.requested_at,
        }
    }
}

struct Found {
    items: Vec<Item>,
    next: Option<Cursor>,
}

enum Put {
    Done,
    InTheWay(Item),
    Failed(Unavailable),
}

impl Ledger for DynamoDb {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        let item = self.item(record)?;
        let json = item.get("record").cloned();
        match self.put(item, |put| put.condition_expression("attribute_not_exists(id)")).await {
            Put::Done => Ok(Created::New(record.clone())),
            // Our own write, whose answer was lost and which the SDK sent again.
            Put::InTheWay(item) if item.get("record") == json.as_ref() => Ok(Created::New(record.clone())),
            Put::InTheWay(item) => Ok(Created::Exists(read(&item)?)),
            Put::Failed(error) => Err(error),
        }
    }

    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.key("id", text(key.to_string())).send().await.map_err(unavailable)?;
        found.item.as_ref().map(read).transpose()
    }

    async fn save(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        let known = number(record.revision);
        let record = Record { revision: record.revision + 1, ..record };
        let item = self.item(&record)?;
        let json = item.get("record").cloned();
        let on_revision = |put: PutItemFluentBuilder| {
            put.condition_expression("revision = :known").expression_attribute_values(":known", known)
        };
        match self.put(item, on_revision).await {
            Put::Done => Ok(Some(record)),
            Put::InTheWay(item) if item.get("record") == json.as_ref() => Ok(Some(record)),
            Put::InTheWay(_) => Ok(None),
            Put::Failed(error) => Err(error),
        }
    }

    async fn due(&self, step: Step, now: Timestamp, after: Option<Cursor>) -> Result<Page, Unavailable> {
        let found = self.query(step.as_str(), now, after).await?;
        Ok(Page { entries: found.items.iter().filter_map(entry).collect(), next: found.next })
    }

    async fn grants(&self, project: &ProjectArn) -> Result<Option<Grants>, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.key("id", grants_id(project)).send().await.map_err(unavailable)?;
        found.item.as_ref().map(|item| read_json(item, "grants")).transpose()
    }

    async fn save_grants(&self, grants: Grants) -> Result<Option<Grants>, Unavailable> {
        let known = grants.revision;
        let grants = Grants { revision: known + 1, ..grants };
        let item = self.grants_item(&grants)?;
        let json = item.get("grants").cloned();
        let on_revision = |put: PutItemFluentBuilder| match known {
            0 => put.condition_expression("attribute_not_exists(id)"),
            _ => put
                .condition_expression("revision = :known")
                .expression_attribute_values(":known", number(known)),
        };
        match self.put(item, on_revision).await {
            Put::Done => Ok(Some(grants)),
            Put::InTheWay(item) if item.get("grants") == json.as_ref() => Ok(Some(grants)),
            Put::InTheWay(_) => Ok(None),
            Put::Failed(error) => Err(error),
        }
    }

    async fn grants_due(&self, now: Timestamp, after: Option<Cursor>) -> Result<GrantsPage, Unavailable> {
        let found = self.query(GRANTS, now, after).await?;
        let project = |item: &Item| {
            let arn = string(item, "id").and_then(|id| id.strip_prefix(GRANTS_ID));
            arn.and_then(|arn| ProjectArn::parse(arn).ok())
        };
        Ok(GrantsPage { projects: found.items.iter().filter_map(project).collect(), next: found.next })
    }
}

/// The key of a project's grants.
fn grants_id(project: &ProjectArn) -> AttributeValue {
    text(format!("{GRANTS_ID}{project}"))
}

fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn read(item: &Item) -> Result<Record, Unavailable> {
    read_json(item, "record")
}

fn read_json<T: DeserializeOwned>(item: &Item, name: &str) -> Result<T, Unavailable> {
    let id = string(item, "id").unwrap_or_default();
    let json = string(item, name).ok_or_else(|| Unavailable(format!("item `{id}` has no `{name}`")))?;
    serde_json::from_str(json)
        .map_err(|error| Unavailable(format!("`{name}` of item `{id}` can't be read: {error}")))
}

/// An entry of the index. One that can't be read is left out, loudly: it must not stop a sweep.
fn entry(item: &Item) -> Option<Entry> {
    let entry = || {
        Some(Entry {
            key: RecordKey::parse(string(item, "id")?)?,
            due: time(item, "due")?,
            requested_at: time(item, "requestedAt").unwrap_or(Timestamp::MAX),
            destination_project_arn: string(item, "destinationProjectArn")
                .and_then(|arn| ProjectArn::parse(arn).ok()),
            version_name: string(item, "versionName").map(str::to_owned),
            project_version_arn: string(item, "projectVersionArn")
                .and_then(|arn| ProjectVersionArn::parse(arn).ok()),
            check_at: time(item, "checkAt"),
        })
    };
    let read = entry();
    if read.is_none() {
        error!(id = string(item, "id"), "an item of the index can't be read");
    }
    read
}

fn cursor(key: &Item) -> Option<Cursor> {
    Some(Cursor(format!("{} {}", time(key, "due")?.as_millisecond(), string(key, "id")?)))
}

fn start_key(step: &str, cursor: &Cursor) -> Option<Item> {
    let (due, id) = cursor.0.split_once(' ')?;
    Some(Item::from([("step".into(), text(step)), ("due".into(), number(due)), ("id".into(), text(id))]))
}

fn string<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn time(item: &Item, name: &str) -> Option<Timestamp> {
    let millis = item.get(name)?.as_n().ok()?.parse().ok()?;
    Timestamp::from_millisecond(millis).ok()
}
