//! A DynamoDB table with its sparse index `due`, as far as the ledger uses one: items are attributes, and nobody here
//! knows what they mean.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use proofs::world::later;
use serde_json::{Map, Value};

/// An item: attributes in DynamoDB's JSON, as `{"S": "text"}`.
pub type Item = Map<String, Value>;

/// What the template's index holds besides its keys.
const PROJECTED: [&str; 8] = [
    "id",
    "step",
    "due",
    "requestedAt",
    "destinationProjectArn",
    "versionName",
    "projectVersionArn",
    "checkAt",
];

/// Where an item is in the index: `step`, `due` and `id`.
type Place = (String, i64, String);

#[derive(Debug)]
struct Row {
    item: Item,
    before: Option<Item>,
}

/// A table.
#[derive(Debug, Default)]
pub struct Items {
    rows: HashMap<String, Row>,
    index: BTreeMap<Place, Item>,
    places: HashMap<String, Place>,
    changes: VecDeque<(Timestamp, String, Item)>,
}

/// A page of the index.
#[derive(Debug, Default)]
pub struct Page {
    /// Its items, in the index's order.
    pub items: Vec<Item>,
    /// Whether there are more.
    pub more: bool,
}

impl Items {
    /// The item of this id.
    pub fn get(&self, id: &str) -> Option<&Item> {
        self.rows.get(id).map(|row| &row.item)
    }

    /// The item of this id as it was before its last change: what a read may see that isn't consistent.
    pub fn before(&self, id: &str) -> Option<&Item> {
        self.rows.get(id)?.before.as_ref()
    }

    /// Puts an item in the place of the one that has its id. The index follows after `lag`.
    pub fn put(&mut self, item: Item, now: Timestamp, lag: Duration) {
        let id = string(&item, "id").unwrap_or_default().to_owned();
        let before = self.rows.remove(&id).map(|row| row.item);
        self.changes.push_back((later(now, lag), id.clone(), item.clone()));
        self.rows.insert(id, Row { item, before });
    }

    fn follow(&mut self, now: Timestamp) {
        while self.changes.front().is_some_and(|(from, ..)| *from <= now) {
            let Some((_, id, item)) = self.changes.pop_front() else { break };
            if let Some(place) = self.places.remove(&id) {
                self.index.remove(&place);
            }
            if let Some(place) = place(&item) {
                let projected = item.into_iter().filter(|(name, _)| PROJECTED.contains(&name.as_str()));
                self.index.insert(place.clone(), projected.collect());
                self.places.insert(id, place);
            }
        }
    }

    /// What has this step and is due by `until`, after `start` and at most `limit` of it, as the index sees it.
    pub fn due(
        &mut self,
        step: &str,
        until: i64,
        start: Option<&Item>,
        limit: usize,
        now: Timestamp,
    ) -> Page {
        self.follow(now);
        let from = start.and_then(place).unwrap_or_else(|| (step.to_owned(), i64::MIN, String::new()));
        let found =
            self.index.range(from.clone()..).skip_while(|(place, _)| start.is_some() && **place == from);
        let mut found =
            found.take_while(|((of, due, _), _)| of == step && *due <= until).map(|(_, item)| item);
        let items = found.by_ref().take(limit).cloned().collect();
        Page { items, more: found.next().is_some() }
    }
}

fn place(item: &Item) -> Option<Place> {
    let due = item.get("due")?.get("N")?.as_str()?.parse().ok()?;
    Some((string(item, "step")?.to_owned(), due, string(item, "id")?.to_owned()))
}

/// An attribute that is a text.
pub fn string<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.get("S")?.as_str()
}
