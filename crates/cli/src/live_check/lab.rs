//! What an experiment works with: AWS's clients, each call of which is recorded, and the run's journal.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::config::http::HttpResponse;
use aws_sdk_rekognition::config::retry::RetryConfig;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rekognition::types::{OutputConfig, ProjectVersionDescription};
use jiff::Timestamp;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use uuid::Uuid;

use super::answer::{Answer, Call, Observation, Refused, word};
use super::journal::{Begun, Journal, Model, Observed, Thing};
use crate::exit::Failure;

/// What the names of everything that a run makes begin with.
pub const PREFIX: &str = "live-check-";
/// The tag of everything that can have one; its value is the run.
const TAG: &str = "model-copier-live-check";
/// The time before each call: AWS accepts five calls a second of an operation.
const PACE: Duration = Duration::from_millis(250);
/// How long a copy is followed. The copier calls one OVERDUE after two hours.
const LONGEST_COPY: Duration = Duration::from_secs(125 * 60);
/// How long a copy may be invisible. The copier counts on ten minutes.
const LONGEST_HIDING: Duration = Duration::from_secs(30 * 60);

/// Time, which passes at once in tests.
pub trait Time {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Waits.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}

/// The machine's time.
#[derive(Debug)]
pub struct RealTime;

impl Time for RealTime {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(tokio::time::sleep(time))
    }
}

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
    /// The version that has the name already, where it is not the run's.
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
pub struct Shown {
    pub arn: String,
    pub status: String,
    pub has_message: bool,
    pub source: Option<String>,
    pub bucket: Option<String>,
    pub key: Option<String>,
}

/// How a copy went on.
#[derive(Clone, Debug)]
pub struct Followed {
    /// When it was shown first, since the call was answered.
    pub visible_after: Option<Duration>,
    /// When it had ended.
    pub ended_after: Option<Duration>,
    /// How it was shown last.
    pub shown: Option<Shown>,
}

/// The first copy of a run, which several experiments look at.
#[derive(Debug)]
pub struct FirstCopy {
    /// Its name.
    pub name: String,
    /// What CopyProjectVersion answered.
    pub answer: Answer<String>,
    /// How it went on.
    pub followed: Followed,
}

/// What an experiment works with.
pub struct Lab {
    /// What the run works on.
    pub begun: Begun,
    /// The journal.
    pub journal: RefCell<Journal>,
    own: Client,
    source: Option<Client>,
    time: Rc<dyn Time>,
    calls: RefCell<Vec<Call>>,
    first_copy: RefCell<Option<Rc<FirstCopy>>>,
}

impl Lab {
    /// A lab with these clients, of the run's account and of the account that owns the model. Neither client retries:
    /// each answer counts.
    ///
    /// # Errors
    /// If the journal says not what the run works on.
    pub fn new(
        journal: Journal,
        own: &Client,
        source: Option<&Client>,
        time: Rc<dyn Time>,
    ) -> Result<Self, Failure> {
        let once = |client: &Client| {
            let config = client.config().to_builder().retry_config(RetryConfig::disabled());
            Client::from_conf(config.build())
        };
        Ok(Self {
            begun: journal.begun()?.clone(),
            journal: RefCell::new(journal),
            own: once(own),
            source: source.map(once),
            time,
            calls: RefCell::default(),
            first_copy: RefCell::default(),
        })
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Waits.
    pub async fn sleep(&self, time: Duration) {
        self.time.sleep(time).await;
    }

    /// How long ago that was.
    pub fn since(&self, begun: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(begun)).unwrap_or_default()
    }

    /// A name that nothing has yet.
    pub fn new_name(&self) -> String {
        let random: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
        format!("{PREFIX}{}-{random}", self.begun.run)
    }

    /// The ARN of the run's account, as a principal.
    pub fn own_root(&self) -> String {
        format!("arn:{}:iam::{}:root", self.begun.partition, self.begun.account)
    }

    /// Writes down what an experiment saw, with its calls.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn conclude(&self, row: u8, observation: Observation) -> Result<(), Failure> {
        let calls = self.calls.take();
        self.journal.borrow_mut().observe(Observed { row, observation, calls }, self.now())
    }

    /// CopyProjectVersion.
    ///
    /// # Errors
    /// If the journal cannot be written; as with all calls below.
    pub async fn copy(&self, copy: &Copy) -> Result<Answer<String>, Failure> {
        let output = OutputConfig::builder()
            .s3_bucket(&copy.bucket)
            .s3_key_prefix(format!("{PREFIX}{}/", self.begun.run))
            .build();
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
        self.call("DeleteProjectPolicy", call.policy_name(name).send(), |_| Vec::new()).await.map(|_| ())
    }

    /// DeleteProjectVersion.
    pub async fn delete_version(&self, arn: &str) -> Answer<()> {
        let call = self.own.delete_project_version().project_version_arn(arn).send();
        self.call("DeleteProjectVersion", call, |_| Vec::new()).await.map(|_| ())
    }

    /// DeleteProject.
    pub async fn delete_project(&self, arn: &str) -> Answer<()> {
        let call = self.own.delete_project().project_arn(arn).send();
        self.call("DeleteProject", call, |_| Vec::new()).await.map(|_| ())
    }

    /// DescribeProjects of one name in the run's account; the answer is its ARN.
    pub async fn project(&self, name: &str) -> Answer<Option<String>> {
        let call = self.own.describe_projects().project_names(name).send();
        let answer = self.call("DescribeProjects", call, |_| Vec::new()).await?;
        let project = answer.project_descriptions.unwrap_or_default().into_iter().next();
        Ok(project.and_then(|project| project.project_arn))
    }

    /// DescribeProjectVersions of one name.
    pub async fn version(&self, project: &ProjectArn, name: &str) -> Answer<Option<Shown>> {
        let call = self.own.describe_project_versions().project_arn(project.as_str()).version_names(name);
        let fields = |answer: &aws_sdk_rekognition::operation::describe_project_versions::DescribeProjectVersionsOutput| {
            answer.project_version_descriptions().first().map(fields).unwrap_or_default()
        };
        let answer = self.call("DescribeProjectVersions", call.send(), fields).await?;
        let version = answer.project_version_descriptions.unwrap_or_default().into_iter().next();
        Ok(version.map(|version| Shown {
            arn: version.project_version_arn.unwrap_or_default(),
            status: version.status.map(|status| word(status.as_str())).unwrap_or_default(),
            has_message: version.status_message.is_some_and(|message| !message.is_empty()),
            source: version.source_project_version_arn,
            bucket: version.output_config.and_then(|output| output.s3_bucket),
            key: version.kms_key_id,
        }))
    }

    /// Polls a copy to its end.
    pub async fn follow(&self, project: &ProjectArn, name: &str) -> Followed {
        let begun = self.now();
        let mut followed = Followed { visible_after: None, ended_after: None, shown: None };
        loop {
            let answer = self.version(project, name).await;
            let passed = self.since(begun);
            if let Ok(Some(shown)) = answer {
                followed.visible_after.get_or_insert(passed);
                let has_ended = shown.status != "COPYING_IN_PROGRESS";
                followed.shown = Some(shown);
                if has_ended {
                    followed.ended_after = Some(passed);
                    return followed;
                }
            }
            let is_hidden = followed.visible_after.is_none();
            if passed > LONGEST_COPY || (is_hidden && passed > LONGEST_HIDING) {
                return followed;
            }
            self.sleep(Duration::from_secs(match (is_hidden, passed.as_secs()) {
                (true, 0..60) => 1,
                (_, 0..600) => 10,
                _ => 30,
            }))
            .await;
        }
    }

    /// The first copy of the run, made when it is first asked for.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub async fn first_copy(&self, model: &Model) -> Result<Rc<FirstCopy>, Failure> {
        if let Some(copy) = self.first_copy.borrow().as_ref() {
            return Ok(Rc::clone(copy));
        }
        let name = self.new_name();
        let answer = self.copy(&model.copy(&name)).await?;
        let followed = match answer {
            Ok(_) => self.follow(&model.destination, &name).await,
            Err(_) => Followed { visible_after: None, ended_after: None, shown: None },
        };
        let copy = Rc::new(FirstCopy { name, answer, followed });
        *self.first_copy.borrow_mut() = Some(Rc::clone(&copy));
        Ok(copy)
    }

    /// The client that may change what is in this project.
    fn client_of(&self, project: &ProjectArn) -> &Client {
        let is_own = project.account() == self.begun.account;
        self.source.as_ref().filter(|_| !is_own).unwrap_or(&self.own)
    }

    /// A call that makes something: the journal has it before.
    async fn make<O, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
        thing: Thing,
        send: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        arn: impl Fn(&O) -> Option<String>,
    ) -> Result<Answer<O>, Failure> {
        // INVARIANT: what is made is in the journal, on the disk, before the call.
        let id = self.journal.borrow_mut().making(thing, self.now())?;
        let answer = self.call(operation, send, |_| Vec::new()).await;
        let mut journal = self.journal.borrow_mut();
        match &answer {
            Ok(output) => journal.made(id, arn(output), self.now())?,
            Err(refused) if !refused.may_have_worked() => journal.not_made(id, self.now())?,
            Err(_) => {}
        }
        drop(journal);
        Ok(answer)
    }

    /// A call, recorded.
    async fn call<O, E: ProvideErrorMetadata>(
        &self,
        operation: &'static str,
        send: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        fields: impl Fn(&O) -> Vec<&'static str>,
    ) -> Answer<O> {
        self.sleep(PACE).await;
        let begun = self.now();
        let answer = send.await.map_err(|error| Refused::of(&error));
        let refused = answer.as_ref().err();
        let call = Call {
            operation: operation.to_owned(),
            error: refused.map(|refused| refused.code.clone()),
            http_status: refused.and_then(|refused| refused.status),
            fields: answer.as_ref().map(fields).unwrap_or_default().into_iter().map(str::to_owned).collect(),
            count: 1,
            milliseconds: u64::try_from(self.since(begun).as_millis()).unwrap_or(u64::MAX),
        };
        let mut calls = self.calls.borrow_mut();
        match calls.last_mut() {
            Some(last) if is_alike(last, &call) => {
                last.count += 1;
                last.milliseconds = last.milliseconds.max(call.milliseconds);
            }
            _ => calls.push(call),
        }
        answer
    }
}

fn is_alike(a: &Call, b: &Call) -> bool {
    (&a.operation, &a.error, a.http_status, &a.fields) == (&b.operation, &b.error, b.http_status, &b.fields)
}

/// The members that a description has.
fn fields(version: &ProjectVersionDescription) -> Vec<&'static str> {
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
