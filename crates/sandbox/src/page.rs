//! The page at `GET /`, and the stream of server-sent events that updates it, `GET /_sandbox/changes`.
//!
//! Each message of the stream is a JSON object of the parts that changed; the first message has all of them.
//!
//! | part | |
//! |---|---|
//! | `clock` | as `GET /_sandbox/clock`; in every message, so at least once a second |
//! | `region`, `projects` | as in `GET /_sandbox/world` |
//! | `faults` | as `GET /_sandbox/faults`, each with `seen`: the number of calls it has counted |
//! | `records` | the ledger's items, with plain values instead of typed attributes, and parsed JSON |
//! | `calls`, `announcements` | `{"restart", "items"}`: the new items; if `restart` is true, they replace all earlier ones |
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
    http::header,
    response::{Html, IntoResponse, Response, Sse, sse::Event},
    routing::get,
};
use futures_util::stream;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    state::{Position, Shared},
    world::Table,
};

const PAGE: &str = include_str!("page.html");
const EXAMPLE: &str = include_str!("../../../events/copy-requested.json");

/// How often the stream looks for changes.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// After each look, the stream waits this many times as long as the look took. So a large world costs an open page at
/// most a tenth of a processor.
const WAIT_PER_LOOK: u32 = 10;
/// The longest time between two messages. A message carries the clock and finds closed connections.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);
/// The largest number of calls, and of announcements, in a message. Older ones are not sent.
const MAX_ITEMS: usize = 1000;

/// The page's routes. Every other method on `/` is an AWS call.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/", get(page)).route("/_sandbox/changes", get(changes)).with_state(shared)
}

/// Names and tags on the page may hold anything. So the content security policy runs only the page's own script and
/// style, and keeps the script from writing HTML.
async fn page() -> Response {
    let nonce = Uuid::new_v4().simple().to_string();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(PAGE.replace("{nonce}", &nonce))).into_response()
}

async fn changes(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let watcher = Watcher {
        shared,
        sent: HashMap::new(),
        calls: Position::default(),
        announcements: Position::default(),
        sent_at: None,
    };
    Sse::new(stream::unfold(watcher, |mut watcher| async {
        let message = watcher.next().await;
        Some((Ok::<_, Infallible>(Event::default().data(message.to_string())), watcher))
    }))
}

/// The state that one page has received.
struct Watcher {
    shared: Arc<Shared>,
    sent: HashMap<&'static str, Value>,
    calls: Position,
    announcements: Position,
    sent_at: Option<Instant>,
}

impl Watcher {
    /// Waits for the next message.
    async fn next(&mut self) -> Value {
        loop {
            let began = Instant::now();
            let mut message = self.collect_changes();
            if !message.is_empty() || self.sent_at.is_none_or(|at| at.elapsed() >= HEARTBEAT_INTERVAL) {
                self.sent_at = Some(began);
                message.insert("clock".to_owned(), json!(self.shared.clock.reading()));
                return Value::Object(message);
            }
            tokio::time::sleep(POLL_INTERVAL.max(began.elapsed() * WAIT_PER_LOOK)).await;
        }
    }

    fn collect_changes(&mut self) -> Map<String, Value> {
        let (lists, parts, tables, region) = {
            let state = self.shared.settled();
            let lists = [
                ("calls", new_items(&mut self.calls, &state.calls, state.resets)),
                ("announcements", new_items(&mut self.announcements, &state.published, state.resets)),
            ];
            let parts = [
                ("region", json!(state.world.region)),
                ("projects", json!(state.world.projects)),
                ("faults", json!(state.faults.set)),
                ("example", serde_json::from_str(EXAMPLE).unwrap_or_default()),
            ];
            (lists, parts, state.world.tables.clone(), state.world.region.clone())
        };
        let records: Vec<Value> = tables.iter().flat_map(|table| self.records(&region, table)).collect();
        let new = lists.into_iter().filter_map(|(name, list)| Some((name.to_owned(), list?)));
        let mut message: Map<_, _> = new.collect();
        for (name, value) in parts.into_iter().chain([("records", json!(records))]) {
            if self.sent.get(name) != Some(&value) {
                message.insert(name.to_owned(), value.clone());
                self.sent.insert(name, value);
            }
        }
        message
    }

    /// The items with an attribute `record` in the first megabyte of a table.
    fn records(&self, region: &str, table: &Table) -> Vec<Value> {
        let scan = json!({"TableName": table.definition.get("TableName")}).to_string();
        let answer = self.shared.databases.answer(region, &table.account, "Scan", &scan);
        let found: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let items = found.get("Items").and_then(Value::as_array).into_iter().flatten();
        let items = items.filter_map(Value::as_object).filter(|item| item.contains_key("record"));
        let plain = |item: &Map<String, Value>| {
            item.iter().map(|(name, attribute)| (name.clone(), plain_value(attribute))).collect()
        };
        items.map(plain).collect()
    }
}

/// The items of a list that the page does not have; `None` if it has all.
fn new_items<T: Serialize>(position: &mut Position, all: &[T], resets: u64) -> Option<Value> {
    let sent = position.advance(all.len(), resets);
    if sent == Some(all.len()) {
        return None;
    }
    let first = sent.unwrap_or_default().max(all.len().saturating_sub(MAX_ITEMS));
    Some(json!({"restart": sent.is_none(), "items": all.get(first..).unwrap_or_default()}))
}

/// The value of a typed attribute: `{"N": "1"}` becomes 1. A text that holds a JSON object becomes the object.
fn plain_value(attribute: &Value) -> Value {
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

    #[test]
    fn the_page_is_one_small_file_that_loads_nothing_else_and_writes_no_html() {
        assert!(PAGE.len() < 20_000, "{} bytes", PAGE.len());
        for forbidden in
            ["https://", "src=", "@import", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("]
        {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn new_items_are_sent_once_and_a_reset_starts_again() {
        let mut position = Position::default();
        for (all, resets, sent) in [
            (&[][..], 0, json!({"restart": true, "items": []})),
            (&[], 0, Value::Null),
            (&["a", "b"], 0, json!({"restart": false, "items": ["a", "b"]})),
            (&["a", "b"], 0, Value::Null),
            (&["a", "b", "c"], 0, json!({"restart": false, "items": ["c"]})),
            (&["x", "y", "z"], 1, json!({"restart": true, "items": ["x", "y", "z"]})),
            (&[], 2, json!({"restart": true, "items": []})),
        ] {
            assert_eq!(new_items(&mut position, all, resets).unwrap_or_default(), sent, "{all:?}");
        }
        let numbers: Vec<usize> = (0..MAX_ITEMS + 5).collect();
        let sent = new_items(&mut position, &numbers, 2).unwrap();
        assert_eq!((&sent["items"][0], sent["items"].as_array().unwrap().len()), (&json!(5), MAX_ITEMS));
    }

    #[test]
    fn an_attribute_loses_its_type_and_json_is_parsed() {
        for (attribute, value) in [
            (json!({"S": "text"}), json!("text")),
            (json!({"S": "{\"a\": 1}"}), json!({"a": 1})),
            (json!({"S": "{no JSON"}), json!("{no JSON")),
            (json!({"N": "1764000000000"}), json!(1_764_000_000_000_i64)),
            (json!({"BOOL": true}), json!({"BOOL": true})),
        ] {
            assert_eq!(plain_value(&attribute), value);
        }
    }
}
