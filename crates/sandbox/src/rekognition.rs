//! Rekognition Custom Labels' control plane: which operations there are, and the way of a call through them: its
//! members checked against the service model, the rate quota, then the operation itself.
//! <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_Operations_Amazon_Rekognition.html>

mod check;
mod copy;
mod hosting;
mod model;
mod page;
mod policies;
mod projects;
mod tags;
mod versions;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    arn::{ProjectArn, VersionArn},
    caller::Caller,
    clock::later,
    error::AwsError,
    fault::CopyEnd,
    life::Step,
    policy::{self, Policy, Question, Verdict},
    state::State,
    status::Status,
    world::Project,
};

/// A call of one operation.
pub(crate) struct Request<'a> {
    pub(crate) operation: &'a str,
    pub(crate) body: &'a str,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
    /// How a copy that this call starts ends, when a fault says so.
    pub(crate) copy_end: Option<&'a CopyEnd>,
}

/// What an operation works on. The request's members have been checked against the model.
struct Call<'a> {
    state: &'a mut State,
    members: Value,
    caller: &'a Caller,
    now: Timestamp,
    copy_end: Option<&'a CopyEnd>,
}

type Answer = Result<Value, AwsError>;

macro_rules! operations {
    ($($name:literal $run:path, $members:path;)*) => {
        pub(crate) const OPERATIONS: &[&str] = &[$($name),*];

        fn find(name: &str) -> Option<(fn(Call<'_>) -> Answer, &'static [model::Member])> {
            match name {
                $($name => Some(($run, $members)),)*
                _ => None,
            }
        }
    };
}

operations! {
    "CopyProjectVersion" copy::copy, model::COPY_PROJECT_VERSION;
    "CreateProject" projects::create, model::CREATE_PROJECT;
    "CreateProjectVersion" versions::create, model::CREATE_PROJECT_VERSION;
    "DeleteProject" projects::delete, model::PROJECT;
    "DeleteProjectPolicy" policies::delete, model::DELETE_PROJECT_POLICY;
    "DeleteProjectVersion" hosting::delete, model::VERSION;
    "DescribeProjectVersions" versions::describe, model::DESCRIBE_PROJECT_VERSIONS;
    "DescribeProjects" projects::describe, model::DESCRIBE_PROJECTS;
    "ListProjectPolicies" policies::list, model::LIST_PROJECT_POLICIES;
    "ListTagsForResource" tags::list, model::RESOURCE;
    "PutProjectPolicy" policies::put, model::PUT_PROJECT_POLICY;
    "StartProjectVersion" hosting::start, model::START_PROJECT_VERSION;
    "StopProjectVersion" hosting::stop, model::VERSION;
    "TagResource" tags::tag, model::TAG_RESOURCE;
    "UntagResource" tags::untag, model::UNTAG_RESOURCE;
}

/// Answers a call. The state has been settled to `request.now`.
pub(crate) fn answer(state: &mut State, request: &Request<'_>) -> Answer {
    let Request { operation, body, caller, now, copy_end } = *request;
    let (run, members) =
        find(operation).ok_or_else(|| AwsError::new("UnknownOperationException", operation))?;
    let limit = state.settings.quotas.calls_per_second;
    state.rates.admit(limit, &caller.account, operation, now)?;
    let body: Value =
        serde_json::from_str(body).map_err(|error| AwsError::new("SerializationException", error))?;
    check::members(members, &body)?;
    run(Call { state, members: body, caller, now, copy_end })
}

/// The ARNs a request names.
pub(crate) fn resources(body: &Value) -> Vec<String> {
    let named = [
        "ProjectArn",
        "ProjectVersionArn",
        "SourceProjectArn",
        "SourceProjectVersionArn",
        "DestinationProjectArn",
        "ResourceArn",
    ];
    named.iter().filter_map(|name| body.get(name)?.as_str().map(str::to_owned)).collect()
}

impl Call<'_> {
    /// The members as a struct.
    fn read<T: DeserializeOwned>(&mut self) -> Result<T, AwsError> {
        serde_json::from_value(self.members.take())
            .map_err(|error| AwsError::new("SerializationException", error))
    }

    /// The caller's own project. Somebody else's is out of reach, whether it exists or not.
    fn own_project(&mut self, operation: &str, arn: &str) -> Result<&mut Project, AwsError> {
        let arn = project_arn(arn)?;
        self.own(operation, &arn.project.account, &arn)?;
        let missing = || AwsError::not_found(format!("The project `{arn}` does not exist."));
        self.state.world.project_mut(&arn).ok_or_else(missing)
    }

    /// Whether the caller may do this with what is in `account`: its own account, and where that is a role the world
    /// lists, what its policy allows.
    fn own(&self, operation: &str, account: &str, resource: &impl std::fmt::Display) -> Result<(), AwsError> {
        let resource = resource.to_string();
        let why = if account != self.caller.account {
            ""
        } else if !self.role_allows(operation, &resource) {
            " because no identity-based policy allows the action"
        } else {
            return Ok(());
        };
        let message = format!(
            "User: {} is not authorized to perform: rekognition:{operation} on resource: {resource}{why}",
            self.caller.arn
        );
        Err(AwsError::access_denied(message))
    }

    fn role_allows(&self, operation: &str, resource: &str) -> bool {
        let Some(role) = self.state.world.role(&self.caller.principal_arn) else { return true };
        let action = format!("rekognition:{operation}");
        let question = Question { caller: self.caller, action: &action, resource, context: BTreeMap::new() };
        // A world with a policy that can't be read isn't loaded.
        Policy::read_of_role(&role.policy)
            .is_ok_and(|policy| policy::ask(&[policy], &question) == Verdict::Allowed)
    }

    /// A number for a new ARN: the time in milliseconds, or the next one free.
    fn number(&mut self) -> u64 {
        let now = u64::try_from(self.now.as_millisecond()).unwrap_or(0);
        self.state.last_number = now.max(self.state.last_number.saturating_add(1));
        self.state.last_number
    }

    fn after(&self, time: SignedDuration, status: Status, message: &str) -> Step {
        Step { at: later(self.now, time), status, status_message: Some(message.to_owned()) }
    }
}

/// The model's pattern lets numbers through that no ARN of ours has: such a thing does not exist.
fn project_arn(text: &str) -> Result<ProjectArn, AwsError> {
    text.parse().map_err(|_| AwsError::not_found(format!("The project `{text}` does not exist.")))
}

fn version_arn(text: &str) -> Result<VersionArn, AwsError> {
    text.parse().map_err(|_| AwsError::not_found(format!("The project version `{text}` does not exist.")))
}

/// Seconds with a fraction, as JSON 1.1 writes times.
fn seconds(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any year we meet are far below 2^53")]
    let milliseconds = at.as_millisecond() as f64;
    json!(milliseconds / 1000.0)
}
