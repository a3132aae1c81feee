//! Grants and withdraws: makes a source project's policy say what its grants say.
//!
//! Two steps, always in this order: write the grants in the ledger, then bring the policy in line with them. The
//! first is what counts; the second can be done by anybody, at any time, as often as they like. So a crash between
//! the two leaves grants that are due, and the next sweep brings their policy in line.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Turn;
use tokio::time::timeout;
use tracing::info;

use crate::copier::Copier;
use crate::domain::arn::ProjectArn;
use crate::domain::decide::start::may_call;
use crate::domain::grant::{Asked, Grants, Holder, PolicyError, Ungranted, needs_grant, policy_name};
use crate::domain::record::Record;
use crate::ports::{Bus, Clock, Ledger, Rekognition, Unavailable};

/// How often a write is tried when others are faster each time.
const ROUNDS: usize = 20;
/// How often a policy is looked at when it was changed meanwhile, or a reading of it is old.
const LOOKS: usize = 6;
/// How long a grant, or looking after the grants of a project, may take: an account that does not answer must leave
/// time for a batch's other requests, and for the call.
pub(crate) const WITHIN: Duration = Duration::from_secs(15);

/// Whose turn it is with a project, among those who do this process's work at once, and the revision of the grants
/// that its policy was last brought in line with.
///
/// Not for safety, which is in the revisions, but so that they are not in each other's way: ten requests of a batch
/// write the grants one after the other, and one change of the policy does for all of them.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<ProjectArn, Arc<Turn<u64>>>>);

impl Turns {
    fn of(&self, project: &ProjectArn) -> Arc<Turn<u64>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(project.clone()).or_default())
    }
}

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Copier<L, R, B, C> {
    /// Sees to it that the record's model may be copied, for the holder of the record's lease.
    pub(crate) async fn grant(&self, record: &Record) -> Result<(), Ungranted> {
        let Some(copy) = record.copy.as_ref().filter(|_| record.grant) else { return Ok(()) };
        let project = &copy.source_project_arn;
        if !self.rules.granting.serves(project.account()) {
            return Ok(());
        }
        let holder =
            Holder { key: record.key.clone(), project_version_arn: copy.source_project_version_arn.clone() };
        let granted = timeout(WITHIN, async {
            let given = self.hold(project, &holder).await?;
            self.align_for(project, given).await.map_err(Ungranted::from)
        });
        let late = |_| Ungranted::Unavailable(format!("the grant took longer than {} s", WITHIN.as_secs()));
        granted.await.map_err(late)??;
        if may_call(record, self.now()) {
            Ok(())
        } else {
            Err(Ungranted::Unavailable("the grant took longer than a call may wait".to_owned()))
        }
    }

    /// Withdraws the grant of a record that has ended: from the grants, so that the policy is due.
    pub(crate) async fn release(&self, record: &Record) -> Result<(), Unavailable> {
        let Some(copy) = &record.copy else { return Ok(()) };
        let turn = self.turns.of(&copy.source_project_arn);
        let _turn = turn.lock().await;
        for _ in 0..ROUNDS {
            let grants = self.ledger.grants(&copy.source_project_arn).await?;
            let released = grants.and_then(|grants| grants.released(|key| *key == record.key, self.now()));
            let Some(released) = released else { return Ok(()) };
            if self.ledger.save_grants(released).await?.is_some() {
                return Ok(());
            }
        }
        Err(overtaken())
    }

    /// Looks after the grants of a project: releases those of records that are gone or have ended, and brings the
    /// policy in line.
    pub(crate) async fn look_after(&self, project: &ProjectArn) -> Result<(), PolicyError> {
        let late = |_| PolicyError::Unavailable(format!("it took longer than {} s", WITHIN.as_secs()));
        timeout(WITHIN, self.audit(project)).await.map_err(late)?
    }

    async fn audit(&self, project: &ProjectArn) -> Result<(), PolicyError> {
        let Some(grants) = self.ledger.grants(project).await? else { return Ok(()) };
        let mut over = Vec::new();
        for Holder { key, .. } in &grants.holders {
            if !needs_grant(self.ledger.load(key).await?.as_ref()) {
                info!(request = %key, %project, "released the grant of a request that is over");
                over.push(key.clone());
            }
        }
        let mut audited = grants.revision;
        if let Some(released) = grants.released(|key| over.contains(key), self.now()) {
            // Somebody else was faster: the grants are due again.
            let Some(released) = self.ledger.save_grants(released).await? else { return Ok(()) };
            audited = released.revision;
        }
        // INVARIANT: at rest as of before the look. Who froze after it may have missed what was changed since.
        let looked_at = self.now();
        let Some(grants) = self.align(project).await? else { return Ok(()) };
        // INVARIANT: at rest only with the holders that were audited. Who froze before it gave a grant may give it to a
        // request that is over, and with the time at which it froze.
        let settled = grants.settled(looked_at).filter(|grants| grants.revision == audited);
        if let Some(settled) = settled {
            self.ledger.save_grants(settled).await?;
        }
        Ok(())
    }

    /// Returns the revision of the grants that gave the record its own; `None` if it had one.
    async fn hold(&self, project: &ProjectArn, holder: &Holder) -> Result<Option<u64>, Ungranted> {
        let turn = self.turns.of(project);
        let _turn = turn.lock().await;
        for _ in 0..ROUNDS {
            let grants = self.ledger.grants(project).await?;
            let grants = grants.unwrap_or_else(|| Grants::none(project.clone()));
            match self.rules.granting.ask(grants, holder.clone(), self.now()) {
                Asked::Held => return Ok(None),
                Asked::Given(grants) => {
                    if let Some(grants) = self.ledger.save_grants(grants).await? {
                        return Ok(Some(grants.revision));
                    }
                }
                Asked::Full => {
                    let text = format!("the policy for us on `{project}` has no room for another version");
                    return Err(Ungranted::Full(text));
                }
            }
        }
        Err(overtaken().into())
    }

    /// Brings the policy in line for a record that was given its grant by this revision, unless somebody else of
    /// this process has done so since.
    async fn align_for(&self, project: &ProjectArn, given: Option<u64>) -> Result<(), PolicyError> {
        let turn = self.turns.of(project);
        let mut aligned = turn.lock().await;
        if given.is_none_or(|revision| *aligned < revision)
            && let Some(grants) = self.align(project).await?
        {
            *aligned = grants.revision;
        }
        Ok(())
    }

    /// Makes the policy of a project say what its grants say; returns the grants that it says then.
    ///
    /// INVARIANT: the policy is read before the grants, and changed only if it still is what was read. So a change
    /// never says less than the grants of a moment after the last change before it, and what was granted by then
    /// stays. Who came later changes the policy after us, or finds its version in it. Only in the moment after
    /// another holder of the same version left can it be found and still be taken: that is why a change that
    /// takes something is followed by another look, and why the record waits if Rekognition says no.
    async fn align(&self, project: &ProjectArn) -> Result<Option<Grants>, PolicyError> {
        let name = policy_name(&self.rules.admission.account);
        for _ in 0..LOOKS {
            self.policy_read_pace.turn().await;
            let present = self.rekognition.policy(project, &name).await?;
            let Some(grants) = self.ledger.grants(project).await? else { return Ok(None) };
            let allows = self.rules.granting.allows(&grants);
            let Some(change) = allows.change(present.as_ref()) else { return Ok(Some(grants)) };
            self.policy_change_pace.turn().await;
            let grants = if grants.may_change_policy(self.now()) {
                grants
            } else {
                match self.ledger.save_grants(grants.changing(self.now())).await? {
                    Some(grants) => grants,
                    None => continue,
                }
            };
            // INVARIANT: asked of the grants as they were written, too. Who froze after the write writes again.
            if !grants.may_change_policy(self.now()) {
                continue;
            }
            match self.rekognition.change_policy(project, &name, &change).await {
                Ok(()) => {
                    info!(%project, policy = name, ?change, "changed the policy");
                    if !allows.takes_from(present.as_ref()) {
                        return Ok(Some(grants));
                    }
                }
                Err(PolicyError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(PolicyError::Conflict)
    }
}

fn overtaken() -> Unavailable {
    Unavailable(format!("others have written the grants {ROUNDS} times meanwhile"))
}

impl From<Unavailable> for Ungranted {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error.0)
    }
}

impl From<Unavailable> for PolicyError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error.0)
    }
}

#[cfg(test)]
mod tests;
