//! The ledger as an operator sees it: items of a DynamoDB table. Reads them, and makes them older.
//!
//! It uses Scan and UpdateItem, which the functions don't, so that counts of their calls stay true.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{ACCOUNT, TABLE, sdk};

pub type Item = HashMap<String, AttributeValue>;

/// Milliseconds since 1970.
const MILLIS: [&str; 3] = ["due", "checkAt", "requestedAt"];
/// Seconds since 1970.
const SECONDS: [&str; 1] = ["expiresAt"];
/// JSON, with times in it.
const JSON: [&str; 2] = ["record", "grants"];
/// What in a record is not ours to change: an announcement's bytes never change, whatever the time.
const KEPT: [&str; 3] = ["copy", "context", "outbox"];

pub fn client(endpoint: &str) -> Client {
    Client::new(&sdk(endpoint, ACCOUNT))
}

pub async fn items(client: &Client) -> Vec<Item> {
    client.scan().table_name(TABLE).send().await.unwrap().items.unwrap_or_default()
}

pub async fn item(client: &Client, id: &str) -> Option<Item> {
    items(client).await.into_iter().find(|item| item["id"].as_s().unwrap() == id)
}

/// Moves every time in the ledger back: those in records and grants, and those in the attributes beside them.
pub async fn age(client: &Client, by: SignedDuration) {
    for item in items(client).await {
        let mut update =
            client.update_item().table_name(TABLE).key("id", item["id"].clone()).update_expression("");
        let mut sets = Vec::new();
        for (name, unit) in MILLIS.map(|name| (name, 1)).into_iter().chain(SECONDS.map(|name| (name, 1000))) {
            let Some(value) = item.get(name) else { continue };
            let number: i64 = value.as_n().unwrap().parse().unwrap();
            let older = number - i64::try_from(by.as_millis()).unwrap() / unit;
            sets.push((name, AttributeValue::N(older.to_string())));
        }
        for name in JSON {
            if let Some(value) = item.get(name) {
                sets.push((name, AttributeValue::S(aged_json(value.as_s().unwrap(), by))));
            }
        }
        let expression: Vec<_> = (0..sets.len()).map(|i| format!("#n{i} = :v{i}")).collect();
        update = update.update_expression(format!("SET {}", expression.join(", ")));
        for (i, (name, value)) in sets.into_iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#n{i}"), name)
                .expression_attribute_values(format!(":v{i}"), value);
        }
        update.send().await.unwrap();
    }
}

fn aged_json(json: &str, by: SignedDuration) -> String {
    let mut record: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).unwrap();
    for (name, raw) in &mut record {
        if !KEPT.contains(&name.as_str()) {
            let value: Value = serde_json::from_str(raw.get()).unwrap();
            *raw = to_raw_value(&aged(value, by)).unwrap();
        }
    }
    serde_json::to_string(&record).unwrap()
}

fn aged(value: Value, by: SignedDuration) -> Value {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) => Value::String((time - by).to_string()),
            Err(_) => Value::String(text),
        },
        Value::Array(values) => values.into_iter().map(|value| aged(value, by)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, aged(value, by))).collect(),
        value => value,
    }
}
