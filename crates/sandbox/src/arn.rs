//! The two ARNs of Custom Labels: of a project and of a project version.
//!
//! The number at the end is the creation time of the resource in milliseconds. So a version's ARN does not give its
//! project's ARN.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// `arn:aws:rekognition:REGION:ACCOUNT:project/NAME/NUMBER`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectArn {
    /// Partition, Region, account and project name.
    pub project: ProjectName,
    /// The project's creation time in milliseconds since 1970.
    pub number: u64,
}

/// `arn:aws:rekognition:REGION:ACCOUNT:project/NAME/version/VERSION/NUMBER`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionArn {
    /// Partition, Region, account and project name. The project's number is missing.
    pub project: ProjectName,
    /// The version's name, unique in its project.
    pub version: String,
    /// The version's creation time in milliseconds since 1970.
    pub number: u64,
}

/// The beginning of both ARNs: `arn:PARTITION:rekognition:REGION:ACCOUNT:project/NAME`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectName {
    /// The partition, usually `aws`.
    pub partition: String,
    /// The Region.
    pub region: String,
    /// The account that owns the project, 12 digits.
    pub account: String,
    /// The project's name, unique in its account and Region.
    pub name: String,
}

/// The error of a text that is no such ARN.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no ARN of a Custom Labels {1}")]
pub struct ArnError(String, &'static str);

/// Text and JSON forms of an ARN, from the parts of its path after the project's name.
macro_rules! text_forms {
    ($arn:ty, $what:literal, $parse:expr) => {
        impl FromStr for $arn {
            type Err = ArnError;
            fn from_str(text: &str) -> Result<Self, ArnError> {
                let parsed = split(text).and_then(|(project, rest)| $parse(project, rest.as_slice()));
                parsed.ok_or_else(|| ArnError(text.to_owned(), $what))
            }
        }

        impl TryFrom<String> for $arn {
            type Error = ArnError;
            fn try_from(text: String) -> Result<Self, ArnError> {
                text.parse()
            }
        }

        impl From<$arn> for String {
            fn from(arn: $arn) -> Self {
                arn.to_string()
            }
        }
    };
}

text_forms!(ProjectArn, "project", |project, rest: &[&str]| match rest {
    [number] => Some(ProjectArn { project, number: number.parse().ok()? }),
    _ => None,
});

text_forms!(VersionArn, "project version", |project, rest: &[&str]| match rest {
    ["version", version, number] => {
        Some(VersionArn { project, version: (*version).to_owned(), number: number.parse().ok()? })
    }
    _ => None,
});

/// The project's name, and the parts of the path after it.
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
