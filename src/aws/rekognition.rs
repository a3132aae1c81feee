//! Custom Labels through Amazon Rekognition's API.

use std::collections::BTreeMap;

use aws_config::retry::RetryConfig;
use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::config::Config;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rekognition::operation::copy_project_version::builders::CopyProjectVersionFluentBuilder;
use aws_sdk_rekognition::operation::copy_project_version::{
    CopyProjectVersionError, CopyProjectVersionOutput,
};
use aws_sdk_rekognition::types::{OutputConfig, ProjectVersionDescription};
use tracing::warn;

use super::source_accounts::SourceAccounts;
use super::{describe_error, refusal, timestamp, unavailable};
use crate::domain::arn::{ProjectArn, ProjectVersionArn};
use crate::domain::aws_answer::CopyAnswer;
use crate::domain::model::{ModelStatus, Version};
use crate::domain::project_policy::{PolicyError, ProjectPolicy};
use crate::domain::request::CopyRequest;
use crate::ports::{Cursor, Page, Rekognition, Unavailable, Which};

/// The Rekognition client, and the clients in the accounts that own the models.
#[derive(Debug)]
pub struct CustomLabels {
    client: Client,
    source_accounts: SourceAccounts,
}

impl CustomLabels {
    /// Custom Labels in this account, and in others through `roles`, by account, which change project policies. They
    /// are assumed through `sts` with `external_id`.
    pub fn new(
        client: Client,
        sts: &aws_sdk_sts::Config,
        roles: &BTreeMap<String, String>,
        external_id: Option<&str>,
    ) -> Self {
        let source_accounts = SourceAccounts::new(client.config(), sts, roles, external_id);
        Self { client, source_accounts }
    }

    /// Adds this client for the project policies of `account`.
    pub fn with_source_account(mut self, account: &str, client: &Client) -> Self {
        self.source_accounts.add(account, client);
        self
    }
}

impl Rekognition for CustomLabels {
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        let call = copy_project_version(&self.client, copy)
            .customize()
            // INVARIANT: one call is one attempt. With the SDK's retries, a lost answer and its retry would read as a
            // taken name: the copier's own success as somebody else's.
            .config_override(Config::builder().retry_config(RetryConfig::disabled()));
        answer(call.send().await)
    }

    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Page<Version>, Unavailable> {
        let call = self.client.describe_project_versions().project_arn(project.as_str());
        let call = match which {
            Which::Named(names) => call.set_version_names(Some(names.to_vec())),
            Which::Page(cursor) => call.max_results(100).set_next_token(cursor.map(|Cursor(token)| token)),
        };
        match call.send().await {
            Ok(page) => {
                let descriptions = page.project_version_descriptions.unwrap_or_default();
                let count = descriptions.len();
                let items: Vec<Version> = descriptions.into_iter().filter_map(version).collect();
                let unreadable = count - items.len();
                // An empty token means the end.
                let next = page.next_token.filter(|token| !token.is_empty()).map(Cursor);
                Ok(Page { items, unreadable, next })
            }
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(Page::default()),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn policies(&self, project: &ProjectArn) -> Result<Vec<ProjectPolicy>, PolicyError> {
        self.source_accounts.policies(project).await
    }

    async fn put_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        document: &str,
        revision_id: Option<&str>,
    ) -> Result<(), PolicyError> {
        self.source_accounts.put(project, name, document, revision_id).await
    }

    async fn delete_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        revision_id: &str,
    ) -> Result<(), PolicyError> {
        self.source_accounts.delete(project, name, revision_id).await
    }
}

/// The CopyProjectVersion call that makes a copy.
pub fn copy_project_version(client: &Client, copy: &CopyRequest) -> CopyProjectVersionFluentBuilder {
    let output = OutputConfig::builder()
        .s3_bucket(&copy.output_config.s3_bucket)
        .set_s3_key_prefix(copy.output_config.s3_key_prefix.clone())
        .build();
    let tags = copy.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    client
        .copy_project_version()
        .source_project_arn(copy.source_project_arn.as_str())
        .source_project_version_arn(copy.source_project_version_arn.as_str())
        .destination_project_arn(copy.destination_project_arn.as_str())
        .version_name(&copy.version_name)
        .output_config(output)
        .set_tags(Some(tags).filter(|_| !copy.tags.is_empty()))
        .set_kms_key_id(copy.kms_key_id.clone())
}

/// Reads an answer: everything but an ARN and a definite refusal counts as unanswered.
fn answer(result: Result<CopyProjectVersionOutput, SdkError<CopyProjectVersionError>>) -> CopyAnswer {
    match result {
        Ok(output) => accepted(output.project_version_arn.as_deref()),
        Err(error) => match refusal(&error) {
            Some(refusal) => CopyAnswer::Refused(refusal),
            None => CopyAnswer::Unanswered { reason: describe_error(&error) },
        },
    }
}

fn accepted(arn: Option<&str>) -> CopyAnswer {
    match arn.map(ProjectVersionArn::parse) {
        Some(Ok(arn)) => CopyAnswer::Accepted(arn),
        Some(Err(error)) => {
            CopyAnswer::Unanswered { reason: format!("`ProjectVersionArn` in the answer {error}") }
        }
        None => CopyAnswer::Unanswered { reason: "no `ProjectVersionArn` in the answer".to_owned() },
    }
}

/// The version, if it has an ARN and a status; every member of a description is optional.
fn version(description: ProjectVersionDescription) -> Option<Version> {
    let arn = description.project_version_arn.as_deref().map(ProjectVersionArn::parse);
    let (Some(Ok(arn)), Some(status)) = (arn, description.status) else {
        warn!(arn = description.project_version_arn, "a version without a readable ARN and status");
        return None;
    };
    Some(Version {
        arn,
        status: ModelStatus::read(status.as_str()),
        status_message: description.status_message,
        created_at: description
            .creation_timestamp
            .and_then(|time| std::time::SystemTime::try_from(time).ok())
            .map(timestamp),
        source_project_version_arn: description.source_project_version_arn,
        s3_bucket: description.output_config.and_then(|output| output.s3_bucket),
        kms_key_id: description.kms_key_id,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_rekognition::config::http::HttpResponse;
    use aws_sdk_rekognition::error::ErrorMetadata;

    use super::*;

    /// The code of a definite refusal; `None` for an error that counts as no answer.
    fn refused(status: u16, code: Option<&str>) -> Option<String> {
        let metadata = match code {
            Some(code) => ErrorMetadata::builder().code(code),
            None => ErrorMetadata::builder(),
        };
        let error = CopyProjectVersionError::generic(metadata.build());
        let response = HttpResponse::new(status.try_into().unwrap(), "".into());
        match answer(Err(SdkError::service_error(error, response))) {
            CopyAnswer::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    #[test]
    fn an_error_of_the_service_is_no_answer_whatever_its_name_unless_it_is_a_throttle() {
        for code in ["InternalServerError", "NewException", "LimitExceededException"] {
            assert_eq!(refused(500, Some(code)), None, "{code}");
        }
        for (status, code) in
            [(400, "ThrottlingException"), (500, "ThrottlingException"), (400, "NewException")]
        {
            assert_eq!(refused(status, Some(code)).as_deref(), Some(code), "{status}");
        }
    }

    #[test]
    fn an_answer_without_a_name_is_sorted_by_its_status() {
        for status in [302, 400, 403, 413, 429] {
            assert_eq!(refused(status, None), Some(format!("HttpStatus{status}")));
        }
        for status in [200, 408, 500, 502, 503] {
            assert_eq!(refused(status, None), None, "{status}");
        }
    }
}
