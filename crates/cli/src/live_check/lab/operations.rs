//! The calls that experiments make, and the parts of the answers that they read.

use std::collections::BTreeSet;

use aws_sdk_rekognition::operation::describe_project_versions::DescribeProjectVersionsOutput;
use aws_sdk_rekognition::types::{OutputConfig, ProjectVersionDescription};
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};

use super::{Lab, PACE, PREFIX, TAG};
use crate::exit::Failure;
use crate::live_check::answer::{Answer, Refused, word};
use crate::live_check::journal::{Model, Thing};

/// A call of CopyProjectVersion.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Copy {
    pub source_project: ProjectArn,
    pub source_version: ProjectVersionArn,
    pub destination: ProjectArn,
    pub name: String,
    pub bucket: String,
    pub key: Option<String>,
    /// The version that already has the name, if the run did not make it.
    pub owner: Option<ProjectVersionArn>,
}

impl Model {
    /// A copy of this model under this name.
    pub fn copy(&self, name: &str) -> Copy {
        Copy {
            source_project: self.source_project.clone(),
            source_version: self.source_version.clone(),
            destination: self.destination.clone(),
            name: name.to_owned(),
            bucket: self.bucket.clone(),
            key: None,
            owner: None,
        }
    }
}

/// A version as DescribeProjectVersions shows it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "AWS's members")]
pub struct Description {
    pub arn: String,
    pub status: String,
    pub has_message: bool,
    pub source: Option<String>,
    pub bucket: Option<String>,
    pub key: Option<String>,
}

impl Lab {
    /// CopyProjectVersion.
    ///
    /// # Errors
    /// If the journal cannot be written; as with all calls below.
    pub async fn copy(&self, copy: &Copy) -> Result<Answer<String>, Failure> {
        let output = OutputConfig::builder().s3_bucket(&copy.bucket).s3_key_prefix(self.key_prefix()).build();
        let call = self
            .own
            .copy_project_version()
            .source_project_arn(copy.source_project.as_str())
            .source_project_version_arn(copy.source_version.as_str())
            .destination_project_arn(copy.destination.as_str())
            .version_name(&copy.name)
            .output_config(output)
            .tags(TAG, &self.begun.run)
            .set_kms_key_id(copy.key.clone());
        let thing = Thing::Copy {
            project: copy.destination.clone(),
            name: copy.name.clone(),
            owner: copy.owner.clone(),
        };
        let answer = self.make("CopyProjectVersion", thing, call.send(), |answer| {
            answer.project_version_arn().map(str::to_owned)
        });
        Ok(answer.await?.map(|answer| answer.project_version_arn.unwrap_or_default()))
    }

    /// CreateProject, under a new name.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub async fn create_project(&self) -> Result<Answer<ProjectArn>, Failure> {
        let name = self.new_name();
        let call = self.own.create_project().project_name(&name).tags(TAG, &self.begun.run).send();
        let thing = Thing::Project { name };
        let answer = self.make("CreateProject", thing, call, |answer| answer.project_arn.clone()).await?;
        Ok(answer.and_then(|answer| {
            let arn = ProjectArn::parse(answer.project_arn.as_deref().unwrap_or_default());
            arn.map_err(|_| Refused { code: "NoArn".to_owned(), status: Some(200) })
        }))
    }

    /// PutProjectPolicy; the answer is the policy's revision.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub async fn put_policy(
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

    /// DeleteProjectPolicy.
    pub async fn delete_policy(&self, project: &ProjectArn, name: &str) -> Answer<()> {
        let call = self.client_of(project).delete_project_policy().project_arn(project.as_str());
        self.call("DeleteProjectPolicy", call.policy_name(name).send()).await.map(|_| ())
    }

    /// DeleteProjectVersion.
    pub async fn delete_version(&self, arn: &str) -> Answer<()> {
        let call = self.own.delete_project_version().project_version_arn(arn).send();
        self.call("DeleteProjectVersion", call).await.map(|_| ())
    }

    /// DeleteProject.
    pub async fn delete_project(&self, arn: &str) -> Answer<()> {
        let call = self.own.delete_project().project_arn(arn).send();
        self.call("DeleteProject", call).await.map(|_| ())
    }

    /// DescribeProjects of one name in the run's account; the answer is its ARN.
    pub async fn project(&self, name: &str) -> Answer<Option<String>> {
        let call = self.own.describe_projects().project_names(name).send();
        let answer = self.call("DescribeProjects", call).await?;
        let project = answer.project_descriptions.unwrap_or_default().into_iter().next();
        Ok(project.and_then(|project| project.project_arn))
    }

    /// DescribeProjectVersions of one name.
    pub async fn version(&self, project: &ProjectArn, name: &str) -> Answer<Option<Description>> {
        self.sleep(PACE).await;
        let call = self.own.describe_project_versions().project_arn(project.as_str()).version_names(name);
        let members = |answer: &DescribeProjectVersionsOutput| {
            answer.project_version_descriptions().first().map(members).unwrap_or_default()
        };
        let answer = self.record("DescribeProjectVersions", call.send(), members).await?;
        let version = answer.project_version_descriptions.unwrap_or_default().into_iter().next();
        Ok(version.map(|version| Description {
            arn: version.project_version_arn.unwrap_or_default(),
            status: version.status.map(|status| word(status.as_str())).unwrap_or_default(),
            has_message: version.status_message.is_some_and(|message| !message.is_empty()),
            source: version.source_project_version_arn,
            bucket: version.output_config.and_then(|output| output.s3_bucket),
            key: version.kms_key_id,
        }))
    }

    /// The prefix that the run gives to each of its copies.
    fn key_prefix(&self) -> String {
        format!("{PREFIX}{}/", self.begun.run)
    }

    /// The forms of the first 1000 keys below the run's prefix, for instance `PREFIX/PROJECT/VERSION/FILE`.
    pub async fn key_forms(&self, model: &Model) -> Answer<BTreeSet<String>> {
        let prefix = self.key_prefix();
        let call = self.s3.list_objects_v2().bucket(&model.bucket).prefix(&prefix).send();
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
