//! Records that were read from a ledger of files or of a stack.

use rekognition_model_copier::domain::record::Record;

/// Records that were read.
#[derive(Debug, Default)]
pub struct Records {
    /// Those that can be read, oldest request first.
    pub records: Vec<Record>,
    /// Why the others could not be read.
    pub unreadable: Vec<String>,
}

impl Records {
    /// Adds other records.
    pub(crate) fn extend(&mut self, other: Self) {
        self.records.extend(other.records);
        self.unreadable.extend(other.unreadable);
    }

    /// Puts them in order: oldest request first.
    pub(crate) fn sort(&mut self) {
        self.records.sort_by_cached_key(|record| (record.header().requested_at, record.header().key.clone()));
    }
}
