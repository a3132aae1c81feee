//! Takes a record into a new state, together with the announcement of that state.
//!
//! INVARIANT: one write saves both. With two writes, a crash in between would lose the announcement.

use jiff::Timestamp;

use super::announcement::Announcement;
use super::failure::Failure;
use super::record::{Accepted, Announced, Ended, Header, Outcome, Rejected, State};
use super::request::ReadableFields;

impl Accepted {
    /// The request in another state. If the state's status was not announced yet, its announcement goes into the same
    /// write.
    pub(super) fn enter(mut self, state: State, now: Timestamp) -> Self {
        self.state = state;
        if let Some(status) = self.status()
            && !self.header.has_announced(status)
        {
            let announcement = Announcement::of_accepted(&self, status);
            self.header.announce(&announcement, now);
        }
        self
    }

    /// The request, ended with this outcome.
    pub(super) fn end(self, outcome: Outcome, now: Timestamp) -> Self {
        self.enter(State::Ended(Ended { at: now, outcome }), now)
    }
}

impl Rejected {
    /// A rejected request, with its announcement in the outbox.
    pub fn new(header: Header, fields: ReadableFields, failure: Failure, now: Timestamp) -> Self {
        let mut rejected = Self { header, fields, failure, at: now };
        let announcement = Announcement::of_rejected(&rejected);
        rejected.header.announce(&announcement, now);
        rejected
    }
}

impl Header {
    /// Puts an announcement into the outbox.
    fn announce(&mut self, announcement: &Announcement, now: Timestamp) {
        let code = announcement.failure.as_ref().map(|failure| failure.code.clone());
        self.announced.push(Announced { status: announcement.status, at: now, code });
        self.outbox.push(announcement.to_outgoing(now));
    }
}
