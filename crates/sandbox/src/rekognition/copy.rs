//! [CopyProjectVersion](https://docs.aws.amazon.com/rekognition/latest/APIReference/API_CopyProjectVersion.html): which
//! copies are allowed, and which are possible.
//!
//! The caller copies into its own account. From the project of another account it may copy what a project policy allows;
//! from its own project, what no project policy denies.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Call, missing, project_arn, version_arn};
use crate::{
    ProjectArn, ProjectVersionArn, Status,
    answer::AwsError,
    arn::project_name,
    model::request,
    policy::{self, Kind, Policy, Question, Verdict},
    world::{Feature, OutputConfig, Project, Step, Tags, Version},
};

request!(Copy {
    required source_project_arn: String = PROJECT_ARN,
    required source_project_version_arn: String = VERSION_ARN,
    required destination_project_arn: String = PROJECT_ARN,
    required version_name: String = NAME,
    required output_config: OutputConfig = OUTPUT_CONFIG,
    optional tags: Option<Tags> = TAGS,
    optional kms_key_id: Option<String> = KMS_KEY,
});

const ACTION: &str = "rekognition:CopyProjectVersion";

pub(super) fn copy(mut call: Call<'_>, request: Copy) -> Answer {
    let source_project = project_arn(&request.source_project_arn)?;
    let source = version_arn(&request.source_project_version_arn)?;
    let destination = project_arn(&request.destination_project_arn)?;
    let tags = request.tags.unwrap_or_default();
    call.check_bucket(&request.output_config)?;
    call.check_arns(&source_project, &source, &destination)?;
    call.authorize(destination.account(), destination.as_str())?;
    call.check_policies(&source_project, &source, &tags)?;
    call.check_source(&source_project, &source)?;
    call.check_destination(&destination, &request.version_name)?;

    let project = project_name(destination.as_str());
    let arn = call.new_arn(&format!("{project}/version/{}", request.version_name))?;
    let mut version = Version::new(arn, call.now, request.output_config);
    version.training_result =
        call.state.world.version(&source).map(|source| source.training_result.clone()).unwrap_or_default();
    version.source_project_version_arn = Some(source);
    version.kms_key_id = request.kms_key_id;
    version.tags = tags;
    let copying = call.state.settings.copying;
    let mut next = call.step(copying, Status::CopyingCompleted, "The model was copied and is ready to run.");
    if let Some(end) = call.copy_end {
        next = Step {
            status_message: end.status_message.clone(),
            ..call.step(end.after.unwrap_or(copying), end.status.clone(), "")
        };
    }
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
        source: &ProjectVersionArn,
        destination: &ProjectArn,
    ) -> Result<(), AwsError> {
        if project_name(source.as_str()) != project_name(source_project.as_str()) {
            let message = format!("`{source}` is no version of `{source_project}`.");
            return Err(AwsError::invalid_parameter(message));
        }
        let region = &self.state.world.region;
        if source_project.region() != region || destination.region() != region {
            let message = format!("Source and destination have to be in this Region, `{region}`.");
            return Err(AwsError::invalid_parameter(message));
        }
        Ok(())
    }

    fn check_policies(
        &self,
        source_project: &ProjectArn,
        source: &ProjectVersionArn,
        tags: &Tags,
    ) -> Result<(), AwsError> {
        let documents = self.state.world.project(source_project).map(Project::policies_seen);
        let kind = Kind::Project(project_name(source.as_str()));
        // PutProjectPolicy accepts no unreadable policy, and a world with one is never loaded.
        let policies = documents.into_iter().flatten().filter_map(|text| Policy::read(text, kind).ok());
        let treatment = self.state.settings.policy_conditions;
        let policies: Vec<Policy> = policies.map(|policy| policy.with_conditions(treatment)).collect();
        let context = self.condition_keys(source, tags);
        let question = Question { caller: self.caller, action: ACTION, resource: source.as_str(), context };
        let is_own = source.account() == self.caller.account;
        let why = match policy::evaluate(&policies, &question) {
            Verdict::Allowed => return Ok(()),
            Verdict::NotCovered if is_own => return Ok(()),
            Verdict::NotCovered => " because no resource-based policy allows the action",
            Verdict::Denied => " with an explicit deny in a resource-based policy",
        };
        Err(self.denied(ACTION, source.as_str(), why))
    }

    /// The condition keys of a project policy, with their values in this call.
    fn condition_keys(&self, source: &ProjectVersionArn, tags: &Tags) -> BTreeMap<String, Vec<String>> {
        let world = &self.state.world;
        let owner = source.account();
        let mut single = self.caller.condition_keys(world.organizations.get(&self.caller.account));
        single.extend(world.organizations.get(owner).map(|id| ("aws:ResourceOrgID", id.clone())));
        single.extend([
            ("aws:ResourceAccount", owner.to_owned()),
            ("aws:RequestedRegion", world.region.clone()),
            ("aws:CurrentTime", self.now.to_string()),
            ("aws:EpochTime", self.now.as_second().to_string()),
            // At AWS every call uses TLS.
            ("aws:SecureTransport", "true".to_owned()),
        ]);
        let single = single.into_iter().map(|(key, value)| (key.to_owned(), vec![value]));
        let tag_keys = (!tags.is_empty()).then(|| ("aws:TagKeys".to_owned(), tags.keys().cloned().collect()));
        let tag = |kind: &'static str| {
            move |(key, value): (&String, &String)| (format!("aws:{kind}/{key}"), vec![value.clone()])
        };
        let source_tags = world.version(source).map(|version| &version.tags).into_iter().flatten();
        let tags = tags.iter().map(tag("RequestTag")).chain(source_tags.map(tag("ResourceTag")));
        single.chain(tag_keys).chain(tags).map(|(key, values)| (key.to_lowercase(), values)).collect()
    }

    fn check_source(&self, source_project: &ProjectArn, source: &ProjectVersionArn) -> Result<(), AwsError> {
        let world = &self.state.world;
        let project =
            world.project(source_project).ok_or_else(|| missing("project", source_project.as_str()))?;
        let version = world.version(source).ok_or_else(|| missing("project version", source.as_str()))?;
        if project.feature == Feature::ContentModeration {
            return Err(AwsError::invalid_parameter("An adapter can't be copied."));
        }
        let settings = &self.state.settings;
        let is_refused_copy = version.source_project_version_arn.is_some() && !settings.copy_of_copy;
        if !settings.copyable_statuses.contains(&version.status) || is_refused_copy {
            let status = version.status.as_str();
            let message = format!("`{source}` can't be copied: its status is {status}.");
            return Err(AwsError::new(&settings.uncopyable_error, message));
        }
        Ok(())
    }

    fn check_destination(&self, destination: &ProjectArn, name: &str) -> Result<(), AwsError> {
        let settings = &self.state.settings;
        let project =
            self.state.world.project(destination).ok_or_else(|| missing("project", destination.as_str()))?;
        if project.feature == Feature::ContentModeration {
            return Err(AwsError::invalid_parameter("A model can't be copied to a project of adapters."));
        }
        project.check_new_version(name, &settings.taken_name_error, settings.quotas.versions)?;
        let copying = self.count_own_versions(|version| version.status == Status::CopyingInProgress);
        if settings.quotas.concurrent_copies.is_some_and(|most| copying >= most) {
            return Err(AwsError::limit_exceeded("As many copies are in progress as may be."));
        }
        Ok(())
    }
}
