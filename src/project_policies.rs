//! Puts the copier's project policy on source projects, so that CopyProjectVersion is permitted there.
//!
//! Within one invocation the requests for one source project share one List and one Put.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

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

/// How often the policies are listed when others change them.
const MAX_LISTS: usize = 3;

/// The source projects that an invocation has looked at, each with its policies or why they are not in place.
#[derive(Debug, Default)]
pub(crate) struct InvocationPolicies(StdMutex<HashMap<ProjectArn, Arc<Mutex<Known>>>>);

/// What an invocation knows of a project: nothing yet, or its policies as of now, or what went wrong.
type Known = Option<Result<Vec<ProjectPolicy>, PolicyMissing>>;

impl InvocationPolicies {
    fn of(&self, project: &ProjectArn) -> Arc<Mutex<Known>> {
        let mut projects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(projects.entry(project.clone()).or_default())
    }
}

impl<W: World> Copier<W> {
    /// Makes the source project's policy admit the copier, for the owner of the record's lease, if a role for that is set.
    /// Returns when the policy was last put.
    pub(crate) async fn ensure_policy(
        &self,
        accepted: &Accepted,
        known: &InvocationPolicies,
        budget: &Budget,
    ) -> Result<Option<Timestamp>, PolicyMissing> {
        if self.rules.policies.role_for(&accepted.copy).is_none() {
            return Ok(None);
        }
        // Once refusals have lasted, the policy is put no more, so that it gets old enough for a refusal to be final.
        let timeout = self.rules.times.permission_timeout;
        let was_refused =
            accepted.refused_since.is_some_and(|since| self.now() < saturating_add(since, timeout));
        let ensure = async {
            let known = known.of(&accepted.copy.source_project_arn);
            // One request at a time; the others then find what it has put.
            let mut known = known.lock().await;
            self.ensure(&accepted.copy.source_project_arn, was_refused, &mut known).await
        };
        let late = "the project's policy was not in place before the invocation's time was over";
        budget.before_copy().run(ensure).await.unwrap_or_else(|| Err(unavailable(late)))
    }

    async fn ensure(
        &self,
        project: &ProjectArn,
        was_refused: bool,
        known: &mut Known,
    ) -> Result<Option<Timestamp>, PolicyMissing> {
        let mut lists = 0;
        loop {
            let mut policies = match known.take() {
                Some(Err(why)) => {
                    *known = Some(Err(why.clone()));
                    return Err(why);
                }
                Some(Ok(policies)) => policies,
                None if lists == MAX_LISTS => {
                    let why = PolicyMissing::Error(PolicyError::Conflict);
                    *known = Some(Err(why.clone()));
                    return Err(why);
                }
                None => {
                    lists += 1;
                    self.policy_list_rates.wait(project.account()).await;
                    match self.world.rekognition().policies(project).await {
                        Ok(policies) => policies,
                        Err(error) => {
                            *known = Some(Err(PolicyMissing::Error(error.clone())));
                            return Err(PolicyMissing::Error(error));
                        }
                    }
                }
            };
            match self.bring_closer(project, &mut policies, was_refused).await {
                Ok(true) => {
                    let put_at = self.rules.policies.policy.put_at(&policies);
                    *known = Some(Ok(policies));
                    return Ok(put_at);
                }
                Ok(false) => *known = Some(Ok(policies)),
                // Another caller was faster: list again.
                Err(PolicyMissing::Error(PolicyError::Conflict)) => {}
                Err(why) => {
                    *known = Some(Err(why.clone()));
                    return Err(why);
                }
            }
        }
    }

    /// Makes one change if one is needed; returns whether the policy fits then.
    async fn bring_closer(
        &self,
        project: &ProjectArn,
        policies: &mut Vec<ProjectPolicy>,
        was_refused: bool,
    ) -> Result<bool, PolicyMissing> {
        let copiers = &self.rules.policies.policy;
        let change = copiers.change(policies, was_refused, self.now()).map_err(PolicyMissing::NoSlot)?;
        let Some(change) = change else { return Ok(true) };
        self.policy_change_rates.wait(project.account()).await;
        let rekognition = self.world.rekognition();
        match change {
            Change::Put { revision_id } => {
                // INVARIANT: read as late as possible: the policy must not outlive an hour from its Put.
                let now = self.now();
                let document = copiers.document(now);
                rekognition
                    .put_policy(project, &copiers.name, &document, revision_id.as_deref())
                    .await
                    .map_err(PolicyMissing::Error)?;
                info!(%project, policy = copiers.name, "put the project policy");
                policies.retain(|policy| policy.name != copiers.name);
                policies.push(ProjectPolicy {
                    name: copiers.name.clone(),
                    // It is under a minute old for the rest of the invocation, so that nothing replaces it.
                    revision_id: String::new(),
                    document,
                    updated_at: Some(now),
                });
                Ok(true)
            }
            Change::Delete { name, revision_id } => {
                rekognition
                    .delete_policy(project, &name, &revision_id)
                    .await
                    .map_err(PolicyMissing::Error)?;
                info!(%project, policy = name, "deleted an expired project policy to make room");
                policies.retain(|policy| policy.name != name);
                Ok(false)
            }
        }
    }
}

fn unavailable(reason: &str) -> PolicyMissing {
    PolicyMissing::Error(PolicyError::Unavailable(reason.to_owned()))
}
