//! What the input makes of time and of Rekognition.

use crate::request::source_version;
use arbitrary::{Result, Unstructured};
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::grant::Ungranted;
use rekognition_model_copier::domain::model::{ModelStatus, Version};
use rekognition_model_copier::domain::refusal::{CopyAnswer, Refusal};
use rekognition_model_copier::domain::times::LEASE;

use crate::hostile::BUCKET;
use crate::hostile::targets::NOW;

const COPY: &str =
    "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.1/1763978400000";
const OTHER: &str =
    "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/version/flowers.1/1763978400001";
const CODES: [&str; 14] = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "Throttling",
    "LimitExceededException",
    "ServiceQuotaExceededException",
    "AccessDeniedException",
    "ResourceNotFoundException",
    "ResourceInUseException",
    "InvalidParameterException",
    "ValidationException",
    "InternalServerError",
    "ServiceUnavailable",
    "AccessDenied",
    "NewException",
];

/// Nothing, seconds, hours or years.
pub(super) fn duration(u: &mut Unstructured<'_>) -> Result<SignedDuration> {
    let most = *u.choose(&[0, 60, LEASE.as_secs() * 2, 3 * 86_400, 3_650 * 86_400])?;
    Ok(SignedDuration::from_secs(u.int_in_range(0..=most)?))
}

/// A time close to one of the ends of time.
pub(super) fn far(u: &mut Unstructured<'_>) -> Result<Timestamp> {
    let seconds = SignedDuration::from_secs(u.int_in_range(0..=86_400)?);
    let time = if u.arbitrary()? {
        Timestamp::MAX.checked_sub(seconds)
    } else {
        Timestamp::MIN.checked_add(seconds)
    };
    // As the clock gives it: in whole milliseconds.
    Ok(time.ok().and_then(|time| Timestamp::from_millisecond(time.as_millisecond()).ok()).unwrap_or(NOW))
}

/// What a call is answered; `None` if whoever called is gone by then.
pub(super) fn answer(u: &mut Unstructured<'_>) -> Result<Option<CopyAnswer>> {
    Ok(Some(match u.int_in_range(0..=4)? {
        0 => return Ok(None),
        1 => CopyAnswer::Accepted(arn(u)?),
        2 => CopyAnswer::Unanswered { reason: words(u)? },
        _ => CopyAnswer::Refused(Refusal { code: code(u)?, message: words(u)? }),
    }))
}

pub(super) fn ungrantable(u: &mut Unstructured<'_>) -> Result<Ungranted> {
    Ok(match u.int_in_range(0..=2)? {
        0 => Ungranted::Full(words(u)?),
        1 => Ungranted::Unavailable(words(u)?),
        _ => {
            let actions = [
                "sts:AssumeRole",
                "rekognition:ListProjectPolicies",
                "rekognition:PutProjectPolicy",
                "rekognition:DeleteProjectPolicy",
            ];
            let action = *u.choose(&actions)?;
            Ungranted::Refused { action, refusal: Refusal { code: code(u)?, message: words(u)? } }
        }
    })
}

fn code(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(1, 8)? { words(u) } else { Ok((*u.choose(&CODES)?).to_owned()) }
}

fn arn(u: &mut Unstructured<'_>) -> Result<ProjectVersionArn> {
    Ok(ProjectVersionArn::parse(if u.arbitrary()? { COPY } else { OTHER }).expect("an ARN"))
}

fn words(u: &mut Unstructured<'_>) -> Result<String> {
    let words = u.arbitrary::<&str>()?;
    Ok(if u.ratio(1, 32)? { words.repeat(1000) } else { words.to_owned() })
}

pub(super) fn seen(u: &mut Unstructured<'_>) -> Result<Option<Version>> {
    if u.ratio(1, 4)? {
        return Ok(None);
    }
    let status = if u.ratio(1, 8)? { words(u)?.into() } else { u.choose(ModelStatus::ALL)?.clone() };
    let source = match u.int_in_range(0..=3)? {
        0 => None,
        1 => Some(words(u)?),
        _ => Some(source_version("flowers.1")),
    };
    let maybe = |u: &mut Unstructured<'_>, good: &str| -> Result<Option<String>> {
        Ok(match u.int_in_range(0..=3)? {
            0 => Some(words(u)?),
            1 => Some(good.to_owned()),
            _ => None,
        })
    };
    Ok(Some(Version {
        arn: arn(u)?,
        status,
        status_message: maybe(u, "because")?,
        source_project_version_arn: source,
        s3_bucket: maybe(u, BUCKET)?,
        kms_key_id: maybe(u, "alias/flowers")?,
    }))
}
