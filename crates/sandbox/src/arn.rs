//! The two ARNs of Custom Labels, taken apart: project and project version. Knows their form, not whether they
//! exist.
//!
//! The number at the end is the resource's own creation time in milliseconds, so the project's ARN can't be derived
//! from a version's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// `arn:aws:rekognition:REGION:ACCOUNT:project/NAME/NUMBER`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectArn {
    /// Partition, Region, account and project name.
    pub project: ProjectName,
    /// The project's creation time, milliseconds since 1970.
    pub number: u64,
}

/// `arn:aws:rekognition:REGION:ACCOUNT:project/NAME/version/VERSION/NUMBER`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionArn {
    /// Partition, Region, account and name of the project. The project's number is not part of a version's ARN.
    pub project: ProjectName,
    /// The version's name, unique in its project.
    pub version: String,
    /// The version's creation time, milliseconds since 1970.
    pub number: u64,
}

/// What both ARNs begin with: `arn:PARTITION:rekognition:REGION:ACCOUNT:project/NAME`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectName {
    /// `aws`, as a rule.
    pub partition: String,
    /// The Region.
    pub region: String,
    /// The account that owns the project, 12 digits.
    pub account: String,
    /// The project's name, unique in its account.
    pub name: String,
}

/// Why a text is no such ARN.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no ARN of a Custom Labels {1}")]
pub struct NoSuchArn(String, &'static str);

impl FromStr for ProjectArn {
    type Err = NoSuchArn;

    fn from_str(text: &str) -> Result<Self, NoSuchArn> {
        let parsed = split(text).and_then(|(project, rest)| match rest.as_slice() {
            [number] => Some(Self { project, number: number.parse().ok()? }),
            _ => None,
        });
        parsed.ok_or_else(|| NoSuchArn(text.to_owned(), "project"))
    }
}

impl FromStr for VersionArn {
    type Err = NoSuchArn;

    fn from_str(text: &str) -> Result<Self, NoSuchArn> {
        let parsed = split(text).and_then(|(project, rest)| match rest.as_slice() {
            ["version", version, number] => {
                Some(Self { project, version: (*version).to_owned(), number: number.parse().ok()? })
            }
            _ => None,
        });
        parsed.ok_or_else(|| NoSuchArn(text.to_owned(), "project version"))
    }
}

fn split(text: &str) -> Option<(ProjectName, Vec<&str>)> {
    let mut parts = text.splitn(6, ':');
    let ("arn", partition, "rekognition", region, account, resource) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?)
    else {
        return None;
    };
    let mut path = resource.split('/');
    let ("project", name) = (path.next()?, path.next()?) else { return None };
    let [partition, region, account, name] = [partition, region, account, name].map(str::to_owned);
    Some((ProjectName { partition, region, account, name }, path.collect()))
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, name } = self;
        write!(f, "arn:{partition}:rekognition:{region}:{account}:project/{name}")
    }
}

impl fmt::Display for ProjectArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.number)
    }
}

impl fmt::Display for VersionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/version/{}/{}", self.project, self.version, self.number)
    }
}

impl TryFrom<String> for ProjectArn {
    type Error = NoSuchArn;
    fn try_from(text: String) -> Result<Self, NoSuchArn> {
        text.parse()
    }
}

impl TryFrom<String> for VersionArn {
    type Error = NoSuchArn;
    fn try_from(text: String) -> Result<Self, NoSuchArn> {
        text.parse()
    }
}

impl From<ProjectArn> for String {
    fn from(arn: ProjectArn) -> Self {
        arn.to_string()
    }
}

impl From<VersionArn> for String {
    fn from(arn: VersionArn) -> Self {
        arn.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_written_as_it_was_read() {
        let project = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
        assert_eq!(project.parse::<ProjectArn>().unwrap().to_string(), project);
        let version = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000";
        assert_eq!(version.parse::<VersionArn>().unwrap().to_string(), version);
        assert!(version.parse::<ProjectArn>().is_err());
        assert!(project.parse::<VersionArn>().is_err());
    }
}
