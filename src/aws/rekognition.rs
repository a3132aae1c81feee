//! Custom Labels through Amazon Rekognition's API.

use std::collections::BTreeMap;

use aws_config::retry::RetryConfig;
use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::config::Config;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rekognition::operation::copy_project_version::{
    CopyProjectVersionError, CopyProjectVersionOutput,
};
use aws_sdk_rekognition::types::{OutputConfig, ProjectVersionDescription};
use tracing::warn;

use super::policies::SourceAccounts;
use super::{refusal, told, unavailable};
use crate::domain::arn::{ProjectArn, ProjectVersionArn};
use crate::domain::grant::PolicyError;
use crate::domain::model::{ModelStatus, Version};
use crate::domain::policy::{Change, Policy};
use crate::domain::refusal::CopyAnswer;
use crate::domain::request::CopyRequest;
use crate::ports::{Rekognition, Unavailable, Versions, Which};

/// The Rekognition client, and those in the accounts that own the models.
#[derive(Debug)]
pub struct CustomLabels {
    client: Client,
    source_accounts: SourceAccounts,
}

impl CustomLabels {
    /// Custom Labels in this account, and in others through `roles`: those that change project policies for us, by
    /// account. They are assumed through `sts` and ask for `external_id`.
    pub fn new(
        client: Client,
        sts: &aws_sdk_sts::Config,
        roles: &BTreeMap<String, String>,
        external_id: Option<&str>,
    ) -> Self {
        let source_accounts = SourceAccounts::new(client.config(), sts, roles, external_id);
        Self { client, source_accounts }
    }
}

impl Rekognition for CustomLabels {
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        let output = OutputConfig::builder()
            .s3_bucket(&copy.output_config.s3_bucket)
            .set_s3_key_prefix(copy.output_config.s3_key_prefix.clone())
            .build();
        let tags = copy.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let call = self
            .client
            .copy_project_version()
            .source_project_arn(copy.source_project_arn.as_str())
            .source_project_version_arn(copy.source_project_version_arn.as_str())
            .destination_project_arn(copy.destination_project_arn.as_str())
            .version_name(&copy.version_name)
            .output_config(output)
            .set_tags(Some(tags).filter(|_| !copy.tags.is_empty()))
            .set_kms_key_id(copy.kms_key_id.clone())
            .customize()
            // INVARIANT: one call is one attempt. With the SDK's retries, a lost answer and its retry would
            // read as a name that is taken: our own success as somebody else's.
            .config_override(Config::builder().retry_config(RetryConfig::disabled()));
        answer(call.send().await)
    }

    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Versions, Unavailable> {
        let call = self.client.describe_project_versions().project_arn(project.as_str());
        let call = match which {
            Which::Named(names) => call.set_version_names(Some(names.to_vec())),
            Which::Page(token) => call.max_results(100).set_next_token(token),
        };
        match call.send().await {
            Ok(found) => Ok(Versions {
                versions: found
                    .project_version_descriptions
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(version)
                    .collect(),
                // An empty token is the end, too.
                next: found.next_token.filter(|token| !token.is_empty()),
            }),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(Versions::default()),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn policy(&self, project: &ProjectArn, name: &str) -> Result<Option<Policy>, PolicyError> {
        self.source_accounts.policy(project, name).await
    }

    async fn change_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        change: &Change,
    ) -> Result<(), PolicyError> {
        self.source_accounts.change(project, name, change).await
    }
}

/// Sorts what came back: everything but an ARN and a definite no is unanswered.
fn answer(result: Result<CopyProjectVersionOutput, SdkError<CopyProjectVersionError>>) -> CopyAnswer {
    match result {
        Ok(output) => accepted(output.project_version_arn.as_deref()),
        Err(error) => match refusal(&error) {
            Some(refusal) => CopyAnswer::Refused(refusal),
            None => CopyAnswer::Unanswered { reason: told(&error) },
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

/// A description, if it has what identifies it: every member of it is optional.
fn version(description: ProjectVersionDescription) -> Option<Version> {
    let arn = description.project_version_arn.as_deref().map(ProjectVersionArn::parse);
    let (Some(Ok(arn)), Some(status)) = (arn, description.status) else {
        warn!(arn = description.project_version_arn, "a version without a readable ARN and status");
        return None;
    };
    Some(Version {
        arn,
        status: ModelStatus::from(status.as_str().to_owned()),
        status_message: description.status_message,
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

    fn answered(status: u16, code: &str) -> CopyAnswer {
        let error = ErrorMetadata::builder().code(code).message("because").build();
        let response = HttpResponse::new(status.try_into().unwrap(), "".into());
        answer(Err(SdkError::service_error(CopyProjectVersionError::generic(error), response)))
    }

    #[test]
    fn trouble_of_the_service_is_no_answer_whatever_it_is_called() {
        for code in ["InternalServerError", "NewException", "LimitExceededException"] {
            assert!(matches!(answered(500, code), CopyAnswer::Unanswered { .. }), "{code}");
        }
    }

    #[test]
    fn a_throttle_is_a_definite_no_with_either_status() {
        for status in [400, 500] {
            assert!(matches!(answered(status, "ThrottlingException"), CopyAnswer::Refused(_)), "{status}");
        }
        assert!(matches!(answered(400, "NewException"), CopyAnswer::Refused(_)));
    }
}
