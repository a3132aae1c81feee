//! What there is in the sandbox's AWS: projects with their versions, policies and tags, and tables. Plain data, read
//! from and written as the JSON that `world.schema.json` describes; no behaviour but finding things.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    arn::{ProjectArn, ProjectName, VersionArn},
    life::Step,
    policy::Policy,
    status::Status,
};

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// The state of the sandbox's AWS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct World {
    /// The Region the sandbox stands for.
    #[serde(default = "default_region")]
    pub region: String,
    /// Which organization (`o-…`) an account belongs to, for `aws:PrincipalOrgID`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub organizations: BTreeMap<String, String>,
    /// Roles that can be assumed. In an account of which none is listed, anybody may assume any role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// Every account's projects.
    #[serde(default)]
    pub projects: Vec<Project>,
    /// DynamoDB tables that exist from the start, empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

/// A role, and whom it trusts with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// `arn:aws:iam::ACCOUNT:role/NAME`
    pub role_arn: String,
    /// Who may assume it: a trust policy.
    #[serde(deserialize_with = "document")]
    pub trust: String,
    /// What its sessions may do with Rekognition: a policy as roles have them.
    #[serde(deserialize_with = "document")]
    pub policy: String,
}

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

fn document<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text,
        json => json.to_string(),
    })
}

/// A project version: a model, trained or copied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Version {
    /// The version's ARN; its number is the creation time.
    pub project_version_arn: VersionArn,
    /// When it was created; left out: what the ARN says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Training, copying, hosting and deleting in one word.
    pub status: Status,
    /// The text beside the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// What the status turns into, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Step>,
    /// When training ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_at: Option<Timestamp>,
    /// On a copy: the version it was copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_project_version_arn: Option<VersionArn>,
    /// Where in S3 the results went.
    #[serde(default, skip_serializing_if = "OutputConfig::is_empty")]
    pub output_config: OutputConfig,
    /// The key that encrypts the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// The version's tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The description given to CreateProjectVersion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_description: Option<String>,
    /// Inference units while it is hosted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_inference_units: Option<u32>,
    /// The most inference units while it is hosted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_inference_units: Option<u32>,
}

/// Where in S3 results go. AWS's own spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputConfig {
    /// The bucket's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_bucket: Option<String>,
    /// A prefix inside the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_key_prefix: Option<String>,
}

impl OutputConfig {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A DynamoDB table that exists from the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Table {
    /// The account it belongs to.
    pub account: String,
    /// A CreateTable request, as DynamoDB takes it.
    pub definition: Value,
    /// The attribute that holds the expiry, if items expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_live_attribute: Option<String>,
}

/// Why a world could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WorldError {
    #[error("could not read the world file `{0}`: {1}")]
    Unreadable(String, std::io::Error),
    #[error("the world is not as `sandbox/world.schema.json` wants it: {0}")]
    Invalid(#[from] serde_json::Error),
    #[error("`{0}` has a version that belongs to another project: `{1}`")]
    ForeignVersion(String, String),
    #[error("a policy of `{0}` is none that AWS would take: {1}")]
    Policy(String, String),
    #[error("`{0}` is there twice: names are unique")]
    Twice(String),
    #[error("the table definition is not taken by DynamoDB: {0}")]
    Table(String),
}

impl World {
    /// Nothing at all, in us-east-1.
    pub fn empty() -> Self {
        Self {
            region: default_region(),
            organizations: BTreeMap::new(),
            roles: Vec::new(),
            projects: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// The small world of `sandbox/world.json`: account 111122223333 owns the project `flowers` with a trained
    /// version that 444455556666 may copy; 444455556666 owns `flowers-production`, and `flowers-staging` with a trained
    /// version.
    pub fn small() -> Self {
        Self::from_json(include_str!("../world.json")).unwrap_or_else(|_| Self::empty())
    }

    /// Reads a world from JSON.
    pub fn from_json(text: &str) -> Result<Self, WorldError> {
        serde_json::from_str::<Self>(text)?.checked()
    }

    /// Reads a world from a file.
    pub fn from_file(path: &Path) -> Result<Self, WorldError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| WorldError::Unreadable(path.display().to_string(), error))?;
        Self::from_json(&text)
    }

    /// The world, if names are unique and every version is in its own project.
    pub(crate) fn checked(mut self) -> Result<Self, WorldError> {
        for role in &self.roles {
            let read = Policy::read_trust(&role.trust).and_then(|_| Policy::read_of_role(&role.policy));
            read.map_err(|malformed| WorldError::Policy(role.role_arn.clone(), malformed.to_string()))?;
        }
        let mut names = std::collections::HashSet::new();
        for project in &mut self.projects {
            if !names.insert(project.project_arn.project.to_string()) {
                return Err(WorldError::Twice(project.project_arn.to_string()));
            }
            for policy in &project.policies {
                Policy::read(&policy.document, &project.project_arn.project).map_err(|malformed| {
                    WorldError::Policy(project.project_arn.to_string(), malformed.to_string())
                })?;
            }
            project.versions.sort_by_key(|version| version.project_version_arn.number);
            for version in &project.versions {
                let arn = &version.project_version_arn;
                if arn.project != project.project_arn.project {
                    return Err(WorldError::ForeignVersion(project.project_arn.to_string(), arn.to_string()));
                }
                if !names.insert(format!("{}/{}", arn.project, arn.version)) {
                    return Err(WorldError::Twice(arn.to_string()));
                }
            }
        }
        Ok(self)
    }

    /// The world as JSON, in the form [`World::from_json`] reads.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The project with this ARN.
    pub fn project(&self, arn: &ProjectArn) -> Option<&Project> {
        self.projects.iter().find(|project| project.project_arn == *arn)
    }

    /// The version with this ARN.
    pub fn version(&self, arn: &VersionArn) -> Option<&Version> {
        let project = self.projects.iter().find(|project| project.project_arn.project == arn.project)?;
        project.versions.iter().find(|version| version.project_version_arn == *arn)
    }

    pub(crate) fn project_mut(&mut self, arn: &ProjectArn) -> Option<&mut Project> {
        self.projects.iter_mut().find(|project| project.project_arn == *arn)
    }

    /// The role with this ARN.
    pub fn role(&self, arn: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.role_arn == arn)
    }

    /// Whether this world says which roles an account has.
    pub(crate) fn lists_roles_of(&self, account: &str) -> bool {
        self.roles.iter().any(|role| role.role_arn.split(':').nth(4) == Some(account))
    }

    pub(crate) fn project_named(&self, name: &ProjectName) -> Option<&Project> {
        self.projects.iter().find(|project| project.project_arn.project == *name)
    }

    pub(crate) fn version_mut(&mut self, arn: &VersionArn) -> Option<&mut Version> {
        let project = self.projects.iter_mut().find(|project| project.project_arn.project == arn.project)?;
        project.versions.iter_mut().find(|version| version.project_version_arn == *arn)
    }
}

impl Project {
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

impl Version {
    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at.unwrap_or_else(|| from_number(self.project_version_arn.number))
    }
}

fn from_number(millisecond: u64) -> Timestamp {
    i64::try_from(millisecond)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_world_is_read_and_written_without_loss() {
        let world = World::from_json(include_str!("../world.json")).unwrap();
        assert_eq!(World::from_json(&world.to_json()).unwrap(), world);
        assert_eq!(world.projects.len(), 3);
    }

    #[test]
    fn a_version_in_another_project_is_refused() {
        let mut world = World::small();
        let (first, rest) = world.projects.split_first_mut().unwrap();
        rest[0].versions.append(&mut first.versions);
        assert!(matches!(World::from_json(&world.to_json()), Err(WorldError::ForeignVersion(..))));
    }

    #[test]
    fn two_projects_of_one_name_are_refused() {
        let mut world = World::small();
        let again = world.projects[0].clone();
        world.projects.push(again);
        assert!(matches!(World::from_json(&world.to_json()), Err(WorldError::Twice(_))));
    }
}
