//! What errors on the way to a policy mean.

use aws_sdk_rekognition::config::http::HttpResponse;
use aws_sdk_rekognition::error::ErrorMetadata;
use aws_sdk_rekognition::operation::put_project_policy::PutProjectPolicyError;

use super::*;

#[test]
fn an_error_is_a_conflict_a_refusal_or_no_answer() {
    for (action, http_status, code, expected) in [
        (PUT, 400, "InvalidPolicyRevisionIdException", "conflict"),
        (PUT, 400, "ResourceAlreadyExistsException", "conflict"),
        (DELETE, 400, "InvalidPolicyRevisionIdException", "conflict"),
        (DELETE, 400, "ResourceNotFoundException", "conflict"),
        (PUT, 400, "LimitExceededException", "conflict"),
        (PUT, 400, "AccessDeniedException", "refused"),
        (PUT, 400, "ResourceNotFoundException", "refused"),
        (PUT, 400, "MalformedPolicyDocumentException", "refused"),
        (PUT, 400, "NewException", "refused"),
        (PUT, 400, "InternalServerError", "unavailable"),
        (PUT, 500, "NewException", "unavailable"),
    ] {
        let error = ErrorMetadata::builder().code(code).message("because").build();
        let answer = HttpResponse::new(http_status.try_into().unwrap(), "".into());
        let error = error_of(action, SdkError::service_error(PutProjectPolicyError::generic(error), answer));
        let told = match error {
            PolicyError::Conflict => "conflict",
            PolicyError::Refused { action: named, refusal } => {
                assert_eq!(
                    (named, refusal.code.as_str(), refusal.message.as_str()),
                    (action, code, "because")
                );
                "refused"
            }
            PolicyError::Unavailable(_) => "unavailable",
        };
        assert_eq!(told, expected, "{action} {http_status} {code}");
    }
    let timed_out: SdkError<PutProjectPolicyError, HttpResponse> = SdkError::timeout_error("late");
    assert!(matches!(error_of(PUT, timed_out), PolicyError::Unavailable(_)));
}
