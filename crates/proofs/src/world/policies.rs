//! Grants in the ledger, and the project policies of the source account that follow from them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::grant::{Grants, PolicyError};
use rekognition_model_copier::domain::policy::{Allows, Change, Policy};
use rekognition_model_copier::ports::GrantsPage;

use super::refusal;

/// A change of a policy that has no answer and will land.
#[derive(Debug)]
struct Late {
    at: Timestamp,
    project: ProjectArn,
    name: String,
    change: Change,
}

/// What a policy said from a moment on; `None` once it was deleted.
type Said = (Timestamp, Option<Policy>);

/// The grants and the policies of every source project.
#[derive(Debug, Default)]
pub struct Policies {
    grants: BTreeMap<ProjectArn, Grants>,
    /// What each policy said, from when on.
    said: BTreeMap<(ProjectArn, String), Vec<Said>>,
    late: Vec<Late>,
    serial: u64,
    /// How long it takes until a change is seen by CopyProjectVersion.
    pub seen_after: Duration,
    /// Until when others have all the policies that a project may have.
    pub full_until: Option<Timestamp>,
}

impl Policies {
    /// The grants of a project.
    pub fn grants(&self, project: &ProjectArn) -> Option<Grants> {
        self.grants.get(project).cloned()
    }

    /// A write on condition of the revision.
    pub fn save(&mut self, grants: Grants) -> Option<Grants> {
        let next = Grants { revision: grants.revision + 1, ..grants };
        let known = self.grants.get(&next.project_arn).map_or(0, |grants| grants.revision);
        if known + 1 != next.revision {
            return self.grants.get(&next.project_arn).filter(|present| **present == next).cloned();
        }
        self.grants.insert(next.project_arn.clone(), next.clone());
        Some(next)
    }

    /// The projects whose grants are due.
    pub fn due(&self, now: Timestamp) -> GrantsPage {
        let due = |grants: &&Grants| grants.due().is_some_and(|due| due <= now);
        GrantsPage {
            projects: self.grants.values().filter(due).map(|g| g.project_arn.clone()).collect(),
            ..GrantsPage::default()
        }
    }

    /// The policy of a name.
    pub fn policy(&self, project: &ProjectArn, name: &str, now: Timestamp) -> Option<Policy> {
        let said = self.said.get(&(project.clone(), name.to_owned()))?;
        said.iter().rfind(|(from, _)| *from <= now)?.1.clone()
    }

    /// Changes a policy, if it is what the change was made for.
    pub fn change(
        &mut self,
        project: &ProjectArn,
        name: &str,
        change: &Change,
        now: Timestamp,
    ) -> Result<(), PolicyError> {
        let present = self.policy(project, name, now).map(|policy| policy.revision_id);
        let (wanted, document) = match change {
            Change::Put { document, revision_id } => (revision_id.clone(), Some(document.clone())),
            Change::Delete { revision_id } => (Some(revision_id.clone()), None),
        };
        if present != wanted {
            return Err(PolicyError::Conflict);
        }
        if present.is_none() && self.full_until.is_some_and(|until| now < until) {
            let refusal = refusal("LimitExceededException");
            return Err(PolicyError::Refused { action: "rekognition:PutProjectPolicy", refusal });
        }
        self.serial += 1;
        let policy = document.map(|document| Policy { revision_id: self.serial.to_string(), document });
        self.said.entry((project.clone(), name.to_owned())).or_default().push((now, policy));
        Ok(())
    }

    /// Lets a change land later.
    pub fn change_later(&mut self, project: &ProjectArn, name: &str, change: &Change, at: Timestamp) {
        let (project, name, change) = (project.clone(), name.to_owned(), change.clone());
        self.late.push(Late { at, project, name, change });
    }

    /// Lets land what was to land by now.
    pub fn settle(&mut self, now: Timestamp) {
        while let Some(i) = self.late.iter().position(|late| late.at <= now) {
            let late = self.late.remove(i);
            let _ = self.change(&late.project, &late.name, &late.change, late.at);
        }
    }

    /// Whether a change that was sent has not landed yet.
    pub fn is_waiting_for_a_late_change(&self) -> bool {
        !self.late.is_empty()
    }

    /// Whether a copy of this version is allowed, as far as it is seen.
    pub fn allow(&self, project: &ProjectArn, version: &str, now: Timestamp) -> bool {
        let seen = now.checked_sub(jiff::SignedDuration::try_from(self.seen_after).unwrap_or_default());
        self.resources(project, seen.unwrap_or(now)).contains(version)
    }

    fn resources(&self, project: &ProjectArn, now: Timestamp) -> BTreeSet<String> {
        let names = self.said.keys().filter(|(of, _)| of == project).map(|(_, name)| name);
        let policies = names.filter_map(|name| self.policy(project, name, now));
        policies.filter_map(|policy| Allows::read(&policy.document)).flat_map(|all| all.resources).collect()
    }

    /// Everything that any policy allows.
    pub fn allowed(&self, now: Timestamp) -> BTreeSet<String> {
        let projects: BTreeSet<&ProjectArn> = self.said.keys().map(|(project, _)| project).collect();
        projects.into_iter().flat_map(|project| self.resources(project, now)).collect()
    }

    /// Whether nothing is granted, allowed or on its way.
    pub fn is_at_rest(&self, now: Timestamp) -> bool {
        self.late.is_empty()
            && self.allowed(now).is_empty()
            && self.grants.values().all(|grants| grants.holders.is_empty() && grants.due().is_none())
    }
}
