//! CreateProjectVersion and DescribeProjectVersions. Training data is not looked at: training takes its time and
//! succeeds.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Call, page::page, seconds};
use crate::{
    arn::VersionArn,
    clock::later,
    error::AwsError,
    status::Status,
    world::{Feature, OutputConfig, Project, Tags, Version},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    project_arn: String,
    version_name: String,
    output_config: OutputConfig,
    tags: Option<Tags>,
    kms_key_id: Option<String>,
    version_description: Option<String>,
    training_data: Option<Value>,
    testing_data: Option<Value>,
}

pub(super) fn create(mut call: Call<'_>) -> Answer {
    let request: Create = call.read()?;
    call.check_bucket(&request.output_config)?;
    if request.training_data.is_some() != request.testing_data.is_some() {
        return Err(AwsError::invalid_parameter("Give `TrainingData` and `TestingData` both, or neither."));
    }
    let training = call.state.settings.training;
    let next =
        call.after(call.state.settings.training, Status::TrainingCompleted, "The model is ready to run.");
    let number = call.number();
    let (now, settings) = (call.now, call.state.settings.clone());
    let project = call.own_project("CreateProjectVersion", &request.project_arn)?;
    project.takes(&request.version_name, "ResourceInUseException", settings.quotas.versions)?;
    let arn =
        VersionArn { project: project.project_arn.project.clone(), version: request.version_name, number };
    let mut version = Version::new(arn, now, request.output_config);
    version.begin(Status::TrainingInProgress, Some("The model is being trained.".to_owned()), Some(next));
    version.kms_key_id = request.kms_key_id;
    version.tags = request.tags.unwrap_or_default();
    version.version_description = request.version_description;
    version.training_result =
        training_result(&version, training.as_secs(), request.training_data, request.testing_data);
    let answer = json!({"ProjectVersionArn": version.project_version_arn});
    project.versions.push(version);
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    project_arn: String,
    version_names: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(super) fn describe(mut call: Call<'_>) -> Answer {
    let request: Describe = call.read()?;
    let (now, delay) = (call.now, call.state.settings.describe_delay);
    let project = call.own_project("DescribeProjectVersions", &request.project_arn)?;
    let feature = project.feature;
    let named = |name: &String| request.version_names.as_ref().is_none_or(|names| names.contains(name));
    // Newest last in the world, newest first here.
    let items = project.versions.iter().rev().filter(|version| named(&version.project_version_arn.version));
    let items = items.filter(|version| delay.is_zero() || later(version.created_at(), delay) <= now);
    let items = items.map(|version| {
        ((version.project_version_arn.number, version.project_version_arn.version.clone()), version)
    });
    let scope = format!("versions {} {:?}", request.project_arn, request.version_names);
    let (versions, next) = page(items, request.max_results, 100, request.next_token.as_deref(), &scope)?;
    let descriptions: Vec<_> = versions.into_iter().map(|version| description(version, feature)).collect();
    Ok(call.listed("ProjectVersionDescriptions", descriptions, next))
}

fn description(version: &Version, feature: Feature) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
    };
    put("ProjectVersionArn", version.project_version_arn.to_string().into());
    put("CreationTimestamp", seconds(version.created_at()));
    put("Status", version.status.as_str().into());
    put("StatusMessage", version.status_message.clone().into());
    put("TrainingEndTimestamp", version.trained_at.map_or(Value::Null, seconds));
    let is_copied = version.source_project_version_arn.is_some()
        && ![Status::CopyingInProgress, Status::CopyingFailed].contains(&version.status);
    if version.trained_at.is_some() || is_copied {
        for (name, value) in &version.training_result {
            put(name, value.clone());
        }
    }
    put("OutputConfig", json!(version.output_config));
    put("KmsKeyId", version.kms_key_id.clone().into());
    put("MinInferenceUnits", version.min_inference_units.into());
    put("MaxInferenceUnits", version.max_inference_units.into());
    put("SourceProjectVersionArn", json!(version.source_project_version_arn));
    put("VersionDescription", version.version_description.clone().into());
    put("Feature", json!(feature));
    Value::Object(members)
}

/// What DescribeProjectVersions shows of a training that ended, as AWS's members: the figures are made up.
fn training_result(
    version: &Version,
    seconds: i64,
    training: Option<Value>,
    testing: Option<Value>,
) -> Map<String, Value> {
    let OutputConfig { s3_bucket, s3_key_prefix } = &version.output_config;
    let file = |name: &str| {
        let folder = s3_key_prefix.as_deref().unwrap_or_default();
        json!({"Bucket": s3_bucket, "Name": format!("{folder}{}/{name}", version.project_version_arn.version)})
    };
    let data = |given: Option<Value>| {
        let given = given.unwrap_or_else(|| json!({}));
        json!({"Input": given, "Output": given})
    };
    let result = json!({
        "BillableTrainingTimeInSeconds": seconds,
        "EvaluationResult": {"F1Score": 0.9, "Summary": {"S3Object": file("EvaluationResultSummary.json")}},
        "ManifestSummary": {"S3Object": file("TrainingManifestSummary.json")},
        "TrainingDataResult": data(training),
        "TestingDataResult": data(testing),
    });
    result.as_object().cloned().unwrap_or_default()
}

impl Version {
    pub(super) fn new(arn: VersionArn, now: jiff::Timestamp, output_config: OutputConfig) -> Self {
        Self {
            project_version_arn: arn,
            created_at: Some(now),
            status: Status::TrainingInProgress,
            status_message: None,
            next: None,
            trained_at: None,
            training_result: Map::new(),
            source_project_version_arn: None,
            output_config,
            kms_key_id: None,
            tags: Tags::new(),
            version_description: None,
            min_inference_units: None,
            max_inference_units: None,
        }
    }
}

impl Project {
    /// Whether one more version of this name can be made here.
    pub(super) fn takes(&self, name: &str, taken_error: &str, most: Option<usize>) -> Result<(), AwsError> {
        if self.deleted_at.is_some() {
            return Err(AwsError::in_use("The project is being deleted."));
        }
        if self.version_named(name).is_some() {
            let message = format!("A version named `{name}` exists already in `{}`.", self.project_arn);
            return Err(AwsError::new(taken_error, message));
        }
        if most.is_some_and(|most| self.versions.len() >= most) {
            let message = "The project has as many versions as it may have.";
            return Err(AwsError::new("ServiceQuotaExceededException", message));
        }
        Ok(())
    }
}

impl Call<'_> {
    pub(super) fn check_bucket(&self, output: &OutputConfig) -> Result<(), AwsError> {
        if self.state.settings.require_bucket && output.s3_bucket.is_none() {
            return Err(AwsError::invalid_parameter("`OutputConfig` has no `S3Bucket`."));
        }
        Ok(())
    }

    /// A list and, if there is more, the token of the next page.
    pub(super) fn listed(&self, name: &str, items: Vec<Value>, next: Option<String>) -> Value {
        let mut members = Map::from_iter([(name.to_owned(), Value::Array(items))]);
        let next = next.or_else(|| self.state.settings.empty_last_token.then(String::new));
        if let Some(next) = next {
            members.insert("NextToken".to_owned(), next.into());
        }
        Value::Object(members)
    }
}
