//! The two ARNs of Custom Labels: a project's and a project version's.
//!
//! Their trailing number is each resource's own creation time, so a project's ARN can't be derived from its
//! version's. Forms and lengths: the service model's `ProjectArn` and `ProjectVersionArn`, read strictly,
//! from the first character to the last.

use std::fmt;

use serde::{Deserialize, Serialize};

const LENGTH: std::ops::RangeInclusive<usize> = 20..=2048;
const NAME: std::ops::RangeInclusive<usize> = 1..=255;

/// Why a text is not the ARN it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    #[error("must have 20 to 2048 characters")]
    Length,
    #[error("must be a project ARN, arn:aws:rekognition:REGION:ACCOUNT:project/NAME/NUMBER")]
    NoProject,
    #[error(
        "must be a project version ARN, arn:aws:rekognition:REGION:ACCOUNT:project/NAME/version/VERSION/NUMBER"
    )]
    NoProjectVersion,
}

macro_rules! arn {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads the ARN.
            pub fn parse(text: &str) -> Result<Self, ArnError> {
                $parse(text)?;
                Ok(Self(text.to_owned()))
            }
            /// The whole ARN.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// The partition, for instance `aws`.
            pub fn partition(&self) -> &str {
                part(&self.0, ':', 1)
            }
            /// The Region.
            pub fn region(&self) -> &str {
                part(&self.0, ':', 3)
            }
            /// The owner: 12 digits.
            pub fn account(&self) -> &str {
                part(&self.0, ':', 4)
            }
            /// The project's name.
            pub fn project_name(&self) -> &str {
                part(&self.0, '/', 1)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ArnError;
            fn try_from(text: String) -> Result<Self, ArnError> {
                $parse(&text)?;
                Ok(Self(text))
            }
        }
        impl From<$name> for String {
            fn from(arn: $name) -> String {
                arn.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

arn!(
    /// `arn:aws:rekognition:us-east-1:111122223333:project/NAME/NUMBER`
    ProjectArn,
    check_project
);
arn!(
    /// `arn:aws:rekognition:us-east-1:111122223333:project/NAME/version/VERSION/NUMBER`
    ProjectVersionArn,
    check_project_version
);

impl ProjectVersionArn {
    /// The version's name, unique in its project at any one time.
    pub fn version_name(&self) -> &str {
        part(&self.0, '/', 3)
    }
}

/// Whether `text` is a name as projects and versions have them: 1 to 255 of letters, digits, `_`, `.`, `-`.
pub fn is_name(text: &str) -> bool {
    NAME.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Whether `text` is an AWS account id: 12 digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && is_number(text)
}

fn check_project(text: &str) -> Result<(), ArnError> {
    let resource = resource(text, ArnError::NoProject)?;
    match resource.split('/').collect::<Vec<_>>().as_slice() {
        ["project", name, created] if is_name(name) && is_number(created) => Ok(()),
        _ => Err(ArnError::NoProject),
    }
}

fn check_project_version(text: &str) -> Result<(), ArnError> {
    let resource = resource(text, ArnError::NoProjectVersion)?;
    match resource.split('/').collect::<Vec<_>>().as_slice() {
        ["project", name, "version", version, created]
            if is_name(name) && is_name(version) && is_number(created) =>
        {
            Ok(())
        }
        _ => Err(ArnError::NoProjectVersion),
    }
}

/// The part behind the head that both ARNs share.
fn resource(text: &str, otherwise: ArnError) -> Result<&str, ArnError> {
    if !LENGTH.contains(&text.chars().count()) {
        return Err(ArnError::Length);
    }
    match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, "rekognition", region, account, resource]
            if is_word(partition) && is_word(region) && is_account(account) =>
        {
            Ok(resource)
        }
        _ => Err(otherwise),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn part(text: &str, separator: char, n: usize) -> &str {
    text.split(separator).nth(n).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
    const VERSION: &str =
        "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000";

    #[test]
    fn an_arn_tells_its_parts() {
        let project = ProjectArn::parse(PROJECT).unwrap();
        assert_eq!(
            (project.partition(), project.region(), project.account(), project.project_name()),
            ("aws", "us-east-1", "111122223333", "flowers")
        );
        let version = ProjectVersionArn::parse(VERSION).unwrap();
        assert_eq!((version.project_name(), version.version_name()), ("flowers", "flowers.2026-11-02"));
    }

    #[test]
    fn anything_but_a_whole_arn_is_refused() {
        for bad in [
            &format!("{PROJECT}\n"),
            &format!(" {PROJECT}"),
            &PROJECT.replace("flowers", "flo wers"),
            &PROJECT.replace("flowers", ""),
            &PROJECT.replace("flowers", &"f".repeat(256)),
            &PROJECT.replace("flowers", "flоwers"),
            &PROJECT.replace("111122223333", "11112222333"),
            &PROJECT.replace("1761904800000", ""),
            &PROJECT.replace("1761904800000", "１７"),
            &PROJECT.replace("rekognition", "Rekognition"),
            &PROJECT.replace("us-east-1", ""),
            VERSION,
            "arn:aws:rekognition:us-east-1:111122223333:adapter/flowers/1",
        ] {
            assert_eq!(ProjectArn::parse(bad), Err(ArnError::NoProject), "{bad:?}");
        }
        for bad in [
            PROJECT,
            &VERSION.replace("project/flowers", "project/flo wers"),
            &VERSION.replace("flowers.2026-11-02", "flowers 2026-11-02"),
            &VERSION.replace("1762077600000", "now"),
            &VERSION.replace("/version/", "/adapter/"),
        ] {
            assert_eq!(ProjectVersionArn::parse(bad), Err(ArnError::NoProjectVersion), "{bad:?}");
        }
        assert_eq!(ProjectArn::parse("arn:aws"), Err(ArnError::Length));
        assert_eq!(ProjectArn::parse(&format!("{PROJECT}{}", "0".repeat(2048))), Err(ArnError::Length));
    }
}
