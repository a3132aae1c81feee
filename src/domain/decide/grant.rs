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
            waiting(record, WaitReason::PolicyFull, failure, secs(10), secs(300), now, times)
        }
        Ungranted::Unavailable(text) => {
            let failure = Failure::new(failure::NOT_GRANTED, text);
            waiting(record, WaitReason::Unknown, failure, secs(10), secs(300), now, times)
        }
        Ungranted::Refused { refusal, .. } if Meaning::of(&refusal.code) == Meaning::Throttled => {
            let failure = Failure::new(&refusal.code, &refusal.message);
            waiting(record, WaitReason::Throttled, failure, secs(5), secs(300), now, times)
        }
        Ungranted::Refused { action, refusal: Refusal { code, message } } => {
            let failure = Failure::new(code, format!("{action}: {message}")).with_remedy(remedy::grant(
                action,
                code,
                role,
                record.copy.as_ref(),
            ));
            not_permitted(record, failure, now, times)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::announcement::Status;
    use crate::domain::examples::{at, starting};
    use crate::domain::record::State;

    const ROLE: &str = "arn:aws:iam::111122223333:role/grants";

    fn after(record: Record, why: &Ungranted, seconds: i64) -> Record {
        ungranted(record, why, ROLE, at(seconds), &Times::default())
    }

    fn refused(action: &'static str, code: &str) -> Ungranted {
        Ungranted::Refused { action, refusal: Refusal { code: code.to_owned(), message: "no".to_owned() } }
    }

    #[test]
    fn every_reason_waits_and_is_announced() {
        let full = Ungranted::Full("no room".to_owned());
        let silent = Ungranted::Unavailable("timed out".to_owned());
        for (why, reason, code) in [
            (full, WaitReason::PolicyFull, "PolicyFull"),
            (silent, WaitReason::Unknown, "NotGranted"),
            (refused("sts:AssumeRole", "Throttling"), WaitReason::Throttled, "Throttling"),
            (refused("sts:AssumeRole", "AccessDenied"), WaitReason::Permission, "AccessDenied"),
            (
                refused("rekognition:PutProjectPolicy", "MalformedPolicyDocumentException"),
                WaitReason::Permission,
                "MalformedPolicyDocumentException",
            ),
        ] {
            let record = after(starting(), &why, 0);
            let State::Waiting { reason: waits, failure, .. } = &record.state else { panic!("{why:?}") };
            assert_eq!((*waits, failure.code.as_str()), (reason, code));
            assert_eq!(record.announced, [Status::Queued]);
        }
    }

    #[test]
    fn a_refusal_that_lasts_is_final_and_names_role_and_action() {
        let why = refused("sts:AssumeRole", "AccessDenied");
        let record = after(after(starting(), &why, 0), &why, 899);
        assert!(!record.is_ended());
        let record = after(record, &why, 900);
        let failure = record.failure().unwrap();
        assert!(record.is_ended() && failure.message.starts_with("sts:AssumeRole: "));
        assert!(failure.remedy.as_deref().unwrap().contains(ROLE));
    }

    #[test]
    fn waiting_for_room_is_no_refusal_and_lasts_as_long_as_a_start_may() {
        let full = Ungranted::Full("no room".to_owned());
        let denied = refused("sts:AssumeRole", "AccessDenied");
        let record = after(after(starting(), &denied, 0), &full, 3600);
        assert_eq!(record.refused_since, None);
        let record = after(record, &denied, 7200);
        assert!(!record.is_ended(), "the time that a permission has begins anew");
    }
}
