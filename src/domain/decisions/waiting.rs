//! Decides how long a refused start waits before the next try, and when a missing permission is final.

use jiff::{SignedDuration, Timestamp};

use crate::domain::failure::{self, Failure};
use crate::domain::record::{Accepted, Outcome, State, WaitReason};
use crate::domain::times::{Times, backoff, saturating_add};

/// The shortest and the longest wait before the next try, in seconds.
pub(super) type Bounds = (i64, i64);

/// The record in the state Waiting, at the latest until its start times out. The first wait is announced as QUEUED.
pub(super) fn wait(
    accepted: Accepted,
    reason: WaitReason,
    failure: Failure,
    (floor, most): Bounds,
    now: Timestamp,
    times: &Times,
) -> Accepted {
    let seconds = SignedDuration::from_secs;
    let wait = backoff(seconds(floor), seconds(most), accepted.attempts, &accepted.header.key);
    let deadline = saturating_add(accepted.header.requested_at, times.start_timeout);
    let due = saturating_add(now, wait).min(deadline);
    accepted.enter(State::Waiting { due, reason, failure }, now)
}

/// The record of a request that reached a function whose clock is wrong. It waits for a sweep whose clock is right.
pub fn wait_for_right_clock(accepted: Accepted, now: Timestamp, times: &Times) -> Accepted {
    let failure =
        Failure::new(failure::CLOCK_SKEW, "the clock of the function that took the request is wrong");
    wait(accepted, WaitReason::Unknown, failure, (1, 60), now, times)
}

/// The record after a refusal for a missing permission. A new policy takes minutes to become visible, so the refusal
/// is final only after the permission time-out.
pub(super) fn wait_for_permission(
    accepted: Accepted,
    reason: WaitReason,
    failure: Failure,
    now: Timestamp,
    times: &Times,
) -> Accepted {
    let since = accepted.refused_since.unwrap_or(now);
    if now >= saturating_add(since, times.permission_timeout) {
        return accepted.end(Outcome::Failed(failure.into()), now);
    }
    wait_until_visible(accepted, reason, failure, now, times)
}

/// The record after a refusal that cannot be final yet.
pub(super) fn wait_until_visible(
    accepted: Accepted,
    reason: WaitReason,
    failure: Failure,
    now: Timestamp,
    times: &Times,
) -> Accepted {
    let accepted = Accepted { refused_since: Some(accepted.refused_since.unwrap_or(now)), ..accepted };
    wait(accepted, reason, failure, (5, 60), now, times)
}
