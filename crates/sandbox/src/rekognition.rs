//! The control plane of Custom Labels: its
//! [operations](https://docs.aws.amazon.com/rekognition/latest/APIReference/API_Operations_Amazon_Rekognition.html), and
//! what is the same for all of them: the rate quota, the check of the request, and the caller's permission.

mod copy;
mod page;
mod policies;
mod projects;
mod tags;
mod versions;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    ProjectArn, ProjectVersionArn, Status,
    answer::AwsError,
    caller::Caller,
    clock::later,
    fault::CopyEnd,
    model,
    policy::{self, Kind, Policy, Question, Verdict},
    state::State,
    world::{Project, Step, Version},
};

/// A call of an operation. The state must be settled.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) operation: &'a str,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
    /// The end of the copy that this call starts, if a fault decides it.
    pub(crate) copy_end: Option<&'a CopyEnd>,
}

type Answer = Result<Value, AwsError>;

macro_rules! operations {
    ($($name:literal $run:path,)*) => {
        pub(crate) const OPERATIONS: &[&str] = &[$($name),*];

        fn run(call: Call<'_>, body: &str) -> Answer {
            match call.operation {
                $($name => $run(call, model::read(body)?),)*
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

pub(crate) fn answer(call: Call<'_>, body: &str) -> Answer {
    let limit = call.state.settings.quotas.calls_per_second;
    call.state.rates.admit(limit, &call.caller.account, call.operation, call.now)?;
    run(call, body)
}

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
        self.authorize(arn.account(), arn.as_str())?;
        self.state.world.project_mut(&arn).ok_or_else(|| missing("project", arn.as_str()))
    }

    fn own_version(&mut self, arn: &str) -> Result<&mut Version, AwsError> {
        let arn = version_arn(arn)?;
        self.authorize(arn.account(), arn.as_str())?;
        self.state.world.version_mut(&arn).ok_or_else(|| missing("project version", arn.as_str()))
    }

    /// The number of the caller's versions that match.
    fn count_own_versions(&self, matches: impl Fn(&Version) -> bool) -> usize {
        let is_own = |project: &&Project| project.project_arn.account() == self.caller.account;
        let versions = self.state.world.projects.iter().filter(is_own).flat_map(|project| &project.versions);
        versions.filter(|version| matches(version)).count()
    }

    /// Checks that the resource is in the caller's account. If the caller has a role that the world lists, the role's
    /// policy must allow the operation too.
    fn authorize(&self, account: &str, resource: &str) -> Result<(), AwsError> {
        let action = format!("rekognition:{}", self.operation);
        if account != self.caller.account {
            return Err(self.denied(&action, resource, ""));
        }
        let Some(role) = self.state.world.role(&self.caller.principal_arn) else { return Ok(()) };
        let question = Question { caller: self.caller, action: &action, resource, context: BTreeMap::new() };
        // A world with an unreadable policy is never loaded.
        let policy = Policy::read(&role.policy, Kind::Role);
        match policy.map(|policy| policy::evaluate(&[policy], &question)) {
            Ok(Verdict::Allowed) => Ok(()),
            _ => Err(self.denied(&action, resource, " because no identity-based policy allows the action")),
        }
    }

    fn denied(&self, action: &str, resource: &str, why: &str) -> AwsError {
        let caller = &self.caller.arn;
        let message =
            format!("User: {caller} is not authorized to perform: {action} on resource: {resource}{why}");
        AwsError::new("AccessDeniedException", message)
    }

    /// A new ARN with this beginning. Its number is the time in milliseconds, or the next free number.
    fn new_arn<A: TryFrom<String>>(&mut self, beginning: &str) -> Result<A, AwsError> {
        let now = u64::try_from(self.now.as_millisecond()).unwrap_or(0);
        let number = now.max(self.state.last_number.saturating_add(1));
        self.state.last_number = number;
        let broken = |_| AwsError::invalid_parameter(format!("`{beginning}` is no beginning of an ARN."));
        A::try_from(format!("{beginning}/{number}")).map_err(broken)
    }

    /// The status that follows after this time.
    fn step(&self, after: SignedDuration, status: Status, message: &str) -> Step {
        Step { at: later(self.now, after), status, status_message: Some(message.to_owned()) }
    }

    /// The answer of a listing: its items and, if there are more, the token of the next page.
    fn listing(&self, name: &str, items: Vec<Value>, next: Option<String>) -> Answer {
        let next = next.or_else(|| self.state.settings.empty_last_token.then(String::new));
        Ok(present(json!({name: items, "NextToken": next})))
    }
}

/// Reads a project's ARN. A text that is none, and still passed the check of the request, names no project that exists.
fn project_arn(text: &str) -> Result<ProjectArn, AwsError> {
    ProjectArn::parse(text).map_err(|_| missing("project", text))
}

fn version_arn(text: &str) -> Result<ProjectVersionArn, AwsError> {
    ProjectVersionArn::parse(text).map_err(|_| missing("project version", text))
}

fn missing(what: &str, arn: &str) -> AwsError {
    AwsError::not_found(format!("The {what} `{arn}` does not exist."))
}

/// Whether a listing shows this name: the filter has it, or there is no filter.
fn is_named(filter: Option<&Vec<String>>, name: &str) -> bool {
    filter.is_none_or(|names| names.iter().any(|it| it == name))
}

/// An object without its members that are null: AWS leaves them out.
fn present(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    object
}

/// A time as the JSON 1.1 protocol writes it: seconds with a fraction.
fn seconds(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any real year are far below 2^53")]
    let milliseconds = at.as_millisecond() as f64;
    json!(milliseconds / 1000.0)
}
