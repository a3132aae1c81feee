//! How long each thing may take, and how long to wait before a retry.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

/// How long a lease lasts.
///
/// Longer than [`SEND_WITHIN`] and [`SIGNATURE_LIFETIME`] together: a call that was sent in time can take effect as
/// long as its signature is valid, and nothing may be concluded before that.
pub const LEASE_DURATION: SignedDuration = SignedDuration::from_mins(20);
/// How soon after taking the lease a start may still send its call.
pub const SEND_WITHIN: SignedDuration = SignedDuration::from_mins(2);
/// How long AWS may accept a signed call. AWS documents five minutes for most calls, so this is on the safe side.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>
pub const SIGNATURE_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// How far apart two polls that miss a version have to be before it counts as deleted.
pub const DELETED_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// How much the clocks of a function and of Rekognition may differ.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The times a deployment may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// From the request until the start is given up.
    pub start_timeout: SignedDuration,
    /// From the start until the copy is given up.
    pub copy_timeout: SignedDuration,
    /// From the start until a copy is announced as OVERDUE.
    pub overdue_after: SignedDuration,
    /// From the first AccessDenied or ResourceNotFound until it is final.
    pub permission_timeout: SignedDuration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            start_timeout: SignedDuration::from_hours(24),
            copy_timeout: SignedDuration::from_hours(24),
            overdue_after: SignedDuration::from_hours(2),
            permission_timeout: SignedDuration::from_mins(15),
        }
    }
}

/// `time` plus `duration`, or the last time that can be written.
pub fn saturating_add(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(if duration.is_negative() { Timestamp::MIN } else { Timestamp::MAX })
}

/// The wait before the next try: between `floor` and a ceiling that doubles with every attempt, up to `most`.
///
/// Full jitter (<https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>), computed from
/// what identifies the attempt instead of a random number: requests spread in the same way, and a replayed simulation
/// sees the same wait.
pub fn backoff(floor: SignedDuration, most: SignedDuration, attempt: u32, seed: impl Hash) -> SignedDuration {
    let ceiling = floor.saturating_mul(1_i32.checked_shl(attempt.min(20)).unwrap_or(i32::MAX)).min(most);
    let spread = u64::try_from((ceiling - floor).as_millis()).unwrap_or(0);
    let mut hasher = DefaultHasher::new();
    (seed, attempt).hash(&mut hasher);
    let part = hasher.finish() % spread.saturating_add(1);
    floor + SignedDuration::from_millis(i64::try_from(part).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backoff_stays_between_its_bounds_and_spreads() {
        let (floor, most) = (SignedDuration::from_secs(5), SignedDuration::from_mins(5));
        let waits: Vec<_> = (0..200).map(|seed| backoff(floor, most, 30, seed)).collect();
        assert!(waits.iter().all(|wait| (floor..=most).contains(wait)));
        assert!(waits.iter().filter(|wait| **wait > (floor + most) / 2).count() > 50);
        assert!((0..200).all(|seed| backoff(floor, most, 1, seed) <= floor * 2));
    }

    #[test]
    fn a_lease_outlasts_a_call_that_was_sent_as_late_as_it_may_be() {
        assert!(LEASE_DURATION > SEND_WITHIN + SIGNATURE_LIFETIME);
    }

    #[test]
    fn time_has_a_beginning_and_an_end() {
        assert_eq!(saturating_add(Timestamp::MAX, DELETED_AFTER), Timestamp::MAX);
        assert_eq!(saturating_add(Timestamp::MIN, -DELETED_AFTER), Timestamp::MIN);
    }
}
