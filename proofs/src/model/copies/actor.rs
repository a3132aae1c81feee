//! A function instance: what it does next, and what it has read for that.

use super::decide::Input;
use super::record::Rec;

/// What a function instance is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nothing.
    Idle,
    /// Call, if the lease is not too old.
    Call(u8, Rec, bool),
    /// Read the answer.
    Answer(u8, Rec, bool, Input),
    /// Look by whom the name is taken.
    LookUp(u8, Rec, bool),
    /// Load the record and decide on what was seen.
    Decide(u8, Input),
    /// Write the lease, then call.
    Lease(u8, Rec, bool),
    /// Write the record.
    Write(u8, Rec, bool),
    /// Publish what is unpublished.
    Publish(u8, Rec, bool),
    /// Mark it as published.
    Mark(u8, Rec, bool),
}

impl Actor {
    /// The snapshot that it has: whose record, as it was read, and whether that is still the present revision.
    fn snapshot(&mut self) -> Option<(u8, &mut Rec, &mut bool)> {
        match self {
            Self::Idle | Self::Decide(..) => None,
            Self::Call(r, rec, fresh)
            | Self::Answer(r, rec, fresh, _)
            | Self::LookUp(r, rec, fresh)
            | Self::Lease(r, rec, fresh)
            | Self::Write(r, rec, fresh)
            | Self::Publish(r, rec, fresh)
            | Self::Mark(r, rec, fresh) => Some((*r, rec, fresh)),
        }
    }

    /// Changes the record that was read.
    pub fn each(&mut self, change: impl FnOnce(&mut Rec)) {
        if let Some((_, rec, _)) = self.snapshot() {
            change(rec);
        }
    }

    /// Somebody has written a request's record.
    pub fn goes_stale(&mut self, r: u8) {
        if let Some((of, _, fresh)) = self.snapshot()
            && of == r
        {
            *fresh = false;
        }
    }
}
