//! The calls of Rekognition and S3 that experiments make, and the parts of the answers that they read.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::operation::describe_project_versions::DescribeProjectVersionsOutput;
use aws_sdk_rekognition::types::ProjectVersionDescription;
use rekognition_model_copier::aws::copy_project_version;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::request::{CopyRequest, OutputConfig};

use super::{Lab, PACE, PREFIX, TAG};
use crate::exit::Failure;
use crate::live_check::answer::{Answer, CallError, Stop, word};
use crate::live_check::journal::Thing;
use crate::live_check::run::Model;

impl Lab {
    /// A copy of the run's model under this name.
    pub(crate) fn request(&self, name: &str) -> Result<CopyRequest, Stop> {
        let model = self.model()?;
        Ok(CopyRequest {
            source_project_arn: model.source_project.clone(),
            source_project_version_arn: model.source_version.clone(),
            destination_project_arn: model.destination.clone(),
            version_name: name.to_owned(),
            output_config: OutputConfig {
                s3_bucket: model.bucket.clone(),
                s3_key_prefix: Some(self.key_prefix()),
            },
            tags: BTreeMap::from([(TAG.to_owned(), self.run.id.clone())]),
            kms_key_id: None,
        })
    }

    /// CopyProjectVersion; the answer is the copy's ARN. As with all calls below, a failure means that the journal
    /// cannot be written.
    pub(crate) async fn copy(&self, copy: &CopyRequest) -> Result<Answer<String>, Failure> {
        let call = copy_project_version(&self.clients.rekognition, copy).send();
        let (project, name) = (copy.destination_project_arn.clone(), copy.version_name.clone());
        // The model itself may have the name. `clean` must not delete it.
        let owner = self.run.model.as_ref().filter(|model| model.source_project == project);
        let owner = owner.map(|model| model.source_version.clone()).filter(|it| it.version_name() == name);
        let thing = Thing::Copy { project, name, owner };
        let answer =
            self.make("CopyProjectVersion", thing, call, |answer| answer.project_version_arn()).await?;
        Ok(answer.map(|answer| answer.project_version_arn.unwrap_or_default()))
    }

    /// CreateProject, under a new name.
    pub(crate) async fn create_project(&self) -> Result<Answer<ProjectArn>, Failure> {
        let name = self.new_name();
        let call =
            self.clients.rekognition.create_project().project_name(&name).tags(TAG, &self.run.id).send();
        let thing = Thing::Project { name };
        let answer = self.make("CreateProject", thing, call, |answer| answer.project_arn()).await?;
        Ok(answer.and_then(|answer| {
            let arn = ProjectArn::parse(answer.project_arn.as_deref().unwrap_or_default());
            arn.map_err(|_| CallError::in_answer("NoArn"))
        }))
    }

    /// PutProjectPolicy; the answer is the policy's revision.
    pub(crate) async fn put_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        document: &str,
        revision: Option<&str>,
    ) -> Result<Answer<String>, Failure> {
        let call = self.client_of(project).put_project_policy().project_arn(project.as_str());
        let call = call.policy_name(name).policy_document(document);
        let call = call.set_policy_revision_id(revision.map(str::to_owned)).send();
        let thing = Thing::Policy { project: project.clone(), name: name.to_owned() };
        let answer = self.make("PutProjectPolicy", thing, call, |_| None).await?;
        Ok(answer.map(|answer| answer.policy_revision_id.unwrap_or_default()))
    }

    pub(crate) async fn delete_policy(&self, project: &ProjectArn, name: &str) -> Answer<()> {
        let call = self.client_of(project).delete_project_policy().project_arn(project.as_str());
        self.call("DeleteProjectPolicy", call.policy_name(name).send()).await.map(|_| ())
    }

    pub(crate) async fn delete_version(&self, arn: &str) -> Answer<()> {
        let call = self.clients.rekognition.delete_project_version().project_version_arn(arn).send();
        self.call("DeleteProjectVersion", call).await.map(|_| ())
    }

    pub(crate) async fn delete_project(&self, arn: &str) -> Answer<()> {
        let call = self.clients.rekognition.delete_project().project_arn(arn).send();
        self.call("DeleteProject", call).await.map(|_| ())
    }

    /// DescribeProjects of one name in the run's account; the answer is its ARN.
    pub(crate) async fn project(&self, name: &str) -> Answer<Option<String>> {
        let call = self.clients.rekognition.describe_projects().project_names(name).send();
        let answer = self.call("DescribeProjects", call).await?;
        let project = answer.project_descriptions.unwrap_or_default().into_iter().next();
        Ok(project.and_then(|project| project.project_arn))
    }

    /// DescribeProjectVersions of one name.
    pub(crate) async fn version(
        &self,
        project: &ProjectArn,
        name: &str,
    ) -> Answer<Option<ProjectVersionDescription>> {
        self.sleep(PACE).await;
        let call = self
            .clients
            .rekognition
            .describe_project_versions()
            .project_arn(project.as_str())
            .version_names(name);
        let members = |answer: &DescribeProjectVersionsOutput| {
            answer.project_version_descriptions().first().map(members).unwrap_or_default()
        };
        let answer = self.record("DescribeProjectVersions", call.send(), members).await?;
        Ok(answer.project_version_descriptions.unwrap_or_default().into_iter().next())
    }

    /// The client that may change what is in this project.
    fn client_of(&self, project: &ProjectArn) -> &Client {
        let is_own = project.account() == self.run.identity.account;
        self.clients.source_rekognition.as_ref().filter(|_| !is_own).unwrap_or(&self.clients.rekognition)
    }

    fn key_prefix(&self) -> String {
        format!("{PREFIX}{}/", self.run.id)
    }

    /// The forms of the first 1000 keys below the run's prefix, for instance `PREFIX/PROJECT/VERSION/FILE`.
    pub(crate) async fn key_forms(&self, model: &Model) -> Answer<BTreeSet<String>> {
        let prefix = self.key_prefix();
        let call = self.clients.s3.list_objects_v2().bucket(&model.bucket).prefix(&prefix).send();
        let answer = self.call("ListObjectsV2", call).await?;
        let keys = answer.contents().iter().filter_map(|object| object.key()?.strip_prefix(&prefix));
        Ok(keys.map(|key| form(key, model)).collect())
    }
}

/// A word in place of each segment: a segment may be a name or an id.
fn form(key: &str, model: &Model) -> String {
    let word = |segment: &str| match segment {
        _ if segment == model.destination.project_name() => "PROJECT/",
        _ if segment == model.source_project.project_name() => "SOURCE_PROJECT/",
        _ if segment == model.source_version.version_name() => "SOURCE_VERSION/",
        _ if segment.starts_with(PREFIX) => "VERSION/",
        _ if segment.chars().all(|c| c.is_ascii_digit()) => "NUMBER/",
        _ => "FOLDER/",
    };
    let folders = key.rsplit_once('/').map(|(folders, _)| folders.split('/').map(word).collect::<String>());
    format!("PREFIX/{}FILE", folders.unwrap_or_default())
}

/// The status of a version, in Rekognition's word.
pub(crate) fn status_of(version: &ProjectVersionDescription) -> String {
    version.status().map(|status| word(status.as_str())).unwrap_or_default()
}

/// The members that a description has.
fn members(version: &ProjectVersionDescription) -> Vec<&'static str> {
    let has = |name, has: bool| has.then_some(name);
    [
        has("ProjectVersionArn", version.project_version_arn.is_some()),
        has("CreationTimestamp", version.creation_timestamp.is_some()),
        has("Status", version.status.is_some()),
        has("StatusMessage", version.status_message.is_some()),
        has("MinInferenceUnits", version.min_inference_units.is_some()),
        has("MaxInferenceUnits", version.max_inference_units.is_some()),
        has("BillableTrainingTimeInSeconds", version.billable_training_time_in_seconds.is_some()),
        has("TrainingEndTimestamp", version.training_end_timestamp.is_some()),
        has("OutputConfig", version.output_config.is_some()),
        has("TrainingDataResult", version.training_data_result.is_some()),
        has("TestingDataResult", version.testing_data_result.is_some()),
        has("EvaluationResult", version.evaluation_result.is_some()),
        has("ManifestSummary", version.manifest_summary.is_some()),
        has("KmsKeyId", version.kms_key_id.is_some()),
        has("SourceProjectVersionArn", version.source_project_version_arn.is_some()),
        has("VersionDescription", version.version_description.is_some()),
        has("Feature", version.feature.is_some()),
        has("BaseModelVersion", version.base_model_version.is_some()),
        has("FeatureConfig", version.feature_config.is_some()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
