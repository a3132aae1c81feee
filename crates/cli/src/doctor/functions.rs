//! The checks of the functions: state, settings, code and schedule.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::fs;
use std::path::Path;

use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use rekognition_model_copier::settings::{Settings, VARIABLES};
use serde::Deserialize;

use super::{DEPLOY_AGAIN, StackChecks, ensure_template};
use crate::check::{Check, Finding, OrFinding, Outcome, ensure};
use crate::exit::Failure;

impl StackChecks<'_> {
    /// The checks of the function that this output names.
    pub(super) async fn check_function(&self, name: &'static str, output: &str) -> Vec<Check> {
        let function = match self.read_configuration(output).await {
            Ok(function) => function,
            Err(trouble) => return vec![Check::of(name, Err(trouble))],
        };
        let mut checks = vec![
            Check::of(name, check_state(&function)),
            Check::of("its settings", self.check_settings(&function)),
        ];
        checks
            .extend(self.release.map(|release| Check::of("its code", check_code(&function, name, release))));
        checks
    }

    async fn read_configuration(&self, output: &str) -> Result<GetFunctionConfigurationOutput, Finding> {
        let name = self.stack.output(output)?;
        let client = aws_sdk_lambda::Client::new(self.config());
        let answer = client.get_function_configuration().function_name(name).send().await;
        answer.or_missing(format!("function `{name}`"), DEPLOY_AGAIN)
    }

    /// Checks that the function has the stack's settings and can start with them.
    fn check_settings(&self, function: &GetFunctionConfigurationOutput) -> Outcome {
        let none = HashMap::new();
        let variables =
            function.environment().and_then(|environment| environment.variables()).unwrap_or(&none);
        let identity = &self.session.identity;
        let differs = |name: &&str| {
            let expected = self.stack.variable(name, identity).unwrap_or_default();
            variables.get(*name).map_or("", String::as_str) != expected
        };
        let other: Vec<&str> = VARIABLES.into_iter().filter(differs).collect();
        let message = format!("`{}` differ from the stack's parameters", other.join("`, `"));
        ensure_template(other.is_empty(), message)?;
        let lookup = |name: &str| match name {
            "AWS_REGION" => Some(identity.region.clone()),
            _ => variables.get(name).cloned(),
        };
        Settings::read(lookup).map_err(|bad| {
            let remedy = "correct the stack's parameters and deploy again";
            Finding::found(format!("it cannot start: {bad}"), remedy)
        })?;
        Ok("they match the stack's parameters".to_owned())
    }

    /// Checks that check-copies is invoked every minute.
    pub(super) async fn check_schedule(&self) -> Outcome {
        let name = format!("{}-check", self.stack.name);
        let what = format!("rule `{name}`");
        let client = aws_sdk_eventbridge::Client::new(self.config());
        let rule = client.describe_rule().name(&name).send().await.or_missing(&what, DEPLOY_AGAIN)?;
        ensure(
            rule.state.is_some_and(|state| state.as_str() == "ENABLED"),
            format!("{what} is disabled, so copies are not polled and waiting requests are not started"),
            format!("aws events enable-rule --name {name}"),
        )?;
        let answer = client.list_targets_by_rule().rule(&name).send().await;
        let answer = answer.or_unread(format!("the targets of {what}"))?;
        let function = self
            .session
            .identity
            .arn("lambda", &format!("function:{}", self.stack.output("CheckCopiesFunction")?));
        let is_target = answer.targets().iter().any(|target| target.arn == function);
        let is_every_minute = rule.schedule_expression.as_deref() == Some("rate(1 minute)");
        let message = format!("{what} does not invoke `{function}` every minute");
        ensure_template(is_every_minute && is_target, message)?;
        Ok("check-copies is invoked every minute".to_owned())
    }
}

fn check_state(function: &GetFunctionConfigurationOutput) -> Outcome {
    let state = function.state().map_or("unknown", |state| state.as_str());
    let update = function.last_update_status().map_or("unknown", |status| status.as_str());
    if state == "Active" && update == "Successful" {
        return Ok("it is active".to_owned());
    }
    if state == "Pending" || update == "InProgress" {
        return Err(Finding::unknown("it is being changed").with_remedy("look again in a minute"));
    }
    let reason = function.state_reason().or(function.last_update_status_reason()).unwrap_or_default();
    let message = format!("it has state {state}, and its last update is {update}: {reason}");
    Err(Finding::found(message, "fix the reason, and deploy the stack again"))
}

fn check_code(function: &GetFunctionConfigurationOutput, name: &str, release: &Release) -> Outcome {
    let (expected, version) = (release.code_of(name)?, &release.version);
    let deployed = function.code_sha256().unwrap_or("none");
    let message = format!("its hash is `{deployed}`, but the hash of release {version} is `{expected}`");
    let remedy = "deploy that release, or give the folder of the deployed release";
    ensure(deployed == expected, message, remedy)?;
    Ok(format!("it is the code of release {version}"))
}

/// A release.
#[derive(Debug, Deserialize)]
pub(crate) struct Release {
    pub(crate) version: String,
    functions: BTreeMap<String, Code>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Code {
    code_sha256: String,
}

impl Release {
    /// Reads `release.json` in this folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("release.json");
        let usage = |error: &dyn Display| {
            Failure::Usage(format!(
                "`{}` cannot be read: give the folder of a release: {error}",
                path.display()
            ))
        };
        let text = fs::read_to_string(&path).map_err(|error| usage(&error))?;
        serde_json::from_str(&text).map_err(|error| usage(&error))
    }

    /// The hash of a function's code, as Lambda writes it.
    pub(super) fn code_of(&self, function: &str) -> Result<&str, Finding> {
        let code = self.functions.get(function).map(|code| code.code_sha256.as_str());
        code.ok_or_else(|| Finding::unknown(format!("release {} does not have `{function}`", self.version)))
    }
}
