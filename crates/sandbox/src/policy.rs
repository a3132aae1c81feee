//! Policies of projects and of roles: their form, and whether their statements allow a call.
//!
//! A [project policy](https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/md-create-project-policy.html) must
//! have Effect, Principal, Action and Resource. Its only action is `rekognition:CopyProjectVersion`, and its resources are
//! versions of its own project; `*` means all of them. A role's trust policy has no Resource, and the policy of what a role
//! may do has no Principal.

mod condition;
mod principal;
mod wildcard;

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use self::condition::Condition;
use crate::{
    caller::Caller,
    settings::{PolicyConditions, Settings},
};

/// The call that a policy is evaluated for.
pub(crate) struct Question<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    /// The values of the condition keys. The keys are in lower case, because policies ignore their case.
    pub(crate) context: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A statement allows the call, and none denies it.
    Allowed,
    Denied,
    /// No statement covers the call.
    NotCovered,
}

pub(crate) fn evaluate(policies: &[Policy], question: &Question<'_>) -> Verdict {
    let statements = policies.iter().flat_map(|policy| &policy.statements);
    let mut covering = statements.filter(|statement| statement.covers(question)).peekable();
    if covering.peek().is_none() {
        Verdict::NotCovered
    } else if covering.all(|statement| statement.is_allow) {
        Verdict::Allowed
    } else {
        Verdict::Denied
    }
}

/// The message of a MalformedPolicyDocumentException.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(String);

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

fn malformed<T>(message: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(message.into()))
}

#[derive(Debug)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug)]
struct Statement {
    is_allow: bool,
    principals: Vec<String>,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
    /// Whether `Effect` is `ALLOW` or `DENY`. AWS's own example has that, IAM's grammar does not.
    has_upper_case_effect: bool,
}

/// A policy document. `deny_unknown_fields` refuses `NotAction`, `NotPrincipal` and `NotResource`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(default = "current_version")]
    version: String,
    #[serde(rename = "Id")]
    _id: Option<Value>,
    statement: OneOrMany<Map<String, Value>>,
}

fn current_version() -> String {
    "2012-10-17".to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StatementDocument {
    #[serde(rename = "Sid")]
    _sid: Option<Value>,
    effect: String,
    principal: Option<Value>,
    action: OneOrMany<String>,
    resource: Option<OneOrMany<String>>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany<Value>>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected one value or a list of values")]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    /// The values; an empty list is malformed.
    fn read(self, element: &str) -> Result<Vec<T>, Malformed> {
        match self {
            Self::One(value) => Ok(vec![value]),
            Self::Many(values) if values.is_empty() => malformed(format!("`{element}` is an empty list")),
            Self::Many(values) => Ok(values),
        }
    }
}

fn read_object<T: DeserializeOwned>(object: Map<String, Value>) -> serde_json::Result<T> {
    serde_json::from_value(Value::Object(object))
}

const ACTION: &str = "rekognition:CopyProjectVersion";

/// The thing that a policy is attached to.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    /// A project, with the beginning of its ARN.
    Project(&'a str),
    /// A role, with the policy of who may assume it.
    Trust,
    /// A role, with the policy of what it may do.
    Role,
}

impl Policy {
    pub(crate) fn read(text: &str, kind: Kind<'_>) -> Result<Self, Malformed> {
        // serde would read a structure also from a list of its elements' values. A map it reads only from an object.
        let document: Document = serde_json::from_str(text).and_then(read_object)?;
        if !["2012-10-17", "2008-10-17"].contains(&document.version.as_str()) {
            return malformed("`Version` has to be `2012-10-17` or `2008-10-17`");
        }
        let statements = document.statement.read("Statement")?.into_iter();
        let statements = statements.map(|statement| Statement::read(read_object(statement)?, kind));
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }

    /// Checks what AWS leaves open: these settings decide whether PutProjectPolicy accepts it.
    pub(crate) fn check(&self, settings: &Settings) -> Result<(), Malformed> {
        for statement in &self.statements {
            if statement.has_upper_case_effect && !settings.upper_case_effect {
                return malformed("`Effect` has to be `Allow` or `Deny`");
            }
            if statement.resources.iter().any(|resource| resource == "*") && !settings.star_resource {
                return malformed("the resource `*` is no version of this project");
            }
            if !statement.conditions.is_empty() && settings.policy_conditions == PolicyConditions::Refused {
                return malformed("`Condition` is no element of such a policy");
            }
        }
        Ok(())
    }

    /// The policy as authorization sees it, if it treats conditions like this.
    pub(crate) fn with_conditions(mut self, treatment: PolicyConditions) -> Self {
        match treatment {
            PolicyConditions::Evaluated | PolicyConditions::Refused => {}
            PolicyConditions::Ignored => self.statements.iter_mut().for_each(|it| it.conditions.clear()),
            PolicyConditions::NeverHold => self.statements.retain(|it| it.conditions.is_empty()),
        }
        self
    }
}

impl Statement {
    fn read(document: StatementDocument, kind: Kind<'_>) -> Result<Self, Malformed> {
        let StatementDocument { effect, principal, action, resource, condition, .. } = document;
        if !["Allow", "Deny", "ALLOW", "DENY"].contains(&effect.as_str()) {
            return malformed("`Effect` has to be `Allow` or `Deny`");
        }
        let principals = match (kind, principal) {
            (Kind::Role, None) => vec!["*".to_owned()],
            (Kind::Role, Some(_)) => return malformed("`Principal` is no element of such a policy"),
            (_, Some(principal)) => principal::read(principal)?,
            (_, None) => return malformed("a statement has no `Principal`"),
        };
        let resources = match (kind, resource) {
            (Kind::Trust, None) => vec!["*".to_owned()],
            (Kind::Trust, Some(_)) => return malformed("`Resource` is no element of such a policy"),
            (_, Some(resource)) => resource.read("Resource")?,
            (_, None) => return malformed("a statement has no `Resource`"),
        };
        let actions = action.read("Action")?;
        if let Kind::Project(project) = kind {
            check_scope(project, &actions, &resources)?;
        }
        Ok(Self {
            is_allow: effect.eq_ignore_ascii_case("Allow"),
            principals,
            actions,
            resources,
            conditions: condition::read(condition)?,
            has_upper_case_effect: ["ALLOW", "DENY"].contains(&effect.as_str()),
        })
    }

    fn covers(&self, question: &Question<'_>) -> bool {
        let covers_action =
            |action: &String| wildcard::matches(&action.to_lowercase(), &question.action.to_lowercase());
        let covers_resource =
            |resource: &String| resource == "*" || wildcard::arn_matches(resource, question.resource);
        principal::covers(&self.principals, question.caller)
            && self.actions.iter().any(covers_action)
            && self.resources.iter().any(covers_resource)
            && self.conditions.iter().all(|condition| condition.holds(&question.context))
    }
}

/// Checks that a statement of a project policy is about copies of this project's versions.
fn check_scope(project: &str, actions: &[String], resources: &[String]) -> Result<(), Malformed> {
    if let Some(other) = actions.iter().find(|action| !action.eq_ignore_ascii_case(ACTION)) {
        return malformed(format!("the action `{other}` is not allowed: only `{ACTION}` is"));
    }
    let versions = format!("{project}/version/");
    match resources.iter().find(|resource| *resource != "*" && !resource.starts_with(&versions)) {
        None => Ok(()),
        Some(other) => malformed(format!(
            "the resource `{other}` is no version of this project: use a version's ARN or `{versions}*`"
        )),
    }
}

#[cfg(test)]
mod tests;
