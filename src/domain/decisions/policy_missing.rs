//! Decides what happens when the source project has no policy that admits the copier. CopyProjectVersion was not
//! called, so no call can take effect while the request waits.

use jiff::Timestamp;

use super::waiting::{wait, wait_for_permission};
use crate::domain::aws_answer::Meaning;
use crate::domain::failure::{self, Failure};
use crate::domain::project_policy::{PolicyError, PolicyMissing};
use crate::domain::record::{Accepted, WaitReason};
use crate::domain::remedy;
use crate::domain::rules::Rules;

/// The record after its source project's policy could not be put in place.
pub fn policy_missing(accepted: Accepted, why: &PolicyMissing, now: Timestamp, rules: &Rules) -> Accepted {
    let times = &rules.times;
    match why {
        PolicyMissing::NoSlot(names) => {
            let project = &accepted.copy.source_project_arn;
            let message = format!(
                "`{project}` has no free slot for policy `{}`: a project has room for five",
                rules.policies.policy.name
            );
            let failure = Failure::new(failure::POLICY_FULL, message).with_remedy(remedy::no_slot(names));
            // A project with five policies is not a missing permission. The next refusal for a missing permission
            // starts the permission time-out again.
            let accepted = Accepted { refused_since: None, ..accepted };
            wait(accepted, WaitReason::PolicyFull, failure, (10, 300), now, times)
        }
        PolicyMissing::Error(PolicyError::Conflict) => {
            let failure =
                Failure::new(failure::POLICY_NOT_PUT, "others keep changing the project's policies");
            wait(accepted, WaitReason::PolicyNotPut, failure, (10, 300), now, times)
        }
        PolicyMissing::Error(PolicyError::Unavailable(reason)) => {
            let failure = Failure::new(failure::POLICY_NOT_PUT, reason);
            wait(accepted, WaitReason::PolicyNotPut, failure, (10, 300), now, times)
        }
        PolicyMissing::Error(PolicyError::Refused { action, refusal }) => {
            let failure = Failure::new(&refusal.code, format!("{action}: {}", refusal.message));
            if Meaning::of(&refusal.code) == Meaning::Throttled {
                return wait(accepted, WaitReason::Throttled, failure, (5, 300), now, times);
            }
            let remedy = remedy::policy(action, &refusal.code, &accepted.copy, &rules.policies);
            wait_for_permission(accepted, WaitReason::PolicyNotPut, failure.with_remedy(remedy), now, times)
        }
    }
}
