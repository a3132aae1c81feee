//! People who cancel requests: each reads a record, decides, and writes two seconds later.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::domain::decisions::cancelling::cancel;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::Record;

use super::table::Table;
use super::{World, later};

/// From reading to writing: the functions may take the request further in between.
const THINKING: Duration = Duration::from_secs(2);

/// One who cancels a request.
#[derive(Debug)]
pub struct Cancel {
    key: RecordKey,
    reads_at: Timestamp,
    read: Option<Arc<Record>>,
}

impl Cancel {
    /// One who reads at this time.
    pub fn at(reads_at: Timestamp, key: RecordKey) -> Self {
        Self { key, reads_at, read: None }
    }

    fn read(&mut self, table: &Table, now: Timestamp) {
        if self.read.is_none() && self.reads_at <= now {
            self.read = table.get(&self.key).cloned();
        }
    }

    fn writes_by(&self, now: Timestamp) -> bool {
        later(self.reads_at, THINKING) <= now
    }
}

impl World {
    /// Lets people read and write what they would have by now.
    pub(super) fn cancel(&mut self) {
        let now = self.now;
        self.cancels.iter_mut().for_each(|cancel| cancel.read(&self.table, now));
        for written in self.cancels.extract_if(.., |cancel| cancel.writes_by(now)) {
            let Some(Record::Accepted(accepted)) = written.read.as_deref() else { continue };
            let Ok(cancelled) = cancel(accepted.clone(), now) else { continue };
            if let Some((before, after)) = self.table.save(cancelled.into(), now) {
                self.watch.saved(&before, &after, &self.models, now);
            }
        }
    }
}
