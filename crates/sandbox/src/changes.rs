//! `GET /_sandbox/changes`: server-sent events that tell the page what changed.
//!
//! Each message is a JSON object of the parts that changed since the message before; the first has all of them.
//!
//! | part | |
//! |---|---|
//! | `clock` | as `GET /_sandbox/clock`; in every message, so at least once a second |
//! | `region`, `projects` | as in `GET /_sandbox/world` |
//! | `faults` | as `GET /_sandbox/faults`, each with `seen`: how many calls it has counted |
//! | `records` | the ledger's items, attributes without their types, JSON read |
//! | `calls`, `announcements` | `{"restart", "items"}`: the new ones; with `restart`, they replace all before |
//! | `example` | `events/copy-requested.json`, for the page's button |

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Sse, sse::Event},
    routing::get,
};
use futures_util::stream;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{dynamodb::Databases, state::Shared, world::Table};

/// How often the state is compared with what was sent.
const TICK: Duration = Duration::from_millis(100);
/// An open page costs at most one part in so many of a processor, however large the world is.
const IDLE_SHARE: u32 = 10;
/// A message at least this often: it carries the clock and finds connections that are gone.
const LONGEST_SILENCE: Duration = Duration::from_secs(1);
/// Only the latest so many calls and announcements are sent.
const MOST_ITEMS: usize = 1000;

const EXAMPLE: &str = include_str!("../../../events/copy-requested.json");

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/_sandbox/changes", get(changes)).with_state(shared)
}

async fn changes(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let watcher = Watcher::new(shared);
    Sse::new(stream::unfold(watcher, |mut watcher| async {
        let message = watcher.next().await;
        Some((Ok::<_, Infallible>(Event::default().data(message.to_string())), watcher))
    }))
}

/// One page's view of the sandbox: what it was sent last.
struct Watcher {
    shared: Arc<Shared>,
    sent: HashMap<&'static str, Value>,
    calls: Position,
    announcements: Position,
    sent_at: Option<Instant>,
}

impl Watcher {
    fn new(shared: Arc<Shared>) -> Self {
        let (calls, announcements) = (Position::default(), Position::default());
        Self { shared, sent: HashMap::new(), calls, announcements, sent_at: None }
    }

    /// Waits for a change.
    async fn next(&mut self) -> Value {
        loop {
            let began = Instant::now();
            let mut message = self.changed();
            if !message.is_empty() || self.sent_at.is_none_or(|at| at.elapsed() >= LONGEST_SILENCE) {
                self.sent_at = Some(began);
                message.insert("clock".to_owned(), json!(self.shared.clock.reading()));
                return Value::Object(message);
            }
            tokio::time::sleep(TICK.max(began.elapsed() * IDLE_SHARE)).await;
        }
    }

    fn changed(&mut self) -> Map<String, Value> {
        let mut message = Map::new();
        let (parts, tables, region) = {
            let state = self.shared.settled();
            if let Some(calls) = self.calls.advance(&state.calls, |call| &call.request_id) {
                message.insert("calls".to_owned(), calls);
            }
            let parts = [
                ("region", json!(state.world.region)),
                ("projects", json!(state.world.projects)),
                ("faults", state.faults.counted()),
                ("example", serde_json::from_str(EXAMPLE).unwrap_or_default()),
            ];
            (parts, state.world.tables.clone(), state.world.region.clone())
        };
        let published = self.shared.published.list();
        if let Some(announcements) = self.announcements.advance(&published, |event| &event.id) {
            message.insert("announcements".to_owned(), announcements);
        }
        let records: Vec<Value> =
            tables.iter().flat_map(|table| records(&self.shared.databases, &region, table)).collect();
        for (name, value) in parts.into_iter().chain([("records", json!(records))]) {
            if self.sent.get(name) != Some(&value) {
                message.insert(name.to_owned(), value.clone());
                self.sent.insert(name, value);
            }
        }
        message
    }
}

/// How much of a list was sent: its length and the last item's id, which tell a list that grew from one that started
/// again after a reset.
#[derive(Default)]
struct Position(Option<(usize, String)>);

impl Position {
    fn advance<T: Serialize>(&mut self, all: &[T], id: impl Fn(&T) -> &str) -> Option<Value> {
        let last = |count: usize| count.checked_sub(1).map(|index| all.get(index).map(&id));
        let grew = self.0.as_ref().filter(|(count, sent)| match last(*count) {
            None => true,
            Some(last) => last == Some(sent),
        });
        let sent = grew.map(|(count, _)| *count);
        if sent == Some(all.len()) {
            return None;
        }
        let first = sent.unwrap_or_default().max(all.len().saturating_sub(MOST_ITEMS));
        let items = all.get(first..).unwrap_or_default();
        self.0 = Some((all.len(), all.last().map(&id).unwrap_or_default().to_owned()));
        Some(json!({"restart": sent.is_none(), "items": items}))
    }
}

/// The records in a table: the items with an attribute `record`, of the table's first megabyte.
fn records(databases: &Databases, region: &str, table: &Table) -> Vec<Value> {
    let scan = json!({"TableName": table.definition.get("TableName")}).to_string();
    let answer = databases.answer(region, &table.account, "Scan", &scan);
    let found: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let items = found.get("Items").and_then(Value::as_array).into_iter().flatten();
    let items = items.filter_map(Value::as_object).filter(|item| item.contains_key("record"));
    let plain = |item: &Map<String, Value>| item.iter().map(|(name, it)| (name.clone(), plain(it))).collect();
    items.map(plain).collect()
}

/// An attribute without its type: `{"N": "1"}` is 1. Texts that hold a JSON object are read.
fn plain(attribute: &Value) -> Value {
    match (attribute.get("S").and_then(Value::as_str), attribute.get("N").and_then(Value::as_str)) {
        (Some(text), _) if text.starts_with('{') => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        (Some(text), _) => json!(text),
        (_, Some(number)) => serde_json::from_str(number).unwrap_or_else(|_| json!(number)),
        _ => attribute.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(position: &mut Position, ids: &[&str]) -> Option<Value> {
        position.advance(ids, |id| id)
    }

    #[test]
    fn new_items_are_sent_once_and_a_reset_starts_again() {
        let mut position = Position::default();
        assert_eq!(step(&mut position, &[]), Some(json!({"restart": true, "items": []})));
        assert_eq!(step(&mut position, &[]), None);
        assert_eq!(step(&mut position, &["a", "b"]), Some(json!({"restart": false, "items": ["a", "b"]})));
        assert_eq!(step(&mut position, &["a", "b"]), None);
        assert_eq!(step(&mut position, &["a", "b", "c"]), Some(json!({"restart": false, "items": ["c"]})));
        assert_eq!(step(&mut position, &["x", "y", "z", "w"]).unwrap()["restart"], true);
        assert_eq!(step(&mut position, &[]), Some(json!({"restart": true, "items": []})));
        assert_eq!(step(&mut position, &[]), None);
    }

    #[test]
    fn of_very_many_items_only_the_latest_are_sent() {
        let ids: Vec<String> = (0..MOST_ITEMS + 5).map(|number| number.to_string()).collect();
        let sent = Position::default().advance(&ids, |id| id).unwrap();
        assert_eq!((&sent["items"][0], sent["items"].as_array().unwrap().len()), (&json!("5"), MOST_ITEMS));
    }

    #[test]
    fn an_attribute_loses_its_type_and_json_is_read() {
        for (attribute, value) in [
            (json!({"S": "text"}), json!("text")),
            (json!({"S": "{\"a\": 1}"}), json!({"a": 1})),
            (json!({"S": "{no JSON"}), json!("{no JSON")),
            (json!({"N": "1764000000000"}), json!(1_764_000_000_000_i64)),
            (json!({"BOOL": true}), json!({"BOOL": true})),
        ] {
            assert_eq!(plain(&attribute), value);
        }
    }
}
