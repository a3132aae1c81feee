//! What happens next: every transition of a [`Record`](super::record::Record), as pure functions of the
//! record, what was seen, and the time.
//!
//! | file | decides after |
//! |---|---|
//! | [`start`] | a record becomes due for starting; a call of CopyProjectVersion was answered |
//! | [`grant`] | a record got no grant for its model, so that CopyProjectVersion was not called |
//! | [`name`] | the version name was looked up, because of a taken name or a lost answer |
//! | [`look`] | the copy was looked at |
//!
//! INVARIANTS, each with a test that fails without it:
//! - CopyProjectVersion is called for a record in [`State::Starting`](super::record::State::Starting) only:
//!   never for one that has an ARN or an outcome.
//! - No failure is recorded while a call that was sent could still land.
//! - A record ends once; nothing leads out of [`State::Ended`](super::record::State::Ended).

pub mod grant;
pub mod look;
pub mod name;
pub mod start;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::announcement::Status;
use super::arn::ProjectVersionArn;
use super::record::{Copying, Record, State};

/// The record of a copy that is under way as `arn`.
fn started(record: Record, arn: ProjectVersionArn, adopted: bool, now: Timestamp) -> Record {
    let unsettled_until = match &record.state {
        State::Starting { lease, unanswered: true } if lease.until > now => Some(lease.until),
        _ => None,
    };
    let copying =
        Copying { project_version_arn: arn, adopted, started_at: now, unsettled_until, doubt: None };
    Record { state: State::Copying(copying), refused_since: None, ..record }.announcing(
        Status::Started,
        None,
        now,
    )
}
