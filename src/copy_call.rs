//! Calls CopyProjectVersion for the start that owns a record's lease, and saves the result.

use tracing::{info, warn};

use crate::budget::Budget;
use crate::copier::Copier;
use crate::domain::aws_answer::{CopyAnswer, Refusal};
use crate::domain::decisions::copy_answer::copy_answer;
use crate::domain::decisions::policy_missing::policy_missing;
use crate::domain::decisions::starting::may_send;
use crate::domain::decisions::waiting::wait_for_right_clock;
use crate::domain::model::Version;
use crate::domain::record::{Accepted, Record};
use crate::ports::{Rekognition, Unavailable, Which, World};
use crate::project_policies::InvocationPolicies;

impl<W: World> Copier<W> {
    /// Calls CopyProjectVersion for the owner of the record's lease, and saves the result. `None` if another writer was
    /// faster.
    pub(crate) async fn call_copy(
        &self,
        accepted: Accepted,
        policies: &InvocationPolicies,
        budget: &Budget,
    ) -> Result<Option<Record>, Unavailable> {
        if let Some(skew) = self.clock_skew() {
            warn!(seconds = skew.as_secs(), "the function's clock is wrong: the start is left to a sweep");
            return self.save(wait_for_right_clock(accepted, self.now(), &self.rules.times)).await;
        }
        // INVARIANT: no call before the policy is in place. If it is not in place, no call is sent. So no copy can
        // appear later, and the request can wait without a lease.
        let policy_put_at = match self.ensure_policy(&accepted, policies, budget).await {
            Ok(put_at) => put_at,
            Err(why) => {
                info!(?why, "the source project's policy is not in place");
                return self.save(policy_missing(accepted, &why, self.now(), &self.rules)).await;
            }
        };
        // INVARIANT: checked after the policy was put, which takes time. A call that is sent more than two minutes
        // after the lease was taken could take effect after the lease has ended.
        if !may_send(&accepted, self.now()) || !budget.has_time_to_copy() {
            warn!(
                "too late to call: after the lease, a sweep looks for the copy, and calls if there is none"
            );
            return Ok(Some(accepted.into()));
        }
        let answer = self.world.rekognition().copy(&accepted.copy).await;
        match &answer {
            CopyAnswer::Accepted(_) => {}
            CopyAnswer::Refused(refusal) => {
                let Refusal { code, message, http_status } = refusal;
                info!(code, reason = message, httpStatus = http_status, "refused");
            }
            CopyAnswer::Unanswered { reason } => warn!(reason, "unanswered"),
        }
        let holder = match answer.is_name_taken() {
            true => self.name_holder(&accepted).await,
            false => None,
        };
        let (now, rules) = (self.now(), &self.rules);
        self.save(copy_answer(accepted, answer, holder.as_ref(), policy_put_at, now, rules)).await
    }

    /// The version that has the record's name; `None` if there is none or it could not be described.
    async fn name_holder(&self, accepted: &Accepted) -> Option<Version> {
        let copy = &accepted.copy;
        self.describe_rate.wait().await;
        let names = [copy.version_name.clone()];
        let which = Which::Named(&names);
        match self.world.rekognition().versions(&copy.destination_project_arn, which).await {
            Ok(page) => {
                page.items.into_iter().find(|version| version.arn.version_name() == copy.version_name)
            }
            Err(error) => {
                warn!(%error, "the version that has the name could not be described");
                None
            }
        }
    }
}
