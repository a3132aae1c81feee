//! Checks the form of settings: whether a text can be a Region, a bus, a bucket, a role.

use crate::domain::admission::OutputLocation;
use crate::domain::arn::{is_account, is_name};

pub(super) fn is_region(text: &str) -> bool {
    text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
pub(super) fn is_external_id(text: &str) -> bool {
    (2..=1224).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b))
}

/// A table's name has the same form as `outputConfig.s3Bucket` of a request.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
pub(super) fn is_table_or_bucket(text: &str) -> bool {
    text.len() >= 3 && is_name(text)
}

/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>
pub(super) fn is_bus(text: &str) -> bool {
    let name = match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "events", _, account, bus] if is_account(account) => bus.strip_prefix("event-bus/"),
        _ => Some(text),
    };
    name.is_some_and(|name| {
        (1..=256).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/'))
    })
}

pub(super) fn is_event_source(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && !text.starts_with("aws.")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/'))
}

/// The account in `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
pub(super) fn role_account(arn: &str) -> Option<&str> {
    match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "iam", "", account, role]
            if is_account(account) && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Some(account)
        }
        _ => None,
    }
}

pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// `BUCKET` or `BUCKET/PREFIX`, without a slash at the end and without wildcards.
pub(super) fn output_location(text: &str) -> Option<OutputLocation> {
    let (bucket, prefix) = match text.split_once('/') {
        Some((bucket, prefix)) => (bucket, Some(prefix)),
        None => (text, None),
    };
    let is_good_prefix = |prefix: &str| {
        !prefix.is_empty() && prefix.len() <= 1024 && !prefix.ends_with('/') && !prefix.contains(['*', '?'])
    };
    (is_table_or_bucket(bucket) && prefix.is_none_or(is_good_prefix))
        .then(|| OutputLocation { bucket: bucket.to_owned(), prefix: prefix.map(str::to_owned) })
}

/// A stack's name, or another name of the same form.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html>
pub(super) fn is_stack(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The ARN of an SQS queue.
pub(super) fn is_queue_arn(text: &str) -> bool {
    matches!(text.split(':').collect::<Vec<_>>().as_slice(),
        ["arn", _, "sqs", _, account, name] if is_account(account) && !name.is_empty())
}
