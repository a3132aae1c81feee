//! CopyProjectVersion: which copies are allowed and which possible.
//! <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_CopyProjectVersion.html>
//!
//! The caller copies into its own account. From another account's project it may copy what a project policy there
//! allows; from its own, what no project policy denies.

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, project_arn, version_arn};
use crate::{
    arn::{ProjectArn, VersionArn},
    error::AwsError,
    policy::{self, Policy, Question, Verdict},
    status::Status,
    world::{Feature, OutputConfig, Project, Tags, Version},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Copy {
    source_project_arn: String,
    source_project_version_arn: String,
    destination_project_arn: String,
    version_name: String,
    output_config: OutputConfig,
    #[serde(default)]
    tags: Tags,
    kms_key_id: Option<String>,
}

const ACTION: &str = "rekognition:CopyProjectVersion";

pub(super) fn copy(mut call: Call<'_>) -> Answer {
    let request: Copy = call.read()?;
    let source_project = project_arn(&request.source_project_arn)?;
    let source = version_arn(&request.source_project_version_arn)?;
    let destination = project_arn(&request.destination_project_arn)?;
    call.check_bucket(&request.output_config)?;
    call.check_arns(&source_project, &source, &destination)?;
    call.own("CopyProjectVersion", &destination.project.account, &destination)?;
    call.check_policies(&source_project, &source, &request.tags)?;
    call.check_source(&source_project, &source)?;
    call.check_destination(&destination, &request.version_name)?;

    let number = call.number();
    let arn = VersionArn { project: destination.project.clone(), version: request.version_name, number };
    let mut version = Version::new(arn, call.now, request.output_config);
    version.source_project_version_arn = Some(source);
    version.kms_key_id = request.kms_key_id;
    version.tags = request.tags;
    let copying = call.state.settings.copying;
    let next = match call.copy_end {
        Some(end) => {
            let mut step = call.after(end.after.unwrap_or(copying), end.status.clone(), "");
            step.status_message.clone_from(&end.status_message);
            step
        }
        None => call.after(copying, Status::CopyingCompleted, "The model was copied and is ready to run."),
    };
    version.begin(Status::CopyingInProgress, Some("The model is being copied.".to_owned()), Some(next));
    let answer = json!({"ProjectVersionArn": version.project_version_arn});
    if let Some(project) = call.state.world.project_mut(&destination) {
        project.versions.push(version);
    }
    Ok(answer)
}

impl Call<'_> {
    fn check_arns(
        &self,
        source_project: &ProjectArn,
        source: &VersionArn,
        destination: &ProjectArn,
    ) -> Result<(), AwsError> {
        if source.project != source_project.project {
            let message = format!("`{source}` is no version of `{source_project}`.");
            return Err(AwsError::invalid_parameter(message));
        }
        let region = &self.state.world.region;
        if source_project.project.region != *region || destination.project.region != *region {
            let message = format!("Source and destination have to be in this Region, `{region}`.");
            return Err(AwsError::invalid_parameter(message));
        }
        Ok(())
    }

    fn check_policies(
        &self,
        source_project: &ProjectArn,
        source: &VersionArn,
        tags: &Tags,
    ) -> Result<(), AwsError> {
        let project = self.state.world.project(source_project);
        let documents = project.map(|project| project.policies_seen(self.now)).unwrap_or_default();
        // A world with a policy that can't be read isn't loaded, and PutProjectPolicy takes none.
        let policies = documents.into_iter().filter_map(|text| Policy::read(text, &source.project).ok());
        let policies: Vec<Policy> =
            policies.map(|policy| policy.with_conditions(self.state.settings.policy_conditions)).collect();
        let resource = source.to_string();
        let context = self.context(source, tags);
        let verdict = policy::ask(
            &policies,
            &Question { caller: self.caller, action: ACTION, resource: &resource, context },
        );
        let own = source.project.account == self.caller.account;
        let why = match verdict {
            Verdict::Allowed => return Ok(()),
            Verdict::NotAllowed if own => return Ok(()),
            Verdict::NotAllowed => "because no resource-based policy allows the action",
            Verdict::Denied => "with an explicit deny in a resource-based policy",
        };
        let message = format!(
            "User: {} is not authorized to perform: {ACTION} on resource: {source} {why}",
            self.caller.arn
        );
        Err(AwsError::access_denied(message))
    }

    /// The condition keys that a project policy can ask for.
    fn context(&self, source: &VersionArn, tags: &Tags) -> std::collections::BTreeMap<String, Vec<String>> {
        let caller = self.caller;
        let world = &self.state.world;
        let mut context = std::collections::BTreeMap::new();
        let mut put = |key: &str, values: Vec<String>| {
            context.insert(key.to_lowercase(), values);
        };
        put("aws:PrincipalArn", vec![caller.principal_arn.clone()]);
        put("aws:PrincipalAccount", vec![caller.account.clone()]);
        put("aws:PrincipalType", vec![caller.principal_type.to_owned()]);
        put("aws:userid", vec![caller.user_id.clone()]);
        if let Some(organization) = world.organizations.get(&caller.account) {
            put("aws:PrincipalOrgID", vec![organization.clone()]);
        }
        if let Some(organization) = world.organizations.get(&source.project.account) {
            put("aws:ResourceOrgID", vec![organization.clone()]);
        }
        put("aws:ResourceAccount", vec![source.project.account.clone()]);
        put("aws:RequestedRegion", vec![world.region.clone()]);
        put("aws:CurrentTime", vec![self.now.to_string()]);
        put("aws:EpochTime", vec![self.now.as_second().to_string()]);
        // The sandbox's loopback stands for the real thing's TLS.
        put("aws:SecureTransport", vec!["true".to_owned()]);
        if !tags.is_empty() {
            put("aws:TagKeys", tags.keys().cloned().collect());
        }
        for (key, value) in tags {
            put(&format!("aws:RequestTag/{key}"), vec![value.clone()]);
        }
        for (key, value) in world.version(source).map(|version| &version.tags).into_iter().flatten() {
            put(&format!("aws:ResourceTag/{key}"), vec![value.clone()]);
        }
        context
    }

    fn check_source(&self, source_project: &ProjectArn, source: &VersionArn) -> Result<(), AwsError> {
        let world = &self.state.world;
        let missing = |what: &dyn std::fmt::Display| AwsError::not_found(format!("`{what}` does not exist."));
        let project = world.project(source_project).ok_or_else(|| missing(source_project))?;
        let version = world.version(source).ok_or_else(|| missing(source))?;
        if project.feature == Feature::ContentModeration {
            return Err(AwsError::invalid_parameter("An adapter can't be copied."));
        }
        let settings = &self.state.settings;
        let copy_of_copy = version.source_project_version_arn.is_some();
        if !settings.copyable_statuses.contains(&version.status) || copy_of_copy && !settings.copy_of_copy {
            let status = version.status.as_str();
            let message = format!("`{source}` can't be copied: its status is {status}.");
            return Err(AwsError::new(&settings.uncopyable_error, message));
        }
        Ok(())
    }

    fn check_destination(&self, destination: &ProjectArn, name: &str) -> Result<(), AwsError> {
        let settings = &self.state.settings;
        let missing = || AwsError::not_found(format!("The project `{destination}` does not exist."));
        let project = self.state.world.project(destination).ok_or_else(missing)?;
        if project.feature == Feature::ContentModeration {
            return Err(AwsError::invalid_parameter("A model can't be copied to a project of adapters."));
        }
        project.takes(name, &settings.taken_name_error, settings.quotas.versions)?;
        let copying = self.own_versions(|version| version.status == Status::CopyingInProgress);
        if settings.quotas.concurrent_copies.is_some_and(|most| copying >= most) {
            let message = "As many copies are in progress as may be.";
            return Err(AwsError::new("LimitExceededException", message));
        }
        Ok(())
    }

    /// How many of the caller's versions are like this.
    pub(super) fn own_versions(&self, like: impl Fn(&Version) -> bool) -> usize {
        let own = |project: &&Project| project.project_arn.project.account == self.caller.account;
        let versions = self.state.world.projects.iter().filter(own).flat_map(|project| &project.versions);
        versions.filter(|version| like(version)).count()
    }
}
