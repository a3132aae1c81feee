//! The control plane of Custom Labels: its
//! [operations](https://docs.aws.amazon.com/rekognition/latest/APIReference/API_Operations_Amazon_Rekognition.html), and
//! what is the same for all of them: the rate quota, the check of the request, and the caller's permission.

mod check;
mod copy;
mod model;
mod page;
mod policies;
mod projects;
mod tags;
mod versions;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{
    answer::AwsError,
    arn::{ProjectArn, VersionArn},
    caller::Caller,
    clock::later,
    fault::CopyEnd,
    policy::{self, Policy, Question, Verdict},
    state::State,
    status::Status,
    world::{Project, Step, Version},
};

/// A call of an operation.
pub(crate) struct Request<'a> {
    pub(crate) operation: &'a str,
    pub(crate) body: &'a str,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
    /// The end of the copy that this call starts, if a fault decides it.
    pub(crate) copy_end: Option<&'a CopyEnd>,
}

/// What every operation works on.
struct Call<'a> {
    state: &'a mut State,
    operation: &'a str,
    caller: &'a Caller,
    now: Timestamp,
    copy_end: Option<&'a CopyEnd>,
}

type Answer = Result<Value, AwsError>;

macro_rules! operations {
    ($($name:literal $run:path,)*) => {
        pub(crate) const OPERATIONS: &[&str] = &[$($name),*];

        fn run(call: Call<'_>, body: &str) -> Answer {
            match call.operation {
                $($name => $run(call, read(body)?),)*
                _ => Err(AwsError::new("UnknownOperationException", call.operation)),
            }
        }
    };
}

operations! {
    "CopyProjectVersion" copy::copy,
    "CreateProject" projects::create,
    "CreateProjectVersion" versions::create,
    "DeleteProject" projects::delete,
    "DeleteProjectPolicy" policies::delete,
    "DeleteProjectVersion" versions::delete,
    "DescribeProjectVersions" versions::describe,
    "DescribeProjects" projects::describe,
    "ListProjectPolicies" policies::list,
    "ListTagsForResource" tags::list,
    "PutProjectPolicy" policies::put,
    "StartProjectVersion" versions::start,
    "StopProjectVersion" versions::stop,
    "TagResource" tags::tag,
    "UntagResource" tags::untag,
}

/// Answers a call. The state must be settled.
pub(crate) fn answer(state: &mut State, request: &Request<'_>) -> Answer {
    let Request { operation, body, caller, now, copy_end } = *request;
    let limit = state.settings.quotas.calls_per_second;
    state.rates.admit(limit, &caller.account, operation, now)?;
    run(Call { state, operation, caller, now, copy_end }, body)
}

/// Reads a request that keeps the service model's constraints.
fn read<T: model::Request + DeserializeOwned>(body: &str) -> Result<T, AwsError> {
    let body: Value = serde_json::from_str(body).map_err(AwsError::serialization)?;
    check::check(T::members(), &body)?;
    serde_json::from_value(body).map_err(AwsError::serialization)
}

/// The ARNs in a request.
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
    /// The caller's own project. The project of another account is denied, whether it exists or not.
    fn own_project(&mut self, arn: &str) -> Result<&mut Project, AwsError> {
        let arn = project_arn(arn)?;
        self.authorize(&arn.project.account, &arn)?;
        self.state.world.project_mut(&arn).ok_or_else(|| missing("project", &arn))
    }

    /// The caller's own version.
    fn own_version(&mut self, arn: &str) -> Result<&mut Version, AwsError> {
        let arn = version_arn(arn)?;
        self.authorize(&arn.project.account, &arn)?;
        self.state.world.version_mut(&arn).ok_or_else(|| missing("project version", &arn))
    }

    /// The number of the caller's versions that match.
    fn count_own_versions(&self, matches: impl Fn(&Version) -> bool) -> usize {
        let is_own = |project: &&Project| project.project_arn.project.account == self.caller.account;
        let versions = self.state.world.projects.iter().filter(is_own).flat_map(|project| &project.versions);
        versions.filter(|version| matches(version)).count()
    }

    /// Checks that the resource is in the caller's account. If the caller has a role that the world lists, the role's
    /// policy must allow the operation too.
    fn authorize(&self, account: &str, resource: &impl std::fmt::Display) -> Result<(), AwsError> {
        let resource = resource.to_string();
        let action = format!("rekognition:{}", self.operation);
        if account != self.caller.account {
            return Err(self.denied(&action, &resource, ""));
        }
        let Some(role) = self.state.world.role(&self.caller.principal_arn) else { return Ok(()) };
        let question =
            Question { caller: self.caller, action: &action, resource: &resource, context: BTreeMap::new() };
        // A world with an unreadable policy is never loaded.
        let policy = Policy::read_of_role(&role.policy);
        match policy.map(|policy| policy::evaluate(&[policy], &question)) {
            Ok(Verdict::Allowed) => Ok(()),
            _ => Err(self.denied(&action, &resource, " because no identity-based policy allows the action")),
        }
    }

    fn denied(&self, action: &str, resource: &str, why: &str) -> AwsError {
        let caller = &self.caller.arn;
        let message =
            format!("User: {caller} is not authorized to perform: {action} on resource: {resource}{why}");
        AwsError::access_denied(message)
    }

    /// A number for a new ARN: the time in milliseconds, or the next free number.
    fn new_number(&mut self) -> u64 {
        let now = u64::try_from(self.now.as_millisecond()).unwrap_or(0);
        self.state.last_number = now.max(self.state.last_number.saturating_add(1));
        self.state.last_number
    }

    /// The status that follows after this time.
    fn step(&self, after: SignedDuration, status: Status, message: &str) -> Step {
        Step { at: later(self.now, after), status, status_message: Some(message.to_owned()) }
    }

    /// The answer of a listing: its items and, if there are more, the token of the next page.
    fn listing(&self, name: &str, items: Vec<Value>, next: Option<String>) -> Answer {
        let mut members = Map::from_iter([(name.to_owned(), Value::Array(items))]);
        let next = next.or_else(|| self.state.settings.empty_last_token.then(String::new));
        if let Some(next) = next {
            members.insert("NextToken".to_owned(), next.into());
        }
        Ok(Value::Object(members))
    }
}

/// Reads a project's ARN. The model's pattern accepts numbers that no ARN has: such a project does not exist.
fn project_arn(text: &str) -> Result<ProjectArn, AwsError> {
    text.parse().map_err(|_| missing("project", &text))
}

fn version_arn(text: &str) -> Result<VersionArn, AwsError> {
    text.parse().map_err(|_| missing("project version", &text))
}

fn missing(what: &str, arn: &impl std::fmt::Display) -> AwsError {
    AwsError::not_found(format!("The {what} `{arn}` does not exist."))
}

/// A time as the JSON 1.1 protocol writes it: seconds with a fraction.
fn seconds(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any real year are far below 2^53")]
    let milliseconds = at.as_millisecond() as f64;
    json!(milliseconds / 1000.0)
}
