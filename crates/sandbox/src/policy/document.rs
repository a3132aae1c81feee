//! A policy document: its form, and what the documentation forbids in it. Reads; evaluates nothing.
//!
//! Of a project. Required: Effect, Principal, Action, Resource. Forbidden: NotAction, NotResource, NotPrincipal. The
//! only action is `rekognition:CopyProjectVersion`; a resource is a version of the policy's own project, or all of them,
//! which `*` means as well.
//! Of a role, a trust policy has no Resource, and what the role may do has no Principal.

use serde_json::{Map, Value};

use super::{
    Question,
    condition::{self, Condition},
    element::{Malformed, texts},
    principal::{self, Principal},
    wildcard,
};
use crate::{
    arn::ProjectName,
    settings::{PolicyConditions, Settings},
};

#[derive(Debug)]
pub(crate) struct Policy {
    pub(super) statements: Vec<Statement>,
}

#[derive(Debug)]
pub(super) struct Statement {
    pub(super) allow: bool,
    principals: Vec<Principal>,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
    /// Whether `Effect` is written as IAM's grammar has it, and not as `ALLOW`, which AWS's own example has.
    has_plain_effect: bool,
}

/// The one action of a project policy.
const ACTION: &str = "rekognition:CopyProjectVersion";

/// What a policy is attached to.
#[derive(Clone, Copy)]
enum On<'a> {
    Project(&'a ProjectName),
    /// Says who may assume the role.
    Trust,
    /// Says what the role may do.
    Role,
}

impl Policy {
    /// Reads the policy of a project.
    pub(crate) fn read(text: &str, project: &ProjectName) -> Result<Self, Malformed> {
        Self::read_on(text, On::Project(project))
    }

    /// Reads the policy that says who may assume a role.
    pub(crate) fn read_trust(text: &str) -> Result<Self, Malformed> {
        Self::read_on(text, On::Trust)
    }

    /// Reads a policy that says what a role may do.
    pub(crate) fn read_of_role(text: &str) -> Result<Self, Malformed> {
        Self::read_on(text, On::Role)
    }

    /// Whether PutProjectPolicy takes it, where AWS does not say.
    pub(crate) fn check(&self, settings: &Settings) -> Result<(), Malformed> {
        let refused = |message: &str| Err(Malformed(message.to_owned()));
        for statement in &self.statements {
            if !statement.has_plain_effect && !settings.upper_case_effect {
                return refused("`Effect` has to be `Allow` or `Deny`");
            }
            if statement.resources.iter().any(|resource| resource == "*") && !settings.star_resource {
                return refused("the resource `*` is no version of this project");
            }
            if !statement.conditions.is_empty() && settings.policy_conditions == PolicyConditions::Refused {
                return refused("`Condition` is no element of such a policy");
            }
        }
        Ok(())
    }

    /// As authorization sees it that treats conditions like this.
    pub(crate) fn with_conditions(mut self, treated: PolicyConditions) -> Self {
        match treated {
            PolicyConditions::Evaluated | PolicyConditions::Refused => {}
            PolicyConditions::Ignored => {
                self.statements.iter_mut().for_each(|statement| statement.conditions.clear());
            }
            PolicyConditions::NeverHold => {
                self.statements.retain(|statement| statement.conditions.is_empty())
            }
        }
        self
    }

    fn read_on(text: &str, on: On<'_>) -> Result<Self, Malformed> {
        let malformed = |message: &str| Malformed(message.to_owned());
        let document: Value = serde_json::from_str(text)
            .map_err(|error| Malformed(format!("the policy is no JSON: {error}")))?;
        let document = document.as_object().ok_or_else(|| malformed("the policy has to be a JSON object"))?;
        only(document, &["Version", "Id", "Statement"])?;
        let version = document.get("Version").map(|version| version.as_str().unwrap_or_default());
        if !matches!(version, None | Some("2012-10-17" | "2008-10-17")) {
            return Err(malformed("`Version` has to be `2012-10-17`"));
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return Err(malformed("`Statement` is missing or empty")),
        };
        let statements = statements.into_iter().map(|statement| Statement::read(statement, on));
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }
}

impl Statement {
    fn read(value: &Value, on: On<'_>) -> Result<Self, Malformed> {
        let statement =
            value.as_object().ok_or_else(|| Malformed("a statement has to be a JSON object".to_owned()))?;
        for forbidden in ["NotAction", "NotResource", "NotPrincipal"] {
            if statement.contains_key(forbidden) {
                return Err(Malformed(format!("`{forbidden}` is not allowed in a project policy")));
            }
        }
        only(statement, on.elements())?;
        let required =
            |name: &str| statement.get(name).ok_or_else(|| Malformed(format!("a statement has no `{name}`")));
        let effect = required("Effect")?.as_str().unwrap_or_default();
        let allow = match effect {
            "Allow" | "ALLOW" => true,
            "Deny" | "DENY" => false,
            _ => return Err(Malformed("`Effect` has to be `Allow` or `Deny`".to_owned())),
        };
        let principals = match on {
            On::Role => vec![Principal::Anyone],
            On::Project(_) | On::Trust => principal::read(required("Principal")?)?,
        };
        let actions = texts("Action", required("Action")?)?;
        let resources = match on {
            On::Trust => vec!["*".to_owned()],
            On::Project(_) | On::Role => texts("Resource", required("Resource")?)?,
        };
        if let On::Project(project) = on {
            only_copies_of(project, &actions, &resources)?;
        }
        let conditions = match statement.get("Condition") {
            Some(conditions) => condition::read(conditions)?,
            None => Vec::new(),
        };
        let has_plain_effect = matches!(effect, "Allow" | "Deny");
        Ok(Self { allow, principals, actions, resources, conditions, has_plain_effect })
    }

    pub(super) fn speaks_of(&self, question: &Question<'_>) -> bool {
        self.principals.iter().any(|principal| principal.covers(question.caller))
            && self.actions.iter().any(|action| covers_action(action, question.action))
            && self
                .resources
                .iter()
                .any(|resource| resource == "*" || wildcard::arn_matches(resource, question.resource))
            && self.conditions.iter().all(|condition| condition.holds(&question.context))
    }
}

impl On<'_> {
    fn elements(self) -> &'static [&'static str] {
        match self {
            Self::Project(_) => &["Sid", "Effect", "Principal", "Action", "Resource", "Condition"],
            Self::Trust => &["Sid", "Effect", "Principal", "Action", "Condition"],
            Self::Role => &["Sid", "Effect", "Action", "Resource", "Condition"],
        }
    }
}

fn only_copies_of(project: &ProjectName, actions: &[String], resources: &[String]) -> Result<(), Malformed> {
    if let Some(other) = actions.iter().find(|action| !action.eq_ignore_ascii_case(ACTION)) {
        return Err(Malformed(format!("the action `{other}` is not allowed: only `{ACTION}` is")));
    }
    let versions = format!("{project}/version/");
    match resources.iter().find(|resource| *resource != "*" && !resource.starts_with(&versions)) {
        Some(other) => Err(Malformed(format!(
            "the resource `{other}` is no version of this project: use a version's ARN or `{versions}*`"
        ))),
        None => Ok(()),
    }
}

/// Actions are compared without regard to case; in a project policy they have no wildcards.
fn covers_action(pattern: &str, action: &str) -> bool {
    wildcard::matches(&pattern.to_lowercase(), &action.to_lowercase())
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), Malformed> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Malformed(format!("`{name}` is no element of such a policy"))),
        None => Ok(()),
    }
}
