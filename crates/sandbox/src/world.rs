//! What there is in the sandbox's AWS: projects with their versions, policies and tags, and tables. Plain data, read
//! from and written as the JSON that `world.schema.json` describes; no behaviour but finding things.

mod project;
mod version;

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    arn::{ProjectArn, ProjectName, VersionArn},
    policy::Policy,
};

pub use project::{Feature, Project, ProjectPolicy, UnseenPolicyChange};
pub use version::{OutputConfig, Version};

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// The state of the sandbox's AWS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct World {
    /// The Region the sandbox stands for.
    #[serde(default = "default_region")]
    pub region: String,
    /// The account that the copier runs in.
    #[serde(default = "default_account", skip_serializing_if = "is_default_account")]
    pub copier_account: String,
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
    /// CloudFormation's stacks, as DescribeStacks answers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stacks: Vec<Stack>,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

fn default_account() -> String {
    "444455556666".to_owned()
}

fn is_default_account(account: &str) -> bool {
    account == default_account()
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

/// A stack of CloudFormation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stack {
    /// The account it belongs to.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
}

fn document<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text,
        json => json.to_string(),
    })
}

/// Why a world could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WorldError {
    #[error("could not read the world file `{0}`: {1}")]
    Unreadable(String, std::io::Error),
    #[error("the world is not as `crates/sandbox/world.schema.json` wants it: {0}")]
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
            copier_account: default_account(),
            organizations: BTreeMap::new(),
            roles: Vec::new(),
            projects: Vec::new(),
            tables: Vec::new(),
            stacks: Vec::new(),
        }
    }

    /// The small world of `crates/sandbox/world.json`: account 111122223333 owns the project `flowers` with a trained
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
        let mut names = HashSet::new();
        for project in &mut self.projects {
            project.put_in_order()?;
            if !names.insert(project.project_arn.project.clone()) {
                return Err(WorldError::Twice(project.project_arn.to_string()));
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
