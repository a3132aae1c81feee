//! Decides when a record may be started: who may call CopyProjectVersion for it, and until when.

use jiff::Timestamp;

use crate::domain::arn::ProjectVersionArn;
use crate::domain::failure::{self, Failure};
use crate::domain::record::{Accepted, Copying, Lease, Outcome, StartedCopy, State};
use crate::domain::times::{SEND_WITHIN, Times, saturating_add};

/// What to do with a record that is due for starting.
#[derive(Clone, Debug, PartialEq)]
pub enum StartDecision {
    /// Save this record, which has a new lease, then call CopyProjectVersion.
    Call(Accepted),
    /// Save this record, and do not call.
    Save(Accepted),
    /// Do nothing: the record is not due, or its state has another step.
    NotDue,
}

/// Starts a waiting record that is due, or gives it up at its deadline.
pub fn decide_start(accepted: Accepted, owner: &str, now: Timestamp, times: &Times) -> StartDecision {
    let State::Waiting { due, failure, .. } = &accepted.state else { return StartDecision::NotDue };
    if has_start_timed_out(&accepted, now, times) {
        let failure = start_timed_out(times, Some(failure));
        return StartDecision::Save(accepted.end(Outcome::TimedOut(failure.into()), now));
    }
    if now < *due {
        return StartDecision::NotDue;
    }
    StartDecision::Call(with_new_lease(accepted, owner, now))
}

/// Whether the owner of the record's lease may still send its call.
///
/// More than two minutes after it took the lease, a start no longer calls, because its call could take effect after the
/// lease. The next start calls instead.
pub fn may_send(accepted: &Accepted, now: Timestamp) -> bool {
    match &accepted.state {
        State::Starting { lease, unanswered: false } => now < saturating_add(lease.since(), SEND_WITHIN),
        _ => false,
    }
}

/// Whether the time to start the request is over.
pub(super) fn has_start_timed_out(accepted: &Accepted, now: Timestamp, times: &Times) -> bool {
    now >= saturating_add(accepted.header.requested_at, times.start_timeout)
}

/// The record with a new lease, for another attempt.
pub(super) fn with_new_lease(mut accepted: Accepted, owner: &str, now: Timestamp) -> Accepted {
    if let State::Starting { lease, .. } = &accepted.state {
        // The old lease's owner may have called. Within one project AWS may not show a copy's source. The copier then
        // recognizes its own copy by comparing this time with the version's creation time.
        accepted.unanswered_starts.push(lease.since());
    }
    let state = State::Starting { lease: Lease::new(owner, now), unanswered: false };
    Accepted { attempts: accepted.attempts.saturating_add(1), ..accepted }.enter(state, now)
}

/// The record of a copy that was accepted or adopted as `arn`.
pub(super) fn begin_copying(
    accepted: Accepted,
    arn: ProjectVersionArn,
    adopted: bool,
    now: Timestamp,
) -> Accepted {
    let unsettled_until = match &accepted.state {
        State::Starting { lease, unanswered: true } if lease.until > now => Some(lease.until),
        _ => None,
    };
    let copying = Copying {
        copy: StartedCopy { project_version_arn: arn, adopted, started_at: now },
        unsettled_until,
        missing_since: None,
        is_overdue: false,
        model_status: None,
    };
    Accepted { refused_since: None, ..accepted }.enter(State::Copying(copying), now)
}

/// The failure of a request that could not be started in time.
pub(super) fn start_timed_out(times: &Times, last: Option<&Failure>) -> Failure {
    let hours = times.start_timeout.as_secs() / 3600;
    let limit = if hours > 0 { format!("{hours} h") } else { format!("{} s", times.start_timeout.as_secs()) };
    let why = match last {
        Some(last) => format!("{}: {}", last.code, last.message),
        None => "the last call was not answered".to_owned(),
    };
    let failure = Failure::new(
        failure::START_TIMED_OUT,
        format!("the copy could not be started within {limit}: {why}"),
    );
    match last.and_then(|last| last.remedy.clone()) {
        Some(remedy) => failure.with_remedy(remedy),
        None => failure,
    }
}
