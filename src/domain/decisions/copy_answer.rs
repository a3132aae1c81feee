//! Decides the next state of a record from an answer of CopyProjectVersion. [`Meaning::of`] says what the name of an
//! error means; `decide_refusal` says what each meaning leads to.

use jiff::Timestamp;

use super::name_holder::name_taken;
use super::starting::begin_copying;
use super::waiting::{wait, wait_for_permission, wait_until_visible};
use crate::domain::aws_answer::{CopyAnswer, Meaning, Refusal};
use crate::domain::failure::Failure;
use crate::domain::model::Version;
use crate::domain::project_policy::is_visible;
use crate::domain::record::{Accepted, Outcome, State, WaitReason};
use crate::domain::remedy;
use crate::domain::rules::Rules;

/// Decides for the owner of the record's lease. `holder`: the version that has the name, if the answer says that the
/// name is taken and the version could be described. `policy_put_at`: when the copier last put its project policy, if
/// it puts one.
pub fn copy_answer(
    accepted: Accepted,
    answer: CopyAnswer,
    holder: Option<&Version>,
    policy_put_at: Option<Timestamp>,
    now: Timestamp,
    rules: &Rules,
) -> Accepted {
    match answer {
        CopyAnswer::Accepted(arn) => begin_copying(accepted, arn, false, now),
        CopyAnswer::Unanswered { .. } => keep_starting(accepted, now),
        CopyAnswer::Refused(refusal) => decide_refusal(accepted, &refusal, holder, policy_put_at, now, rules),
    }
}

/// INVARIANT: a call without an answer may have worked, or may still take effect. The record stays Starting, and
/// nobody calls again before the lease ends: that could make a second copy.
fn keep_starting(accepted: Accepted, now: Timestamp) -> Accepted {
    match accepted.state.clone() {
        State::Starting { lease, .. } => accepted.enter(State::Starting { lease, unanswered: true }, now),
        _ => accepted,
    }
}

fn decide_refusal(
    accepted: Accepted,
    refusal: &Refusal,
    holder: Option<&Version>,
    policy_put_at: Option<Timestamp>,
    now: Timestamp,
    rules: &Rules,
) -> Accepted {
    let Refusal { code, message, .. } = refusal;
    let failure = Failure::new(code, message);
    let times = &rules.times;
    match Meaning::of(code) {
        Meaning::NameTaken => name_taken(accepted, holder, now, times),
        // The ports report such an error as no answer. Taken as a refusal, it could make a second copy.
        Meaning::Unanswered => keep_starting(accepted, now),
        Meaning::Invalid => accepted.end(Outcome::Failed(failure.into()), now),
        Meaning::Permission => {
            let remedy = remedy::permission(code, message, &accepted.copy, &rules.policies);
            let failure = failure.with_remedy(remedy);
            // While a new policy may not be visible yet, a refusal is never final, even after the permission time-out.
            match is_visible(policy_put_at, now) {
                true => wait_for_permission(accepted, WaitReason::Permission, failure, now, times),
                false => wait_until_visible(accepted, WaitReason::Permission, failure, now, times),
            }
        }
        Meaning::Throttled => wait(accepted, WaitReason::Throttled, failure, (5, 300), now, times),
        Meaning::Unknown => wait(accepted, WaitReason::Unknown, failure, (30, 900), now, times),
        // AWS checks permissions before limits, so this call was permitted. The next refusal for a missing permission
        // starts the permission time-out again.
        Meaning::Limit => {
            let accepted = Accepted { refused_since: None, ..accepted };
            wait(accepted, WaitReason::Quota, failure, (120, 1800), now, times)
        }
        Meaning::Quota => {
            let accepted = Accepted { refused_since: None, ..accepted };
            let failure = failure.with_remedy(remedy::quota(&accepted.copy));
            wait(accepted, WaitReason::Quota, failure, (300, 3600), now, times)
        }
    }
}
