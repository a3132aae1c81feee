//! The ledger: records with revisions, and an index that may lag behind them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::{Created, Cursor, Entry, Page};

use super::later;

type Place = (Step, Timestamp, RecordKey);

#[derive(Debug)]
struct Row {
    record: Arc<Record>,
    before: Option<Arc<Record>>,
}

/// A table with its index.
#[derive(Debug)]
pub struct Table {
    rows: HashMap<RecordKey, Row>,
    index: BTreeMap<Place, Entry>,
    places: HashMap<RecordKey, Place>,
    changes: VecDeque<(Timestamp, Arc<Record>)>,
    times: Times,
    /// How far the index lags.
    pub lag: std::time::Duration,
    /// The most entries of a page.
    pub page: usize,
    /// How many records have not ended or have something unpublished.
    pub unfinished: usize,
}

impl Table {
    /// An empty table.
    pub fn new(times: Times) -> Self {
        Self {
            rows: HashMap::new(),
            index: BTreeMap::new(),
            places: HashMap::new(),
            changes: VecDeque::new(),
            times,
            lag: std::time::Duration::ZERO,
            page: 1000,
            unfinished: 0,
        }
    }

    /// The record under `key`.
    pub fn get(&self, key: &RecordKey) -> Option<&Arc<Record>> {
        self.rows.get(key).map(|row| &row.record)
    }

    /// The record under `key` as it was before its last change.
    pub fn stale(&self, key: &RecordKey) -> Option<Record> {
        self.rows.get(key)?.before.as_deref().cloned()
    }

    /// Every record.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.rows.values().map(|row| &*row.record)
    }

    /// A write on condition that the key is free. Its own write, sent twice, is known again.
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

    /// A write on condition of the revision; gives the record before and after.
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
        let (was, is) = (
            before.as_ref().is_some_and(|record| record.next_step().is_some()),
            record.next_step().is_some(),
        );
        self.unfinished = self.unfinished + usize::from(is) - usize::from(was);
        self.rows.insert(record.header().key.clone(), Row { record: record.clone(), before });
        self.changes.push_back((later(now, self.lag), record.clone()));
        record
    }

    fn index(&mut self, now: Timestamp) {
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

    /// Whether anything is due, as of the index.
    pub fn has_due(&mut self, asked: Timestamp, now: Timestamp) -> bool {
        self.index(now);
        self.index.keys().any(|(_, due, _)| *due <= asked)
    }

    /// What is due, as of the index.
    pub fn due(
        &mut self,
        step: Step,
        asked: Timestamp,
        after: Option<Cursor>,
        now: Timestamp,
    ) -> Page<Entry> {
        self.index(now);
        let first = RecordKey { requester: String::new(), request_id: String::new() };
        let from = match after.as_ref().and_then(|cursor| cursor.0.split_once(' ')) {
            Some((due, key)) => (
                step,
                due.parse().ok().and_then(|due| Timestamp::from_millisecond(due).ok()).unwrap_or(asked),
                RecordKey::parse(key).unwrap_or(first),
            ),
            None => (step, Timestamp::MIN, first),
        };
        let due = self.index.range(from.clone()..).filter(|(place, _)| after.is_none() || **place != from);
        let mut due = due.take_while(|((of, due, _), _)| *of == step && *due <= asked).peekable();
        let mut page = Page::default();
        let mut last = None;
        while page.items.len() < self.page {
            let Some((place, entry)) = due.next() else { break };
            page.items.push(entry.clone());
            last = Some(place);
        }
        page.next = match (due.peek(), last) {
            (Some(_), Some((_, due, key))) => Some(Cursor(format!("{} {key}", due.as_millisecond()))),
            _ => None,
        };
        page
    }
}
