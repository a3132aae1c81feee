//! The world: everything that the sandbox's AWS contains, in the JSON form that `world.schema.json` describes.

mod project;
mod version;

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serde_with::skip_serializing_none;

use crate::{
    ProjectArn, ProjectVersionArn,
    policy::{Kind, Policy},
};

pub use project::{Feature, Project, ProjectPolicy, UnseenPolicyChange};
pub use version::{OutputConfig, Step, Version};

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// The state of the sandbox's AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct World {
    #[serde(default = "default_region")]
    pub region: String,
    /// The account that the copier runs in.
    #[serde(default = "default_account")]
    pub copier_account: String,
    /// The organization (`o-…`) of each account, for `aws:PrincipalOrgID`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub organizations: BTreeMap<String, String>,
    /// Roles that can be assumed. If none of an account is listed, any caller may assume any role of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    #[serde(default)]
    pub projects: Vec<Project>,
    /// DynamoDB tables, which are empty at the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
    /// CloudFormation stacks, for DescribeStacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stacks: Vec<Stack>,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

fn default_account() -> String {
    "444455556666".to_owned()
}

/// A role with its policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// `arn:aws:iam::ACCOUNT:role/NAME`
    pub role_arn: String,
    /// The trust policy, which says who may assume the role.
    #[serde(deserialize_with = "document")]
    pub trust: String,
    /// The policy that says what the role's sessions may do in Rekognition.
    #[serde(deserialize_with = "document")]
    pub policy: String,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Table {
    pub account: String,
    /// The CreateTable request.
    pub definition: Value,
    /// The attribute with the time to live, if items expire.
    pub time_to_live_attribute: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stack {
    pub account: String,
    pub name: String,
    pub outputs: BTreeMap<String, String>,
    pub parameters: BTreeMap<String, String>,
}

/// Reads a policy document that is a text, or the JSON itself.
fn document<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text,
        json => json.to_string(),
    })
}

#[derive(Debug, thiserror::Error)]
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
    Duplicate(String),
    #[error("DynamoDB refuses the table definition: {0}")]
    Table(String),
}

impl World {
    /// The world of `crates/sandbox/world.json`.
    ///
    /// Account 111122223333 owns the project `flowers` with a trained version, which 444455556666 may copy. Account
    /// 444455556666 owns `flowers-production`, which is empty, and `flowers-staging` with a trained version.
    pub fn small() -> Self {
        // A test reads it.
        Self::from_json(include_str!("../world.json")).unwrap_or_default()
    }

    pub fn from_json(text: &str) -> Result<Self, WorldError> {
        serde_json::from_str::<Self>(text)?.checked()
    }

    pub fn from_file(path: &Path) -> Result<Self, WorldError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| WorldError::Unreadable(path.display().to_string(), error))?;
        Self::from_json(&text)
    }

    /// The world, with each project's versions in order of age. Names must be unique, policies readable, and every version
    /// must be in its own project.
    pub(crate) fn checked(mut self) -> Result<Self, WorldError> {
        for Role { role_arn, trust, policy } in &self.roles {
            Policy::read(trust, Kind::Trust)
                .and_then(|_| Policy::read(policy, Kind::Role))
                .map_err(|malformed| WorldError::Policy(role_arn.clone(), malformed.to_string()))?;
        }
        let mut names = HashSet::new();
        for project in &mut self.projects {
            project.check()?;
            if !names.insert(project.name().to_owned()) {
                return Err(WorldError::Duplicate(project.project_arn.to_string()));
            }
        }
        Ok(self)
    }

    /// The world as JSON, which [`World::from_json`] reads.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Carries out every change that is due at `now`.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        self.projects.retain_mut(|project| {
            project.settle(now);
            project.deleted_at.is_none_or(|at| at > now)
        });
    }

    pub fn project(&self, arn: &ProjectArn) -> Option<&Project> {
        self.projects.iter().find(|project| project.project_arn == *arn)
    }

    pub(crate) fn project_mut(&mut self, arn: &ProjectArn) -> Option<&mut Project> {
        self.projects.iter_mut().find(|project| project.project_arn == *arn)
    }

    pub fn version(&self, arn: &ProjectVersionArn) -> Option<&Version> {
        let mut versions = self.projects.iter().flat_map(|project| &project.versions);
        versions.find(|version| version.project_version_arn == *arn)
    }

    pub(crate) fn version_mut(&mut self, arn: &ProjectVersionArn) -> Option<&mut Version> {
        let mut versions = self.projects.iter_mut().flat_map(|project| &mut project.versions);
        versions.find(|version| version.project_version_arn == *arn)
    }

    pub(crate) fn role(&self, arn: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.role_arn == arn)
    }

    /// Whether the world lists a role of this account.
    pub(crate) fn lists_roles_of(&self, account: &str) -> bool {
        self.roles.iter().any(|role| role.role_arn.split(':').nth(4) == Some(account))
    }
}

/// The copier's ledger table `name` in `account`, as `template.yaml` creates it.
pub fn ledger_table(account: &str, name: &str) -> Table {
    let definition = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "step", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "due",
            "KeySchema": [
                {"AttributeName": "step", "KeyType": "HASH"},
                {"AttributeName": "due", "KeyType": "RANGE"},
            ],
            "Projection": {
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": [
                    "requestedAt", "sourceProjectArn", "destinationProjectArn", "versionName", "projectVersionArn",
                    "checkAt",
                ],
            },
        }],
    });
    Table { account: account.to_owned(), definition, time_to_live_attribute: Some("expiresAt".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_another_project_and_a_second_project_with_a_name_are_refused() {
        let mut world = World::small();
        let (first, rest) = world.projects.split_first_mut().unwrap();
        rest[0].versions.append(&mut first.versions);
        assert!(matches!(World::from_json(&world.to_json()), Err(WorldError::ForeignVersion(..))));

        let mut world = World::small();
        let again = world.projects[0].clone();
        world.projects.push(again);
        assert!(matches!(World::from_json(&world.to_json()), Err(WorldError::Duplicate(_))));
    }
}
