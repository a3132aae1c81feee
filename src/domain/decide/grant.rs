//! Decides what it means that a record got no grant. CopyProjectVersion was not called, so each of these is a
//! definite "not now", whatever went wrong on the way.

use jiff::{SignedDuration, Timestamp};

use crate::domain::failure::{self, Failure};
use crate::domain::grant::Ungranted;
use crate::domain::record::{Record, WaitReason};
use crate::domain::refusal::{Meaning, Refusal};
use crate::domain::remedy;
use crate::domain::times::Times;

use super::start::{not_permitted, waiting};

/// The record after it asked for a grant in vain.
///
/// `role` is the source account's role that changes policies for us.
pub fn ungranted(record: Record, why: &Ungranted, role: &str, now: Timestamp, times: &Times) -> Record {
    let secs = SignedDuration::from_secs;
    match why {
        Ungranted::Full(text) => {
            // Waiting for room is no refusal: the time that a permission has to be seen begins anew.
            let record = Record { refused_since: None, ..record };
            let failure = Failure::new(failure::POLICY_FULL, text)
                .with_remedy(remedy::policy_full(record.copy.as_ref()));
            waiting(record, WaitReason::PolicyFull, failure, secs(10), secs(300), now)
        }
        Ungranted::Unavailable(text) => {
            let failure = Failure::new(failure::NOT_GRANTED, text);
            waiting(record, WaitReason::Unknown, failure, secs(10), secs(300), now)
        }
        Ungranted::Refused { refusal, .. } if Meaning::of(&refusal.code) == Meaning::Throttled => {
            let failure = Failure::new(&refusal.code, &refusal.message);
            waiting(record, WaitReason::Throttled, failure, secs(5), secs(300), now)
        }
        Ungranted::Refused { action, refusal: Refusal { code, message } } => {
            let failure = Failure::new(code, format!("{action}: {message}")).with_remedy(remedy::grant(
                action,
                role,
                record.copy.as_ref(),
            ));
            not_permitted(record, failure, now, times)
        }
    }
}
