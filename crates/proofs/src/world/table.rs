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

/// The position of a record in the index.
type Place = (Step, Timestamp, RecordKey);

/// A write: the record after it and before it.
#[derive(Clone, Debug)]
pub struct Write {
    pub after: Arc<Record>,
    pub before: Option<Arc<Record>>,
}

#[derive(Debug)]
pub struct Table {
    /// The last write of each record.
    rows: HashMap<RecordKey, Write>,
    index: BTreeMap<Place, Entry>,
    /// Writes that the index does not show yet, each with the time from which on it does.
    changes: VecDeque<(Timestamp, Write)>,
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
            changes: VecDeque::new(),
            times,
            lag: Duration::ZERO,
            page_size: 1000,
            unfinished: 0,
        }
    }

    pub fn get(&self, key: &RecordKey) -> Option<&Arc<Record>> {
        self.rows.get(key).map(|row| &row.after)
    }

    /// Returns a record as it was before its last change.
    pub fn stale(&self, key: &RecordKey) -> Option<&Arc<Record>> {
        self.rows.get(key)?.before.as_ref()
    }

    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.rows.values().map(|row| &*row.after)
    }

    /// Writes a record if its key is free. The same write sent twice succeeds twice.
    pub fn create(&mut self, record: &Record, now: Timestamp) -> Created {
        match self.rows.get(&record.header().key) {
            Some(row) if *row.after != *record => Created::Exists((*row.after).clone()),
            Some(_) => Created::New(record.clone()),
            None => {
                self.put(Write { after: Arc::new(record.clone()), before: None }, now);
                Created::New(record.clone())
            }
        }
    }

    /// Writes a record if its revision is the latest one. The same write sent twice succeeds twice.
    pub fn save(&mut self, mut record: Record, now: Timestamp) -> Option<Write> {
        let before = self.get(&record.header().key)?.clone();
        record.header_mut().revision += 1;
        if before.header().revision + 1 == record.header().revision {
            let write = Write { after: Arc::new(record), before: Some(before) };
            self.put(write.clone(), now);
            return Some(write);
        }
        (*before == record).then(|| Write { after: before.clone(), before: Some(before) })
    }

    fn put(&mut self, write: Write, now: Timestamp) {
        let is_unfinished = |record: &Record| usize::from(record.next_step().is_some());
        self.unfinished += is_unfinished(&write.after);
        self.unfinished -= write.before.as_deref().map_or(0, is_unfinished);
        self.rows.insert(write.after.header().key.clone(), write.clone());
        self.changes.push_back((now + self.lag, write));
    }

    fn update_index(&mut self, now: Timestamp) {
        while let Some((_, write)) = self.changes.pop_front_if(|(from, _)| *from <= now) {
            if let Some(place) = write.before.as_deref().and_then(place_of) {
                self.index.remove(&place);
            }
            if let Some(place) = place_of(&write.after) {
                let entry = Entry::of(&write.after, place.1, &self.times);
                self.index.insert(place, entry);
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
        let first = RecordKey { requester: String::new(), request_id: String::new() };
        let from =
            after.map_or((step, Timestamp::MIN, first), |cursor| read(step, &cursor).expect("our cursor"));
        let due = self.index.range((Excluded(from), Unbounded));
        let mut due = due.take_while(|((of, due, _), _)| *of == step && *due <= until).peekable();
        let mut page = Page::default();
        while let Some(((_, at, key), entry)) = due.next() {
            page.items.push(entry.clone());
            if page.items.len() == self.page_size && due.peek().is_some() {
                page.next = Some(Cursor(format!("{} {key}", at.as_millisecond())));
                break;
            }
        }
        page
    }
}

fn place_of(record: &Record) -> Option<Place> {
    record.next_step().map(|(step, due)| (step, due, record.header().key.clone()))
}

fn read(step: Step, cursor: &Cursor) -> Option<Place> {
    let (due, key) = cursor.0.split_once(' ')?;
    Some((step, Timestamp::from_millisecond(due.parse().ok()?).ok()?, RecordKey::parse(key)?))
}
