//! The ledger: records with revisions, and an index that may lag behind the records.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::{Created, Cursor, Entry, Page};

use super::later;

/// The position of a record in the index.
type Place = (Step, Timestamp, RecordKey);

#[derive(Debug)]
struct Row {
    record: Arc<Record>,
    before: Option<Arc<Record>>,
}

#[derive(Debug)]
pub struct Table {
    rows: HashMap<RecordKey, Row>,
    index: BTreeMap<Place, Entry>,
    places: HashMap<RecordKey, Place>,
    /// Writes that the index does not show yet, each with the time from which on it does.
    changes: VecDeque<(Timestamp, Arc<Record>)>,
    times: Times,
    /// How far the index lags behind the records.
    pub lag: Duration,
    /// The most entries of a page.
    pub page_size: usize,
    /// How many records have a next step.
    pub unfinished: usize,
}

impl Table {
    pub fn new(times: Times) -> Self {
        Self {
            rows: HashMap::new(),
            index: BTreeMap::new(),
            places: HashMap::new(),
            changes: VecDeque::new(),
            times,
            lag: Duration::ZERO,
            page_size: 1000,
            unfinished: 0,
        }
    }

    pub fn get(&self, key: &RecordKey) -> Option<&Arc<Record>> {
        self.rows.get(key).map(|row| &row.record)
    }

    /// Returns a record as it was before its last change.
    pub fn stale(&self, key: &RecordKey) -> Option<&Arc<Record>> {
        self.rows.get(key)?.before.as_ref()
    }

    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.rows.values().map(|row| &*row.record)
    }

    /// Writes a record if its key is free. The same write sent twice succeeds twice.
    pub fn create(&mut self, record: &Record, now: Timestamp) -> Created {
        match self.rows.get(&record.header().key) {
            Some(row) if *row.record == *record => Created::New(record.clone()),
            Some(row) => Created::Exists((*row.record).clone()),
            None => {
                self.put(record.clone(), None, now);
                Created::New(record.clone())
            }
        }
    }

    /// Writes a record if its revision is the latest one; returns the record before and after. The same write sent twice
    /// succeeds twice.
    pub fn save(&mut self, record: Record, now: Timestamp) -> Option<(Arc<Record>, Arc<Record>)> {
        let row = self.rows.get(&record.header().key)?;
        let before = row.record.clone();
        let mut next = record;
        next.header_mut().revision += 1;
        if before.header().revision + 1 == next.header().revision {
            let after = self.put(next, Some(before.clone()), now);
            return Some((before, after));
        }
        (*before == next).then(|| (before.clone(), before))
    }

    fn put(&mut self, record: Record, before: Option<Arc<Record>>, now: Timestamp) -> Arc<Record> {
        let record = Arc::new(record);
        let is_unfinished = |record: &Record| usize::from(record.next_step().is_some());
        self.unfinished += is_unfinished(&record);
        self.unfinished -= before.as_deref().map_or(0, is_unfinished);
        self.rows.insert(record.header().key.clone(), Row { record: record.clone(), before });
        self.changes.push_back((later(now, self.lag), record.clone()));
        record
    }

    fn update_index(&mut self, now: Timestamp) {
        while self.changes.front().is_some_and(|(from, _)| *from <= now) {
            let Some((_, record)) = self.changes.pop_front() else { break };
            if let Some(place) = self.places.remove(&record.header().key) {
                self.index.remove(&place);
            }
            if let Some((step, due)) = record.next_step() {
                let place = (step, due, record.header().key.clone());
                self.index.insert(place.clone(), Entry::of(&record, due, &self.times));
                self.places.insert(record.header().key.clone(), place);
            }
        }
    }

    /// Whether the index has an entry that is due at `until`.
    pub fn has_due(&mut self, until: Timestamp, now: Timestamp) -> bool {
        self.update_index(now);
        self.index.keys().any(|(_, due, _)| *due <= until)
    }

    /// Returns a page of the index: the entries of a step that are due at `until`.
    pub fn due(
        &mut self,
        step: Step,
        until: Timestamp,
        after: Option<Cursor>,
        now: Timestamp,
    ) -> Page<Entry> {
        self.update_index(now);
        let first = (step, Timestamp::MIN, RecordKey { requester: String::new(), request_id: String::new() });
        let from = after.map_or(Excluded(first), |cursor| Excluded(place_of(step, &cursor)));
        let due = self.index.range((from, Unbounded));
        let mut due = due.take_while(|((of, due, _), _)| *of == step && *due <= until).peekable();
        let mut page = Page::default();
        while let Some((place, entry)) = due.next() {
            page.items.push(entry.clone());
            if page.items.len() == self.page_size && due.peek().is_some() {
                page.next = Some(Cursor(format!("{} {}", place.1.as_millisecond(), place.2)));
                break;
            }
        }
        page
    }
}

fn place_of(step: Step, cursor: &Cursor) -> Place {
    let place = cursor.0.split_once(' ').and_then(|(due, key)| {
        Some((step, Timestamp::from_millisecond(due.parse().ok()?).ok()?, RecordKey::parse(key)?))
    });
    place.expect("a cursor of this table")
}
