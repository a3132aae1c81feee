//! What AWS answered, and what an error's name means for the request.
//!
//! Source: <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_CopyProjectVersion.html>, section
//! Errors. `ValidationException` is not in the service model, but services answer it.

use super::arn::ProjectVersionArn;

/// The answer to one call of `CopyProjectVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyAnswer {
    /// Rekognition accepted the copy, as this new version.
    Accepted(ProjectVersionArn),
    /// Rekognition refused, and started nothing. Its [`Meaning`] is never `Unanswered`.
    Refused(Refusal),
    /// The call may have worked: no answer, an unreadable one, or a failure inside the service.
    Unanswered {
        /// What happened, for the log.
        reason: String,
    },
}

impl CopyAnswer {
    /// Whether the version that has the name decides what becomes of the request.
    pub fn is_name_taken(&self) -> bool {
        matches!(self, Self::Refused(refusal) if Meaning::of(&refusal.code) == Meaning::NameTaken)
    }
}

/// A definite refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error's name, for instance `AccessDeniedException`; `HttpStatus413` for an answer without one.
    pub code: String,
    pub message: String,
    /// The answer's HTTP status, for the log.
    pub http_status: Option<u16>,
}

/// What a refusal means for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Too many calls a second: retry soon.
    Throttled,
    /// `LimitExceededException`, taken as too many copies at once: it passes by itself, so retry later.
    Limit,
    /// A quota is used up, such as the versions of a project: it passes when a person deletes versions or raises it.
    Quota,
    /// Not allowed, or not found: retry, because a new policy takes minutes to become visible.
    Permission,
    /// The name is taken: the version that has it decides.
    NameTaken,
    /// The request is invalid and stays invalid.
    Invalid,
    /// The service failed: the call may have worked.
    Unanswered,
    /// An error that the copier does not know: retry.
    Unknown,
}

impl Meaning {
    /// Reads an error's name as the service or its SDK spells it.
    pub fn of(code: &str) -> Self {
        match code {
            // `Throttling` is how STS spells it; a gateway may answer 429 without a name.
            "ThrottlingException"
            | "ProvisionedThroughputExceededException"
            | "Throttling"
            | "HttpStatus429" => Self::Throttled,
            "LimitExceededException" => Self::Limit,
            "ServiceQuotaExceededException" => Self::Quota,
            "AccessDeniedException"
            | "AccessDenied"
            | "KMSAccessDeniedException"
            | "InvalidS3ObjectException"
            | "ResourceNotFoundException" => Self::Permission,
            // The second is Rekognition's word for a taken name elsewhere (collections, datasets, policies).
            "ResourceInUseException" | "ResourceAlreadyExistsException" => Self::NameTaken,
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
