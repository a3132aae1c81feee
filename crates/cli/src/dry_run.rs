//! `copy --dry-run`: checks a copy without changing anything.

use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::types::ProjectVersionDescription;
use jiff::Timestamp;
use rekognition_model_copier::Rules;
use rekognition_model_copier::aws::{CustomLabels, describe_error};
use rekognition_model_copier::domain::model::{Origin, Version};
use rekognition_model_copier::domain::remedy;
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::Rekognition;

use crate::check::{Check, Outcome, Trouble, write_checks};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::projects::{VERSIONS_OF_PROJECT, versions};
use crate::session::Session;
use crate::{buckets, keys};

/// The statuses of a model that can be copied.
const COPYABLE: [&str; 6] =
    ["TRAINING_COMPLETED", "COPYING_COMPLETED", "STARTING", "RUNNING", "STOPPING", "STOPPED"];

/// The copy, its rules and the clients that the checks use.
pub struct DryRun<'a> {
    /// What is to be copied.
    pub copy: &'a CopyRequest,
    /// The copy's rules.
    pub rules: &'a Rules,
    /// The destination account.
    pub destination: &'a Session,
    /// Rekognition in the account of the model; `None` without credentials of that account.
    pub source: Option<&'a Client>,
    /// Reads the project policies of the source account.
    pub labels: &'a CustomLabels,
}

impl DryRun<'_> {
    /// Makes every check and writes what it found.
    ///
    /// # Errors
    /// If the result cannot be written.
    pub async fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let bucket = &self.copy.output_config.s3_bucket;
        let mut checks = vec![
            Check::of("request", Ok("every field and ARN is valid".to_owned())),
            Check::of("source version", self.source_version().await),
        ];
        if self.copy.source_project_arn.account() != self.copy.destination_project_arn.account() {
            checks.push(Check::of("project policy", self.project_policy().await));
        }
        checks.push(Check::of("destination project", self.destination_project().await));
        match versions(self.labels, &self.copy.destination_project_arn).await {
            Ok(versions) => checks.extend([
                Check::of("room", self.room(versions.len())),
                Check::of("version name", self.name(&versions)),
            ]),
            Err(error) => {
                let remedy = "allow `rekognition:DescribeProjectVersions`, which polls the copy";
                checks.push(Check::of("versions", Err(Trouble::found(error.0, remedy))));
            }
        }
        checks.push(Check::of("bucket", buckets::check(self.destination, bucket).await));
        if let Some(key) = &self.copy.kms_key_id {
            checks.push(Check::of("key", keys::check(self.destination, key).await));
        }
        checks.push(Check::of("permissions", Err(permissions())));
        write_checks(&checks, output)
    }

    async fn source_version(&self) -> Outcome {
        let arn = &self.copy.source_project_version_arn;
        let Some(client) = self.source else {
            return Err(Trouble::unknown(format!(
                "no credentials for account `{}` were given",
                arn.account()
            ))
            .with_remedy("give `--source-profile` with a profile of that account"));
        };
        let call = client
            .describe_project_versions()
            .project_arn(self.copy.source_project_arn.as_str())
            .version_names(arn.version_name());
        let answer = call.send().await.map_err(|error| {
            let is_denied = error.as_service_error().is_some_and(|error| error.is_access_denied_exception());
            match is_denied {
                true => Trouble::found(describe_error(&error), "allow `rekognition:DescribeProjectVersions`"),
                false => Trouble::missing(
                    &error,
                    format!("`{}`", self.copy.source_project_arn),
                    "choose a project that exists",
                ),
            }
        })?;
        let versions = answer.project_version_descriptions.unwrap_or_default();
        let is_it = |version: &&ProjectVersionDescription| {
            version.project_version_arn.as_deref() == Some(arn.as_str())
        };
        let version = versions.iter().find(is_it);
        let version = version.ok_or_else(|| {
            Trouble::found(format!("`{arn}` does not exist"), "choose a version that exists")
        })?;
        let status = version.status.as_ref().map_or("unknown", |status| status.as_str());
        let message = format!("the model has status {status}");
        match COPYABLE.contains(&status) {
            true => Ok(message),
            false => {
                Err(Trouble::found(message, "wait until it is trained or copied, or choose another model"))
            }
        }
    }

    /// Only between two accounts: within one, no policy is needed.
    async fn project_policy(&self) -> Outcome {
        let source = &self.copy.source_project_arn;
        if self.source.is_none() {
            return Err(Trouble::unknown(format!(
                "no credentials for `{source}` were given, so its project policies were not read"
            ))
            .with_remedy(format!(
                "give `--source-profile`, or check that this policy is attached: {}",
                remedy::put_project_policy(self.copy)
            )));
        }
        let policies = self.labels.policies(source).await.map_err(|error| {
            let remedy = "allow `rekognition:ListProjectPolicies` in the source account";
            Trouble::found(format!("{error:?}"), remedy)
        })?;
        let policy = &self.rules.policies.policy;
        match policy.change(&policies, false, Timestamp::now()) {
            Ok(_) => Ok(format!("there is room for policy `{}`", policy.name)),
            Err(names) => Err(Trouble::found(
                "the source project has no free slot for a policy",
                remedy::no_slot(&names),
            )),
        }
    }

    async fn destination_project(&self) -> Outcome {
        let arn = &self.copy.destination_project_arn;
        let call = self.destination.rekognition().describe_projects().project_names(arn.project_name());
        // The copy itself needs no DescribeProjects.
        let answer = call.send().await.map_err(|error| Trouble::unread(&error, "the project"))?;
        let project =
            answer.project_descriptions().iter().find(|project| project.project_arn() == Some(arn.as_str()));
        match project.map(|project| project.status().map_or("unknown", |status| status.as_str())) {
            Some("CREATED") => Ok("it exists".to_owned()),
            Some(status) => Err(Trouble::found(
                format!("it has status {status}"),
                "wait until it is CREATED, or choose another project",
            )),
            None => {
                Err(Trouble::found(format!("`{arn}` does not exist"), "create it, or choose another project"))
            }
        }
    }

    fn room(&self, count: usize) -> Outcome {
        let message = format!("the destination project has {count} versions");
        match count < VERSIONS_OF_PROJECT {
            true => Ok(message),
            // The quota may have been raised; this call does not show that.
            false => Err(Trouble::found(message, remedy::quota(self.copy))),
        }
    }

    fn name(&self, versions: &[Version]) -> Outcome {
        let name = &self.copy.version_name;
        let Some(owner) = versions.iter().find(|version| version.arn.version_name() == *name) else {
            return Ok(format!("`{name}` is free"));
        };
        match owner.origin(self.copy) {
            Origin::Same => Ok(format!("`{}` is already this copy: the copier would adopt it", owner.arn)),
            _ => Err(Trouble::found(format!("`{}` already has this name", owner.arn), remedy::name_taken())),
        }
    }
}

/// AWS checks these permissions only when the copy is made.
fn permissions() -> Trouble {
    Trouble::unknown(
        "only the copy itself shows whether you may call CopyProjectVersion, write to the bucket and use the key",
    )
}
