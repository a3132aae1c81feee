//! Records that were read from a ledger of files or of a stack.

use std::fmt::Display;

use rekognition_model_copier::domain::record::Record;

/// Records that were read.
#[derive(Debug, Default)]
pub struct Records {
    /// The wanted ones, oldest request first.
    pub records: Vec<Record>,
    /// Why others could not be read.
    pub unreadable: Vec<String>,
}

impl Records {
    /// Adds a record if it is wanted, or why it could not be read.
    pub(crate) fn add(&mut self, record: Result<Record, impl Display>, is_wanted: impl Fn(&Record) -> bool) {
        match record {
            Ok(record) if is_wanted(&record) => self.records.push(record),
            Ok(_) => {}
            Err(error) => self.unreadable.push(error.to_string()),
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.records.extend(other.records);
        self.unreadable.extend(other.unreadable);
    }

    /// Puts them in order: oldest request first.
    pub(crate) fn sort(&mut self) {
        self.records.sort_by_cached_key(|record| (record.header().requested_at, record.header().key.clone()));
    }
}
