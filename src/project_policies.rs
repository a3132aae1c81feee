//! Puts the copier's project policy on source projects, so that CopyProjectVersion is permitted there.
//!
//! Within one invocation the requests for one source project share one List and one Put.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tracing::info;

use crate::budget::Budget;
use crate::copier::Copier;
use crate::domain::arn::ProjectArn;
use crate::domain::project_policy::{Change, PolicyError, PolicyMissing, ProjectPolicy};
use crate::domain::record::Accepted;
use crate::domain::times::saturating_add;
use crate::ports::{Rekognition, World};

/// How often the copier tries to put its policy. After a conflict with another caller it lists the policies again.
const MAX_TRIES: usize = 3;

/// What an invocation knows of each source project.
#[derive(Debug, Default)]
pub(crate) struct InvocationPolicies(RefCell<HashMap<ProjectArn, Rc<Mutex<Known>>>>);

/// What an invocation knows of a project: nothing yet, its policies, or why the copier's is not in place.
type Known = Option<Result<Policies, PolicyMissing>>;

/// The policies of a project in which the copier's fits.
#[derive(Clone, Debug)]
enum Policies {
    /// As Rekognition listed them.
    Listed(Vec<ProjectPolicy>),
    /// This invocation has put the copier's at this time.
    PutAt(Timestamp),
}

impl InvocationPolicies {
    fn of(&self, project: &ProjectArn) -> Rc<Mutex<Known>> {
        Rc::clone(self.0.borrow_mut().entry(project.clone()).or_default())
    }
}

impl<W: World> Copier<W> {
    /// Puts the copier's policy on the source project, unless a fitting one exists or no role is set. Only the owner
    /// of the record's lease calls this. Returns the time of the policy's last put.
    pub(crate) async fn ensure_policy(
        &self,
        accepted: &Accepted,
        known: &InvocationPolicies,
        budget: &Budget,
    ) -> Result<Option<Timestamp>, PolicyMissing> {
        if self.rules.policies.role_for(&accepted.copy).is_none() {
            return Ok(None);
        }
        // Until the permission time-out, a refusal makes the copier put its policy again. It does not do so after the
        // time-out, so the next refusal comes more than a minute after the last put, and is final.
        let timeout = self.rules.times.permission_timeout;
        let was_refused =
            accepted.refused_since.is_some_and(|since| self.now() < saturating_add(since, timeout));
        let project = &accepted.copy.source_project_arn;
        let put = async {
            let known = known.of(project);
            // One request at a time; the others find the policy that it has put.
            let mut known = known.lock().await;
            let result = match known.take() {
                None => self.make_fit(project, was_refused, None).await,
                Some(Ok(Policies::Listed(listed))) => self.make_fit(project, was_refused, Some(listed)).await,
                Some(result) => result,
            };
            *known = Some(result.clone());
            result.map(|policies| match policies {
                Policies::Listed(listed) => self.rules.policies.policy.put_at(&listed),
                Policies::PutAt(time) => Some(time),
            })
        };
        let late = "the project's policy was not in place before the invocation's time was over";
        let late = || Err(PolicyError::Unavailable(late.to_owned()).into());
        budget.before_copy().run(put).await.unwrap_or_else(late)
    }

    /// Lists the project's policies and changes them until the copier's fits. After a conflict it lists them again.
    async fn make_fit(
        &self,
        project: &ProjectArn,
        was_refused: bool,
        mut listed: Option<Vec<ProjectPolicy>>,
    ) -> Result<Policies, PolicyMissing> {
        for _ in 0..MAX_TRIES {
            let policies = match listed.take() {
                Some(listed) => listed,
                None => {
                    self.policy_list_rates.wait(project.account()).await;
                    self.world.rekognition().policies(project).await?
                }
            };
            match self.make_changes(project, policies, was_refused).await {
                // Another caller was faster.
                Err(PolicyMissing::Error(PolicyError::Conflict)) => {}
                result => return result,
            }
        }
        Err(PolicyError::Conflict.into())
    }

    /// Makes the changes that are needed, if any.
    async fn make_changes(
        &self,
        project: &ProjectArn,
        mut policies: Vec<ProjectPolicy>,
        was_refused: bool,
    ) -> Result<Policies, PolicyMissing> {
        let (copiers, rekognition) = (&self.rules.policies.policy, self.world.rekognition());
        while let Some(change) =
            copiers.change(&policies, was_refused, self.now()).map_err(PolicyMissing::NoSlot)?
        {
            self.policy_change_rates.wait(project.account()).await;
            match change {
                Change::Put { revision_id } => {
                    // INVARIANT: the time is read just before the put, so that the policy allows nothing later than
                    // one hour after it.
                    let now = self.now();
                    let document = copiers.document(now);
                    rekognition.put_policy(project, &copiers.name, &document, revision_id.as_deref()).await?;
                    info!(%project, policy = copiers.name, "put the project policy");
                    return Ok(Policies::PutAt(now));
                }
                Change::Delete { name, revision_id } => {
                    rekognition.delete_policy(project, &name, &revision_id).await?;
                    info!(%project, policy = name, "deleted an expired project policy to make room");
                    policies.retain(|policy| policy.name != name);
                }
            }
        }
        Ok(Policies::Listed(policies))
    }
}
