//! `copy --dry-run`: what can be checked of a copy without a change.
//!
//! A check that AWS does not answer is `unknown`, never `ok`.

use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::types::ProjectVersionDescription;
use jiff::Timestamp;
use rekognition_model_copier::Rules;
use rekognition_model_copier::aws::{CustomLabels, describe_error};
use rekognition_model_copier::domain::model::{Origin, Version};
use rekognition_model_copier::domain::remedy;
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{Rekognition, Which};
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output::Output;

/// How many versions a project has room for, unless the quota was raised.
/// Source: <https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/limits.html>
const VERSIONS_OF_PROJECT: usize = 100;
/// The statuses of a model that can be copied.
const COPYABLE: [&str; 6] =
    ["TRAINING_COMPLETED", "COPYING_COMPLETED", "STARTING", "RUNNING", "STOPPING", "STOPPED"];

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing is in the way.
    Ok,
    /// The copy would fail or wait.
    Found,
    /// It could not be checked.
    Unknown,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was checked.
    pub check: &'static str,
    /// What it says.
    pub verdict: Verdict,
    /// Why.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    fn new(check: &'static str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self { check, verdict, message: message.into(), remedy: None }
    }

    fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// What the checks may ask.
pub struct DryRun<'a> {
    /// What is to be copied.
    pub copy: &'a CopyRequest,
    /// The copy's rules.
    pub rules: &'a Rules,
    /// Rekognition in the destination account.
    pub destination: &'a Client,
    /// Rekognition in the account of the model; `None` without credentials of that account.
    pub source: Option<&'a Client>,
    /// The port, for the project policies of the source account.
    pub labels: &'a CustomLabels,
}

impl DryRun<'_> {
    /// Makes every check and writes what it found.
    ///
    /// # Errors
    /// If the result cannot be written.
    pub async fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let mut checks = vec![Check::new("request", Verdict::Ok, "every field and ARN is as it must be")];
        checks.push(self.source_version().await);
        checks.extend(self.project_policy().await);
        checks.push(self.destination_project().await);
        checks.extend(self.versions().await);
        checks.push(self.bucket());
        output.results(&checks, || checks.iter().map(line).collect())?;
        let has_finding = checks.iter().any(|check| check.verdict == Verdict::Found);
        Ok(if has_finding { Exit::Finding } else { Exit::Done })
    }

    async fn source_version(&self) -> Check {
        const CHECK: &str = "source version";
        let arn = &self.copy.source_project_version_arn;
        let Some(client) = self.source else {
            let message = format!("account `{}` is not asked", arn.account());
            return Check::new(CHECK, Verdict::Unknown, message)
                .with_remedy("give `--source-profile` with a profile of that account");
        };
        let call = client
            .describe_project_versions()
            .project_arn(self.copy.source_project_arn.as_str())
            .version_names(arn.version_name());
        let versions = match call.send().await {
            Ok(answer) => answer.project_version_descriptions.unwrap_or_default(),
            Err(error) => {
                let is_found = error.as_service_error().is_some_and(|error| {
                    error.is_resource_not_found_exception() || error.is_access_denied_exception()
                });
                let verdict = if is_found { Verdict::Found } else { Verdict::Unknown };
                return Check::new(CHECK, verdict, describe_error(&error));
            }
        };
        let is_it = |version: &&ProjectVersionDescription| {
            version.project_version_arn.as_deref() == Some(arn.as_str())
        };
        let Some(version) = versions.iter().find(is_it) else {
            return Check::new(CHECK, Verdict::Found, format!("`{arn}` does not exist"));
        };
        let status = version.status.as_ref().map_or("unknown", |status| status.as_str());
        let verdict = if COPYABLE.contains(&status) { Verdict::Ok } else { Verdict::Found };
        Check::new(CHECK, verdict, format!("the model has status {status}"))
    }

    /// `None` within one account: no policy is needed.
    async fn project_policy(&self) -> Option<Check> {
        const CHECK: &str = "project policy";
        let source = &self.copy.source_project_arn;
        if source.account() == self.copy.destination_project_arn.account() {
            return None;
        }
        if self.source.is_none() {
            let message = format!("whether `{source}` admits this account is not asked");
            return Some(Check::new(CHECK, Verdict::Unknown, message).with_remedy(format!(
                "give `--source-profile`, or see that this policy is attached: {}",
                remedy::put_project_policy(self.copy)
            )));
        }
        let policies = match self.labels.policies(source).await {
            Ok(policies) => policies,
            Err(error) => return Some(Check::new(CHECK, Verdict::Found, format!("{error:?}"))),
        };
        let policy = &self.rules.policies.policy;
        Some(match policy.change(&policies, false, Timestamp::now()) {
            Ok(_) => Check::new(CHECK, Verdict::Ok, format!("there is room for policy `{}`", policy.name)),
            Err(names) => {
                Check::new(CHECK, Verdict::Found, "the source project has no free slot for a policy")
                    .with_remedy(remedy::no_slot(&names))
            }
        })
    }

    async fn destination_project(&self) -> Check {
        const CHECK: &str = "destination project";
        let arn = &self.copy.destination_project_arn;
        match self.destination.describe_projects().project_names(arn.project_name()).send().await {
            Ok(answer) => {
                let projects = answer.project_descriptions.unwrap_or_default();
                let project =
                    projects.iter().find(|project| project.project_arn.as_deref() == Some(arn.as_str()));
                match project
                    .map(|project| project.status.as_ref().map_or("unknown", |status| status.as_str()))
                {
                    Some("CREATED") => Check::new(CHECK, Verdict::Ok, "it exists"),
                    Some(status) => Check::new(CHECK, Verdict::Found, format!("it has status {status}")),
                    None => Check::new(CHECK, Verdict::Found, format!("`{arn}` does not exist")),
                }
            }
            Err(error) => {
                let is_denied =
                    error.as_service_error().is_some_and(|error| error.is_access_denied_exception());
                // The copy itself needs no DescribeProjects.
                let message = if is_denied {
                    "`rekognition:DescribeProjects` is denied".to_owned()
                } else {
                    describe_error(&error)
                };
                Check::new(CHECK, Verdict::Unknown, message)
            }
        }
    }

    /// Whether the destination project has room, and whether the name is free.
    async fn versions(&self) -> Vec<Check> {
        let project = &self.copy.destination_project_arn;
        let mut versions: Vec<Version> = Vec::new();
        let mut cursor = None;
        loop {
            match self.labels.versions(project, Which::Page(cursor.take())).await {
                Ok(page) => {
                    versions.extend(page.items);
                    cursor = page.next;
                }
                Err(error) => {
                    let remedy = "the copy is followed by `rekognition:DescribeProjectVersions`: allow it";
                    return vec![Check::new("versions", Verdict::Found, error.0).with_remedy(remedy)];
                }
            }
            if cursor.is_none() {
                break;
            }
        }
        vec![self.room(versions.len()), self.name(&versions)]
    }

    fn room(&self, count: usize) -> Check {
        let message = format!("the destination project has {count} versions");
        match count < VERSIONS_OF_PROJECT {
            true => Check::new("room", Verdict::Ok, message),
            // The quota may have been raised, which AWS does not tell here.
            false => Check::new("room", Verdict::Found, message).with_remedy(remedy::quota(self.copy)),
        }
    }

    fn name(&self, versions: &[Version]) -> Check {
        const CHECK: &str = "version name";
        let name = &self.copy.version_name;
        let Some(owner) = versions.iter().find(|version| version.arn.version_name() == *name) else {
            return Check::new(CHECK, Verdict::Ok, format!("`{name}` is free"));
        };
        match owner.origin(self.copy) {
            Origin::Same => {
                Check::new(CHECK, Verdict::Ok, format!("`{}` is this copy: it would be adopted", owner.arn))
            }
            _ => Check::new(CHECK, Verdict::Found, format!("`{}` has the name", owner.arn))
                .with_remedy(remedy::name_taken()),
        }
    }

    /// The program brings no S3 client: it costs more to compile than this check is worth.
    fn bucket(&self) -> Check {
        let account = self.copy.destination_project_arn.account();
        let bucket = &self.copy.output_config.s3_bucket;
        Check::new("bucket", Verdict::Unknown, "the bucket's account and Region are not asked")
            .with_remedy(format!("aws s3api head-bucket --bucket {bucket} --expected-bucket-owner {account}"))
    }
}

fn line(check: &Check) -> String {
    let verdict = match check.verdict {
        Verdict::Ok => "ok",
        Verdict::Found => "FOUND",
        Verdict::Unknown => "unknown",
    };
    let remedy = check.remedy.as_ref().map(|remedy| format!("\n  what to do: {remedy}")).unwrap_or_default();
    format!("{verdict:<8} {:<20} {}{remedy}\n", check.check, check.message)
}
