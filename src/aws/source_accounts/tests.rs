//! What errors on the way to a policy mean.

use aws_sdk_rekognition::config::http::HttpResponse;
use aws_sdk_rekognition::error::ErrorMetadata;
use aws_sdk_rekognition::operation::put_project_policy::PutProjectPolicyError;

use super::*;

fn answered(action: &'static str, code: &str) -> PolicyError {
    answered_with(400, action, code)
}

fn answered_with(status: u16, action: &'static str, code: &str) -> PolicyError {
    let error = ErrorMetadata::builder().code(code).message("because").build();
    let answer = HttpResponse::new(status.try_into().unwrap(), "".into());
    error_of(action, SdkError::service_error(PutProjectPolicyError::generic(error), answer))
}

#[test]
fn a_policy_that_changed_since_it_was_read_is_a_conflict() {
    for (action, code) in [
        (PUT, "InvalidPolicyRevisionIdException"),
        (PUT, "ResourceAlreadyExistsException"),
        (DELETE, "InvalidPolicyRevisionIdException"),
        (DELETE, "ResourceNotFoundException"),
        (PUT, "LimitExceededException"),
    ] {
        assert_eq!(answered(action, code), PolicyError::Conflict, "{action} {code}");
    }
}

#[test]
fn a_refusal_names_its_action() {
    for code in [
        "AccessDeniedException",
        "ResourceNotFoundException",
        "MalformedPolicyDocumentException",
        "NewException",
    ] {
        let message = "because".to_owned();
        let refusal = Refusal { code: code.to_owned(), message, http_status: Some(400) };
        assert_eq!(answered(PUT, code), PolicyError::Refused { action: PUT, refusal });
    }
}

#[test]
fn an_error_of_the_service_or_no_answer_is_neither() {
    assert!(matches!(answered(PUT, "InternalServerError"), PolicyError::Unavailable(_)));
    assert!(matches!(answered_with(500, PUT, "NewException"), PolicyError::Unavailable(_)));
    let timed_out: SdkError<PutProjectPolicyError, HttpResponse> = SdkError::timeout_error("late");
    assert!(matches!(error_of(PUT, timed_out), PolicyError::Unavailable(_)));
}
