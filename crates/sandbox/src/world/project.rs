//! A project of the world, its policies, and the changes of them that authorization does not see yet.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Tags, Version, WorldError, document};
use crate::{
    ProjectArn,
    arn::{created_at, number, project_name},
    policy::{Kind, Policy},
};

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Project {
    pub project_arn: ProjectArn,
    /// When it was created; `None`: at the time in its ARN.
    pub created_at: Option<Timestamp>,
    /// Custom labels, or an adapter for content moderation.
    #[serde(default)]
    pub feature: Feature,
    /// `ENABLED` or `DISABLED`, for adapters.
    pub auto_update: Option<String>,
    /// When a deletion in progress ends.
    pub deleted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The project policies, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<ProjectPolicy>,
    /// Policy changes that authorization does not see yet, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen_policy_changes: Vec<UnseenPolicyChange>,
    /// The versions, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Version>,
}

/// `CUSTOM_LABELS` or `CONTENT_MODERATION`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Feature {
    #[default]
    CustomLabels,
    /// An adapter, which cannot be copied.
    ContentModeration,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectPolicy {
    /// The name, unique in its project.
    pub name: String,
    /// Hexadecimal digits, which change with every change of the policy.
    pub revision_id: String,
    /// The policy's JSON. A world file may hold it as a text or as the JSON itself.
    #[serde(deserialize_with = "document")]
    pub document: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A policy change that authorization does not see before `until`. Until then the policy `name` is `document`; `None`: it
/// does not exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnseenPolicyChange {
    pub name: String,
    pub document: Option<String>,
    pub until: Timestamp,
}

impl Project {
    /// Checks the policies and the versions, and sorts the versions by age.
    pub(super) fn check(&mut self) -> Result<(), WorldError> {
        let (arn, name) = (&self.project_arn, self.name());
        for policy in &self.policies {
            Policy::read(&policy.document, Kind::Project(name))
                .map_err(|malformed| WorldError::Policy(arn.to_string(), malformed.to_string()))?;
        }
        let mut names = HashSet::new();
        for version in self.versions.iter().map(|version| &version.project_version_arn) {
            if project_name(version.as_str()) != name {
                return Err(WorldError::ForeignVersion(arn.to_string(), version.to_string()));
            }
            if !names.insert(version.version_name()) {
                return Err(WorldError::Duplicate(version.to_string()));
            }
        }
        self.versions.sort_by_key(Version::number);
        Ok(())
    }

    /// Carries out every change that is due at `now`.
    pub(super) fn settle(&mut self, now: Timestamp) {
        self.unseen_policy_changes.retain(|change| change.until > now);
        self.versions.retain_mut(|version| version.settle(now));
    }

    /// The beginning of the ARN, with the project's name.
    pub(crate) fn name(&self) -> &str {
        project_name(self.project_arn.as_str())
    }

    /// The number at the end of the ARN, by which projects are sorted.
    pub(crate) fn number(&self) -> u64 {
        number(self.project_arn.as_str())
    }

    pub(crate) fn created_at(&self) -> Timestamp {
        self.created_at.unwrap_or_else(|| created_at(self.project_arn.as_str()))
    }

    pub fn version_named(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.project_version_arn.version_name() == name)
    }

    /// The policy documents that authorization sees, once due changes are carried out.
    pub(crate) fn policies_seen(&self) -> Vec<&str> {
        let unseen = &self.unseen_policy_changes;
        let is_changed =
            |name: &str, earlier: &[UnseenPolicyChange]| earlier.iter().any(|it| it.name == name);
        let current = self.policies.iter().filter(|policy| !is_changed(&policy.name, unseen));
        // Of several changes of one policy, the first one names what authorization still sees.
        let old = unseen.iter().enumerate().filter_map(|(index, change)| {
            let is_first = !is_changed(&change.name, unseen.get(..index).unwrap_or_default());
            change.document.as_deref().filter(|_| is_first)
        });
        current.map(|policy| policy.document.as_str()).chain(old).collect()
    }
}
