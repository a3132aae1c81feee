//! Every way `CopyProjectVersion` can answer, sorted by what we do next.
//!
//! Source: <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_CopyProjectVersion.html>, section
//! Errors. `ValidationException` is not in the service model and comes all the same.

use super::arn::ProjectVersionArn;

/// What came back from one call of `CopyProjectVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyAnswer {
    /// The copy has begun, as this new version.
    Accepted(ProjectVersionArn),
    /// Rekognition said no, and nothing was begun.
    Refused(Refusal),
    /// Nobody knows: no answer, an unreadable one, or a failure inside the service.
    Unanswered {
        /// What happened, for the log.
        reason: String,
    },
}

/// A definite no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error's name, for instance `AccessDeniedException`.
    pub code: String,
    /// The service's sentence.
    pub message: String,
}

/// What a refusal means for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Too many calls a second: soon.
    Throttled,
    /// Too much at once: later.
    Limit,
    /// Too many for this account: a person has to raise the quota.
    Quota,
    /// Not allowed or not there. May heal by itself: policies take time to be seen.
    Permission,
    /// The name is taken. A question, not a failure: by whom?
    NameTaken,
    /// The request will never do.
    Invalid,
    /// The service failed: the call may have worked.
    Unanswered,
    /// An error we don't know. Not now.
    Unknown,
}

impl Meaning {
    /// Reads an error's name as the service or its SDK spells it.
    pub fn of(code: &str) -> Self {
        match code {
            // The last is how STS spells it.
            "ThrottlingException" | "ProvisionedThroughputExceededException" | "Throttling" => {
                Self::Throttled
            }
            "LimitExceededException" => Self::Limit,
            "ServiceQuotaExceededException" => Self::Quota,
            "AccessDeniedException" | "ResourceNotFoundException" => Self::Permission,
            "ResourceInUseException" => Self::NameTaken,
            "InvalidParameterException" | "ValidationException" => Self::Invalid,
            "InternalServerError"
            | "InternalServerErrorException"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "ServiceUnavailableException" => Self::Unanswered,
            _ => Self::Unknown,
        }
    }
}
