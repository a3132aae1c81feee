//! A project as the world holds it: its policies, and what authorization sees of them.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Tags, WorldError, document,
    version::{Version, from_number},
};
use crate::{arn::ProjectArn, policy::Policy};

/// A Custom Labels project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Project {
    /// The project's ARN; its number is the creation time.
    pub project_arn: ProjectArn,
    /// When it was created; left out: what the ARN says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Custom labels, or an adapter for content moderation.
    #[serde(default, skip_serializing_if = "Feature::is_default")]
    pub feature: Feature,
    /// `ENABLED` or `DISABLED`, for adapters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_update: Option<String>,
    /// When a deletion in progress ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The project's tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The project policies, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<ProjectPolicy>,
    /// Changes of policies that authorization does not see yet, oldest first.
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
    /// A model of one's own labels.
    #[default]
    CustomLabels,
    /// An adapter, which can't be copied.
    ContentModeration,
}

impl Feature {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A project policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectPolicy {
    /// Unique in its project.
    pub name: String,
    /// Hexadecimal; changes with every change of the policy.
    pub revision_id: String,
    /// The policy, as text or (in a world file) as the JSON it is.
    #[serde(deserialize_with = "document")]
    pub document: String,
    /// When it was attached.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Until `until`, authorization sees the policy `name` as `document`, or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the sentence above names them all")]
pub struct UnseenPolicyChange {
    pub name: String,
    pub document: Option<String>,
    pub until: Timestamp,
}

impl Project {
    /// Sorts the versions by age; an error if something here can't be in this project.
    pub(super) fn put_in_order(&mut self) -> Result<(), WorldError> {
        for policy in &self.policies {
            Policy::read(&policy.document, &self.project_arn.project).map_err(|malformed| {
                WorldError::Policy(self.project_arn.to_string(), malformed.to_string())
            })?;
        }
        self.versions.sort_by_key(|version| version.project_version_arn.number);
        let mut names = HashSet::new();
        for arn in self.versions.iter().map(|version| &version.project_version_arn) {
            if arn.project != self.project_arn.project {
                return Err(WorldError::ForeignVersion(self.project_arn.to_string(), arn.to_string()));
            }
            if !names.insert(arn.version.as_str()) {
                return Err(WorldError::Twice(arn.to_string()));
            }
        }
        Ok(())
    }

    /// The version with this name.
    pub fn version_named(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.project_version_arn.version == name)
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at.unwrap_or_else(|| from_number(self.project_arn.number))
    }

    /// The policy documents that authorization sees at `now`: changes may take time to be seen.
    pub fn policies_seen(&self, now: Timestamp) -> Vec<&str> {
        let unseen = |name: &str| {
            self.unseen_policy_changes.iter().find(|change| change.name == name && change.until > now)
        };
        let deleted = self.unseen_policy_changes.iter().map(|change| change.name.as_str());
        let mut names: Vec<&str> = self.policies.iter().map(|policy| policy.name.as_str()).collect();
        names.extend(deleted);
        names.sort_unstable();
        names.dedup();
        let document = |name: &str| match unseen(name) {
            Some(change) => change.document.as_deref(),
            None => {
                self.policies.iter().find(|policy| policy.name == name).map(|policy| policy.document.as_str())
            }
        };
        names.into_iter().filter_map(document).collect()
    }
}
