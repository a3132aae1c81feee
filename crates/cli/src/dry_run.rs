//! `copy --dry-run`: checks a copy without changing anything.

use rekognition_model_copier::Rules;
use rekognition_model_copier::aws::CustomLabels;
use rekognition_model_copier::domain::model::{ModelStatus, Origin, Version};
use rekognition_model_copier::domain::remedy;
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{Rekognition, Unavailable, Which};

use crate::check::{Check, Finding, OrFinding, Outcome, ensure, write_checks};
use crate::exit::{Exit, Failure, describe_policy_error};
use crate::output::Output;
use crate::resources::{check_bucket, check_key, check_policy_room, check_room, list_versions};
use crate::session::Session;

/// A copy, its rules and the sessions that the checks use.
pub(crate) struct DryRun<'a> {
    pub(crate) copy: &'a CopyRequest,
    pub(crate) rules: &'a Rules,
    pub(crate) destination: &'a Session,
    /// The account of the model; `None` without credentials of that account.
    pub(crate) source: Option<&'a Session>,
}

impl DryRun<'_> {
    pub(crate) async fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let CopyRequest { source_project_arn, destination_project_arn, output_config, kms_key_id, .. } =
            self.copy;
        let labels = self.destination.custom_labels(self.source);
        let mut checks = vec![
            Check::of("request", Ok("every field and ARN is valid".to_owned())),
            Check::of("source version", self.check_source_version().await),
        ];
        if source_project_arn.account() != destination_project_arn.account() {
            checks.push(Check::of("project policy", self.check_project_policy(&labels).await));
        }
        checks.push(Check::of("destination project", self.check_destination_project().await));
        match list_versions(&labels, destination_project_arn).await {
            Ok(versions) => {
                let room = check_room(destination_project_arn, versions.len(), remedy::quota(self.copy));
                checks
                    .extend([Check::of("room", room), Check::of("version name", self.check_name(&versions))]);
            }
            Err(error) => checks.push(Check::of("versions", Err(not_described(error)))),
        }
        checks.push(Check::of("bucket", check_bucket(self.destination, &output_config.s3_bucket).await));
        if let Some(key) = kms_key_id {
            checks.push(Check::of("key", check_key(self.destination, key).await));
        }
        // AWS checks these permissions only when the copy is made.
        let permissions = "only the copy itself shows whether you may call CopyProjectVersion, write to the bucket and use the key";
        checks.push(Check::of("permissions", Err(Finding::unknown(permissions))));
        write_checks(&checks, output)
    }

    async fn check_source_version(&self) -> Outcome {
        let arn = &self.copy.source_project_version_arn;
        let source = self.source.ok_or_else(|| {
            Finding::unknown(format!("no credentials for account `{}` were given", arn.account()))
                .with_remedy("give `--source-profile` with a profile of that account")
        })?;
        let names = [arn.version_name().to_owned()];
        let page =
            source.custom_labels(None).versions(&self.copy.source_project_arn, Which::Named(&names)).await;
        let versions = page.map_err(not_described)?.items;
        let version = versions.iter().find(|version| version.arn == *arn).ok_or_else(|| {
            Finding::found(format!("`{arn}` does not exist"), "choose a version that exists")
        })?;
        let is_copyable = matches!(
            version.status,
            ModelStatus::TrainingCompleted
                | ModelStatus::CopyingCompleted
                | ModelStatus::Starting
                | ModelStatus::Running
                | ModelStatus::Stopping
                | ModelStatus::Stopped
        );
        let message = format!("the model has status {}", version.status.as_str());
        ensure(is_copyable, &message, "wait until it is trained or copied, or choose another model")?;
        Ok(message)
    }

    /// Only between two accounts: within one, no policy is needed.
    async fn check_project_policy(&self, labels: &CustomLabels) -> Outcome {
        let source = &self.copy.source_project_arn;
        if self.source.is_none() {
            let message =
                format!("no credentials for `{source}` were given, so its project policies were not read");
            return Err(Finding::unknown(message).with_remedy(format!(
                "give `--source-profile`, or check that this policy is attached: {}",
                remedy::put_project_policy(self.copy)
            )));
        }
        let policies = labels.policies(source).await.map_err(|error| {
            let remedy = "allow `rekognition:ListProjectPolicies` in the source account";
            Finding::found(describe_policy_error(&error), remedy)
        })?;
        check_policy_room(source, &policies, &self.rules.policies.policy)
    }

    async fn check_destination_project(&self) -> Outcome {
        let arn = &self.copy.destination_project_arn;
        let call = self.destination.rekognition().describe_projects().project_names(arn.project_name());
        // The copy itself needs no DescribeProjects.
        let answer = call.send().await.or_unread("the project")?;
        let project =
            answer.project_descriptions().iter().find(|project| project.project_arn() == Some(arn.as_str()));
        let status = project.map(|project| project.status().map_or("unknown", |status| status.as_str()));
        let status = status.ok_or_else(|| {
            Finding::found(format!("`{arn}` does not exist"), "create it, or choose another project")
        })?;
        let remedy = "wait until it is CREATED, or choose another project";
        ensure(status == "CREATED", format!("it has status {status}"), remedy)?;
        Ok("it exists".to_owned())
    }

    fn check_name(&self, versions: &[Version]) -> Outcome {
        let name = &self.copy.version_name;
        let Some(owner) = versions.iter().find(|version| version.arn.version_name() == *name) else {
            return Ok(format!("`{name}` is free"));
        };
        let is_same = owner.origin(self.copy) == Origin::Same;
        ensure(is_same, format!("`{}` already has this name", owner.arn), remedy::name_taken())?;
        Ok(format!("`{}` is already this copy: the copier would adopt it", owner.arn))
    }
}

fn not_described(error: Unavailable) -> Finding {
    Finding::found(error.0, "allow `rekognition:DescribeProjectVersions`")
}
