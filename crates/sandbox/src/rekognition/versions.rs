//! The operations on versions, except the copy. The sandbox looks at no training data: training takes its time and
//! succeeds.

use serde_json::{Map, Value, json};

use super::{Answer, Call, is_named, page::page, present, seconds};
use crate::{
    ProjectVersionArn, Status,
    answer::AwsError,
    clock::later,
    model::request,
    world::{Feature, OutputConfig, Project, Tags, Version},
};

request!(Create {
    required project_arn: String = PROJECT_ARN,
    required version_name: String = NAME,
    required output_config: OutputConfig = OUTPUT_CONFIG,
    optional training_data: Option<Value> = TRAINING_DATA,
    optional testing_data: Option<Value> = TESTING_DATA,
    optional tags: Option<Tags> = TAGS,
    optional kms_key_id: Option<String> = KMS_KEY,
    optional version_description: Option<String> = DESCRIPTION,
    // Checked, and then ignored.
    optional _feature_config: Option<Value> = FEATURE_CONFIG,
});

pub(super) fn create(mut call: Call<'_>, request: Create) -> Answer {
    call.check_bucket(&request.output_config)?;
    if request.training_data.is_some() != request.testing_data.is_some() {
        return Err(AwsError::invalid_parameter("Give `TrainingData` and `TestingData` both, or neither."));
    }
    let (training, most) = (call.state.settings.training, call.state.settings.quotas.versions);
    let next = call.step(training, Status::TrainingCompleted, "The model is ready to run.");
    let project = call.own_project(&request.project_arn)?;
    project.check_new_version(&request.version_name, "ResourceInUseException", most)?;
    let beginning = format!("{}/version/{}", project.name(), request.version_name);
    let mut version = Version::new(call.new_arn(&beginning)?, call.now, request.output_config);
    version.begin(Status::TrainingInProgress, Some("The model is being trained.".to_owned()), Some(next));
    version.kms_key_id = request.kms_key_id;
    version.tags = request.tags.unwrap_or_default();
    version.version_description = request.version_description;
    version.training_result =
        training_result(&version, training.as_secs(), request.training_data, request.testing_data);
    let answer = json!({"ProjectVersionArn": version.project_version_arn});
    call.own_project(&request.project_arn)?.versions.push(version);
    Ok(answer)
}

request!(Describe {
    required project_arn: String = PROJECT_ARN,
    optional version_names: Option<Vec<String>> = NAMES,
    optional next_token: Option<String> = TOKEN,
    optional max_results: Option<usize> = PAGE_SIZE,
});

pub(super) fn describe(mut call: Call<'_>, request: Describe) -> Answer {
    let (now, delay) = (call.now, call.state.settings.describe_delay);
    let project = call.own_project(&request.project_arn)?;
    let feature = project.feature;
    let shown = project.versions.iter().filter(|version| {
        is_named(request.version_names.as_ref(), version.project_version_arn.version_name())
            && (delay.is_zero() || later(version.created_at(), delay) <= now)
    });
    let items = shown.map(|version| ((version.number(), version.project_version_arn.to_string()), version));
    let scope = format!("versions {} {:?}", request.project_arn, request.version_names);
    let (versions, next) = page(items, request.max_results, request.next_token.as_deref(), &scope)?;
    let descriptions = versions.into_iter().map(|version| description(version, feature)).collect();
    call.listing("ProjectVersionDescriptions", descriptions, next)
}

fn description(version: &Version, feature: Feature) -> Value {
    let is_copied = version.source_project_version_arn.is_some()
        && ![Status::CopyingInProgress, Status::CopyingFailed].contains(&version.status);
    let has_result = version.trained_at.is_some() || is_copied;
    let mut description = present(json!({
        "ProjectVersionArn": version.project_version_arn,
        "CreationTimestamp": seconds(version.created_at()),
        "Status": version.status,
        "StatusMessage": version.status_message,
        "TrainingEndTimestamp": version.trained_at.map(seconds),
        "OutputConfig": version.output_config,
        "KmsKeyId": version.kms_key_id,
        "MinInferenceUnits": version.min_inference_units,
        "MaxInferenceUnits": version.max_inference_units,
        "SourceProjectVersionArn": version.source_project_version_arn,
        "VersionDescription": version.version_description,
        "Feature": feature,
    }));
    if let Some(members) = description.as_object_mut().filter(|_| has_result) {
        members.extend(version.training_result.clone());
    }
    description
}

/// The training results that DescribeProjectVersions shows, as AWS's members. The figures are made up.
fn training_result(
    version: &Version,
    seconds: i64,
    training: Option<Value>,
    testing: Option<Value>,
) -> Map<String, Value> {
    let OutputConfig { s3_bucket, s3_key_prefix } = &version.output_config;
    let file = |name: &str| {
        let folder = s3_key_prefix.as_deref().unwrap_or_default();
        json!({"Bucket": s3_bucket, "Name": format!("{folder}{}/{name}", version.project_version_arn.version_name())})
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

request!(Start {
    required project_version_arn: String = VERSION_ARN,
    required min_inference_units: u32 = UNITS,
    optional max_inference_units: Option<u32> = UNITS,
});

pub(super) fn start(mut call: Call<'_>, request: Start) -> Answer {
    if request.max_inference_units.is_some_and(|max| max < request.min_inference_units) {
        return Err(AwsError::invalid_parameter("`MaxInferenceUnits` is below `MinInferenceUnits`."));
    }
    let is_running = |version: &Version| matches!(version.status, Status::Starting | Status::Running);
    let running = call.count_own_versions(is_running);
    let is_full = call.state.settings.quotas.running.is_some_and(|most| running >= most);
    let next = call.step(call.state.settings.starting, Status::Running, "The model is running.");
    let version = call.own_version(&request.project_version_arn)?;
    let startable = [Status::TrainingCompleted, Status::CopyingCompleted, Status::Stopped, Status::Failed];
    version.check_status("start", &startable)?;
    if is_full {
        return Err(AwsError::limit_exceeded("As many models are running as may be."));
    }
    version.begin(Status::Starting, Some("The model is being started.".to_owned()), Some(next));
    version.min_inference_units = Some(request.min_inference_units);
    version.max_inference_units = request.max_inference_units;
    Ok(json!({"Status": version.status}))
}

request!(OneVersion { required project_version_arn: String = VERSION_ARN, });

pub(super) fn stop(mut call: Call<'_>, request: OneVersion) -> Answer {
    let next = call.step(call.state.settings.stopping, Status::Stopped, "The model is stopped.");
    let version = call.own_version(&request.project_version_arn)?;
    version.check_status("stop", &[Status::Running])?;
    version.begin(Status::Stopping, Some("The model is being stopped.".to_owned()), Some(next));
    Ok(json!({"Status": version.status}))
}

pub(super) fn delete(mut call: Call<'_>, request: OneVersion) -> Answer {
    // The version leaves the world at the end of `DELETING`, so nobody sees the status of this step.
    let next = call.step(call.state.settings.deleting, Status::Deleting, "");
    let may_be_copying = call.state.settings.delete_while_copying;
    let version = call.own_version(&request.project_version_arn)?;
    let is_busy = match version.status {
        Status::Starting | Status::Running | Status::Stopping | Status::Deleting => true,
        Status::TrainingInProgress => true,
        Status::CopyingInProgress => !may_be_copying,
        _ => false,
    };
    if is_busy {
        return Err(version.in_use("delete"));
    }
    version.begin(Status::Deleting, Some("The model is being deleted.".to_owned()), Some(next));
    Ok(json!({"Status": version.status}))
}

impl Version {
    pub(super) fn new(arn: ProjectVersionArn, now: jiff::Timestamp, output_config: OutputConfig) -> Self {
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

    fn check_status(&self, verb: &str, statuses: &[Status]) -> Result<(), AwsError> {
        if statuses.contains(&self.status) { Ok(()) } else { Err(self.in_use(verb)) }
    }

    fn in_use(&self, verb: &str) -> AwsError {
        let (arn, status) = (&self.project_version_arn, self.status.as_str());
        AwsError::in_use(format!("Can't {verb} `{arn}`: its status is {status}."))
    }
}

impl Project {
    /// Checks that a version with this name can be created. A taken name has the error `taken_error`.
    pub(super) fn check_new_version(
        &self,
        name: &str,
        taken_error: &str,
        most: Option<usize>,
    ) -> Result<(), AwsError> {
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
}
