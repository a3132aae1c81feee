//! The ledger's table over the wire. What is written to it is told to the world as what it means: a record or grants.

use std::sync::{Arc, Mutex, PoisonError};

use proofs::process::Process;
use proofs::weather::{Fault, Kind};
use proofs::world::World;
use rekognition_model_copier::domain::grant::Grants;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::ports::Created;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::items::{Item, Items, string};
use crate::wire::{Call, Reply, Service, text};

/// The table's name.
pub const TABLE: &str = "ledger";

/// The table, for every function instance.
#[derive(Clone, Debug, Default)]
pub struct Table(Arc<Mutex<Items>>);

impl Table {
    fn with<T>(&self, use_it: impl FnOnce(&mut Items) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers a call.
    pub async fn answer(&self, process: &Process, call: &Call) -> Reply {
        if call.text("TableName") != TABLE {
            return Service::DynamoDb.refused("ResourceNotFoundException");
        }
        let body = &call.body;
        match call.operation.as_str() {
            "PutItem" => {
                let put = |world: &mut World| self.put_item(world, body);
                process.effect(kind_of_put(body), put, failed, |_| None).await
            }
            "GetItem" => {
                let id = text(&body["Key"]["id"], "S");
                let kind = if id.starts_with("grants#") { Kind::Grants } else { Kind::Load };
                let get = |_: &mut World| self.get_item(id, body["ConsistentRead"] == true);
                process.effect(kind, get, failed, |_| None).await
            }
            "Query" => {
                let is_of_grants = text(&body["ExpressionAttributeValues"][":step"], "S") == "grants";
                let kind = if is_of_grants { Kind::GrantsDue } else { Kind::Due };
                let query = |world: &mut World| self.query(world, body);
                // The index as it was before any of it was due.
                let stale = |_: &mut World| Some(Reply::good(&json!({"Items": [], "Count": 0})));
                process.effect(kind, query, failed, stale).await
            }
            _ => Service::DynamoDb.refused("UnknownOperationException"),
        }
    }

    fn put_item(&self, world: &mut World, body: &Value) -> Reply {
        let Some(item) = body["Item"].as_object().cloned() else { return invalid(world, body) };
        let now = world.now();
        let lag = world.table.lag;
        let id = string(&item, "id").unwrap_or_default().to_owned();
        let present = self.with(|items| items.get(&id).cloned());
        let holds = match body["ConditionExpression"].as_str() {
            Some(condition) => holds(condition, &body["ExpressionAttributeValues"], present.as_ref()),
            None => Some(true),
        };
        match holds {
            None => invalid(world, body),
            Some(false) => {
                let shown = present.filter(|_| body["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD");
                let more = shown.map_or(Value::Null, |item| json!({"Item": item}));
                Service::DynamoDb.error(400, "ConditionalCheckFailedException", more)
            }
            Some(true) => {
                self.with(|items| items.put(item.clone(), now, lag));
                tell(world, &item, present.is_none());
                Reply::good(&json!({}))
            }
        }
    }

    fn get_item(&self, id: &str, is_consistent: bool) -> Reply {
        self.with(|items| match if is_consistent { items.get(id) } else { items.before(id) } {
            Some(item) => Reply::good(&json!({"Item": item})),
            None => Reply::good(&json!({})),
        })
    }

    fn query(&self, world: &mut World, body: &Value) -> Reply {
        let names = &body["ExpressionAttributeNames"];
        let values = &body["ExpressionAttributeValues"];
        let is_known = body["IndexName"] == "due"
            && body["KeyConditionExpression"] == "#step = :step AND #due <= :until"
            && (names["#step"] == "step" && names["#due"] == "due");
        let until = text(&values[":until"], "N").parse();
        let (true, Ok(until)) = (is_known, until) else { return invalid(world, body) };
        let (now, limit) = (world.now(), world.table.page);
        let start = body["ExclusiveStartKey"].as_object();
        let step = text(&values[":step"], "S");
        let page = self.with(|items| items.due(step, until, start, limit, now));
        let last = page.items.last().filter(|_| page.more);
        let key = |item: &Item| json!({"step": item["step"], "due": item["due"], "id": item["id"]});
        match last.map(key) {
            Some(last) => Reply::good(&json!({"Items": page.items, "LastEvaluatedKey": last})),
            None => Reply::good(&json!({"Items": page.items})),
        }
    }
}

/// Whether a condition holds for the item that is there; `None` if it is none that the ledger is known to write.
fn holds(condition: &str, values: &Value, present: Option<&Item>) -> Option<bool> {
    let absent = condition.strip_prefix("attribute_not_exists(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(name) = absent {
        return Some(present.is_none_or(|item| !item.contains_key(name)));
    }
    let (name, value) = condition.split_once(" = ")?;
    Some(present.and_then(|item| item.get(name)) == Some(values.get(value)?))
}

fn kind_of_put(body: &Value) -> Kind {
    let is_new = text(body, "ConditionExpression").starts_with("attribute_not_exists");
    match (body["Item"].get("grants"), is_new) {
        (Some(_), _) => Kind::SaveGrants,
        (None, true) => Kind::Create,
        (None, false) => Kind::Save,
    }
}

/// Tells the world what was written. INVARIANT: every write but the first follows on the revision before it.
fn tell(world: &mut World, item: &Item, is_new: bool) {
    let now = world.now();
    if let Some(grants) = read::<Grants>(item, "grants") {
        let revision = grants.revision.saturating_sub(1);
        let grants = Grants { revision, ..grants };
        world.saving_grants(&grants);
        let saved = world.policies.save(grants);
        return world.watch.must(saved.is_some(), || format!("grants written over others: {item:?}"));
    }
    let Some(record) = read::<Record>(item, "record") else {
        return world.watch.must(false, || format!("neither a record nor grants: {item:?}"));
    };
    if is_new {
        let created = world.table.create(&record, now);
        world.watch.must(matches!(created, Created::New(_)), || format!("{}: created again", record.key));
        return world.watch.created(&record);
    }
    world.models.settle(now);
    let key = record.key.clone();
    let revision = record.revision.saturating_sub(1);
    match world.table.save(Record { revision, ..record }, now) {
        Some((before, after)) => {
            world.note(after.revision);
            world.watch.saved(&before, &after, &world.models, now);
        }
        None => world.watch.must(false, || format!("{key}: written over another revision")),
    }
}

fn read<T: DeserializeOwned>(item: &Item, name: &str) -> Option<T> {
    serde_json::from_str(string(item, name)?).ok()
}

/// A call that DynamoDB may know and the world doesn't.
fn invalid(world: &mut World, body: &Value) -> Reply {
    world.watch.must(false, || format!("the world does not know {body}"));
    Service::DynamoDb.refused("ValidationException")
}

/// An answer that is none. Nothing happened but for [`Fault::ErrorAfter`].
fn failed(world: &mut World, fault: Fault) -> Reply {
    let chance = &mut world.chance;
    match fault {
        Fault::Hang => Reply::Never,
        Fault::ErrorBefore if chance.once_in(3) => Service::DynamoDb.throttled(chance),
        _ => Service::DynamoDb.unclear(chance),
    }
}
