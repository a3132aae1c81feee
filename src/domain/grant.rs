//! Grants: which records may copy which versions of a source project that another account owns, and what our
//! project policy there should therefore say.
//!
//! Copying across accounts needs a project policy on the source project. Where the owner gave us a role, we put
//! one ourselves: one policy a project, for exactly the versions being copied. Its document can't tell who needs
//! what in it, so the ledger keeps that: one item a source project, [`Grants`], with a holder for every record.
//! A policy is only ever made to say what the grants say, by whoever changed them and by every sweep.
//!
//! Decides who holds a grant and what follows for the policy. It refuses to know how either is stored.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::arn::{ProjectArn, ProjectVersionArn};
use super::id::RecordKey;
use super::policy::{Allows, every_version};
use super::record::Record;
use super::refusal::Refusal;
use super::times::{LEASE, after};

/// The most holders of one project, so that its item fits into the ledger whatever its policy has room for.
pub const HOLDERS: usize = 500;
/// How soon after a write of the grants the policy has to be changed. A later change writes the grants first.
pub const CHANGE_BY: SignedDuration = SignedDuration::from_mins(1);
/// How often grants at rest are looked after: what changes them meanwhile is not us.
pub const AUDIT: SignedDuration = SignedDuration::from_hours(1);

/// What a deployment may grant itself, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granting {
    /// The role that changes project policies for us, by the account that owns the projects. Without one, somebody
    /// else attaches the policies.
    pub roles: BTreeMap<String, String>,
    /// The ARNs of our own roles, which a policy admits.
    pub principals: BTreeSet<String>,
    /// Whether a policy may allow every version of a project once single ones no longer fit.
    pub project_wide: bool,
}

/// The grants of one source project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grants {
    /// The source project.
    pub project_arn: ProjectArn,
    /// How often they were written; 0 for grants that never were. As of a [`Record`].
    pub revision: u64,
    /// Who holds one, in the order in which they came.
    pub holders: Vec<Holder>,
    /// When they were last changed, or the policy was about to be.
    pub changed_at: Timestamp,
    /// When the policy was last found to say what they say with no change under way any more; `None` since the
    /// last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// A record that may copy a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// The record.
    pub key: RecordKey,
    /// The version.
    pub project_version_arn: ProjectVersionArn,
}

/// Why a project's policies could not be read or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// Somebody else changed the policy first: read it again.
    Conflict,
    /// A definite no to this action.
    Refused {
        /// In IAM's words, for instance `rekognition:PutProjectPolicy`.
        action: &'static str,
        /// What was said.
        refusal: Refusal,
    },
    /// No answer, or none that means anything. A change may have been made.
    Unavailable(String),
}

/// Why a record got no grant. Whatever it is, CopyProjectVersion was not called: a definite "not now".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ungranted {
    /// There is no room in the policy, or for it.
    Full(String),
    /// A definite no to this action on the way.
    Refused {
        /// See [`PolicyError::Refused`].
        action: &'static str,
        /// What was said.
        refusal: Refusal,
    },
    /// Something did not answer.
    Unavailable(String),
}

/// What came of asking for a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The record holds one already.
    Held,
    /// It gets one when these grants are written.
    Given(Grants),
    /// There is no room.
    Full,
}

impl Granting {
    /// Whether we grant ourselves what we copy from `account`.
    pub fn serves(&self, account: &str) -> bool {
        self.roles.contains_key(account)
    }

    /// The role that a record's grant goes through.
    pub fn role_for(&self, record: &Record) -> &str {
        let account = record.copy.as_ref().map_or("", |copy| copy.source_project_arn.account());
        self.roles.get(account).map_or("", String::as_str)
    }

    /// What our policy should say: every version that is held, in the order of the holders and as far as they
    /// fit, unless all of them may be allowed at once.
    pub fn allows(&self, grants: &Grants) -> Allows {
        let mut allows = Allows { principals: self.principals.clone(), resources: BTreeSet::new() };
        for holder in &grants.holders {
            let version = holder.project_version_arn.to_string();
            if !allows.resources.insert(version.clone()) || allows.fits() {
                continue;
            }
            if self.project_wide {
                allows.resources = BTreeSet::from([every_version(&grants.project_arn)]);
                return allows;
            }
            allows.resources.remove(&version);
        }
        allows
    }

    /// Gives a record its grant, if there is room for it.
    ///
    /// INVARIANT: who holds a grant stays in the policy until it is released: a new holder goes last and gets
    /// what room the others leave.
    pub fn ask(&self, mut grants: Grants, holder: Holder, now: Timestamp) -> Asked {
        if grants.holders.contains(&holder) {
            return Asked::Held;
        }
        let version = holder.project_version_arn.to_string();
        grants.holders.push(holder);
        let resources = self.allows(&grants).resources;
        let is_allowed =
            resources.contains(&version) || resources.contains(&every_version(&grants.project_arn));
        if grants.holders.len() > HOLDERS || !is_allowed {
            return Asked::Full;
        }
        Asked::Given(grants.changing(now))
    }
}

/// The name of our policy. It says whose it is: a project may have those of several destinations.
pub fn policy_name(destination_account: &str) -> String {
    format!("rekognition-model-copier-{destination_account}")
}

impl Grants {
    /// None of this project.
    pub fn none(project_arn: ProjectArn) -> Self {
        Self {
            project_arn,
            revision: 0,
            holders: Vec::new(),
            changed_at: Timestamp::UNIX_EPOCH,
            settled_at: None,
        }
    }

    /// Without those of the records of which `is_over` is true; `None` if no grant is one of theirs.
    pub fn released(mut self, is_over: impl Fn(&RecordKey) -> bool, now: Timestamp) -> Option<Self> {
        let before = self.holders.len();
        self.holders.retain(|holder| !is_over(&holder.key));
        (self.holders.len() < before).then(|| self.changing(now))
    }

    /// The same, about to be changed or to have their policy changed.
    pub fn changing(self, now: Timestamp) -> Self {
        Self { changed_at: now, settled_at: None, ..self }
    }

    /// Whether the policy may be changed without writing the grants before.
    ///
    /// INVARIANT: every change of a policy is sent soon after a write of the grants, and lands within the life of
    /// its signature. So once [`LEASE`] has passed since the last write, nothing of ours can land any more.
    pub fn may_change_policy(&self, now: Timestamp) -> bool {
        self.settled_at.is_none() && now < after(self.changed_at, CHANGE_BY)
    }

    /// The same, found to be what the policy says; `None` where there is nothing to note, or a change that was
    /// sent and got lost could still land.
    pub fn settled(self, now: Timestamp) -> Option<Self> {
        let is_news = match self.settled_at {
            None => now >= after(self.changed_at, LEASE),
            Some(at) => now >= after(at, AUDIT),
        };
        is_news.then_some(Self { settled_at: Some(now), ..self })
    }

    /// From when on they are to be looked after: at once after every change, now and then while somebody holds
    /// one, and never once nobody does.
    pub fn due(&self) -> Option<Timestamp> {
        match self.settled_at {
            None => Some(self.changed_at),
            Some(at) => (!self.holders.is_empty()).then(|| after(at, AUDIT)),
        }
    }
}

/// Whether a record needs the grant that it holds. One that is gone needs none.
pub fn needs_grant(record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.grant && !record.is_ended())
}

impl From<PolicyError> for Ungranted {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::Conflict => Self::Unavailable("the policy was changed again and again".to_owned()),
            PolicyError::Refused { action: "rekognition:PutProjectPolicy", refusal }
                if matches!(
                    refusal.code.as_str(),
                    "LimitExceededException" | "ServiceQuotaExceededException"
                ) =>
            {
                Self::Full(refusal.message)
            }
            PolicyError::Refused { action, refusal } => Self::Refused { action, refusal },
            PolicyError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}

#[cfg(test)]
mod tests;
