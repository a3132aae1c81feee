//! The parts of the two ARNs of Custom Labels that the sandbox needs. [`ProjectArn`] and [`ProjectVersionArn`] read them.
//!
//! The number at the end is the creation time of the resource in milliseconds. So a version's ARN does not give its
//! project's ARN: they share only the beginning, with the project's name.
//!
//! [`ProjectArn`]: crate::ProjectArn
//! [`ProjectVersionArn`]: crate::ProjectVersionArn

use jiff::Timestamp;

/// The beginning of a project's or a version's ARN: `arn:PARTITION:rekognition:REGION:ACCOUNT:project/NAME`.
pub(crate) fn project_name(arn: &str) -> &str {
    let end = arn.match_indices('/').nth(1).map_or(arn.len(), |(end, _)| end);
    arn.get(..end).unwrap_or(arn)
}

/// The number at the end of an ARN.
pub(crate) fn number(arn: &str) -> u64 {
    arn.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The creation time in the number of an ARN.
pub(crate) fn created_at(arn: &str) -> Timestamp {
    let time = i64::try_from(number(arn)).ok().and_then(|number| Timestamp::from_millisecond(number).ok());
    time.unwrap_or_default()
}
