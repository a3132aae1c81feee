//! A deployed stack: its outputs and parameters.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::{Client, types};
use rekognition_model_copier::settings::Settings;
use serde::{Deserialize, Serialize};

use crate::exit::{Failure, OrFailure};
use crate::session::{Identity, Session};

/// A deployed stack, as `DescribeStacks` answers it.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stack {
    pub name: String,
    /// Its CloudFormation status, for instance `UPDATE_COMPLETE`.
    pub status: String,
    pub outputs: BTreeMap<String, String>,
    pub parameters: BTreeMap<String, String>,
}

impl Stack {
    /// Reads the stack of this name in the session's account and Region.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub async fn read(session: &Session, name: &str) -> Result<Self, Failure> {
        let client = Client::new(&session.config.shared);
        let Identity { account, region, .. } = &session.identity;
        let described = client.describe_stacks().stack_name(name).send().await.or_failure(format!(
            "stack `{name}` cannot be read in account `{account}` and Region `{region}`"
        ))?;
        let Some(stack) = described.stacks.unwrap_or_default().into_iter().next() else {
            return Err(Failure::Error(format!("there is no stack `{name}`")));
        };
        Ok(Self::of(stack))
    }

    pub(crate) fn of(stack: types::Stack) -> Self {
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        let parameters = stack.parameters.unwrap_or_default().into_iter();
        Self {
            name: stack.stack_name.unwrap_or_default(),
            status: stack.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            outputs: outputs.filter_map(|output| output.output_key.zip(output.output_value)).collect(),
            parameters: parameters
                .filter_map(|parameter| parameter.parameter_key.zip(parameter.parameter_value))
                .collect(),
        }
    }

    /// The stack of this name, if a name is given.
    pub(crate) async fn read_named(session: &Session, name: Option<&str>) -> Result<Option<Self>, Failure> {
        match name {
            Some(name) => Self::read(session, name).await.map(Some),
            None => Ok(None),
        }
    }

    /// An output of template.yaml.
    ///
    /// # Errors
    /// If the stack has no such output: it is not a copier's stack, or of another release.
    pub fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            Failure::Error(format!(
                "stack `{}` has no output `{name}`: it is not a copier's stack, or of another release",
                self.name
            ))
        })
    }

    /// The settings of its functions, computed from the stack's outputs and parameters.
    ///
    /// # Errors
    /// If they are not those of a copier.
    pub fn settings(&self, identity: &Identity) -> Result<Settings, Failure> {
        Settings::read(|variable| self.variable(variable, identity))
            .map_err(|error| Failure::Error(format!("stack `{}` is not a copier's: {error}", self.name)))
    }

    /// The value that template.yaml gives to a variable of its functions.
    pub(crate) fn variable(&self, variable: &str, identity: &Identity) -> Option<String> {
        match variable {
            "AWS_REGION" => Some(identity.region.clone()),
            "ACCOUNT_ID" => Some(identity.account.clone()),
            "STACK_NAME" => Some(self.name.clone()),
            "REQUEST_QUEUE_ARN" => self.outputs.get("RequestQueueUrl").map(|url| identity.queue_arn(url)),
            _ => {
                let name = parameter_of(variable);
                self.outputs.get(&name).or_else(|| self.parameters.get(&name)).cloned()
            }
        }
    }

    /// A parameter of template.yaml; empty if the stack has none of this name.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// The parameter or output that has a variable's value: `CallsPerSecond` for `CALLS_PER_SECOND`.
fn parameter_of(variable: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        format!("{first}{}", rest.to_ascii_lowercase())
    };
    match variable {
        "EVENT_BUS" => "EventBusName".to_owned(),
        "ALLOWED_OUTPUT_BUCKETS" => "OutputBuckets".to_owned(),
        _ => variable.split('_').map(word).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::parameter_of;

    #[test]
    fn every_variable_of_the_template_is_read_from_its_parameter() {
        let template = include_str!("../../../template.yaml");
        let (_, rest) = template.split_once("      Variables:\n").unwrap();
        let lines = rest.lines().take_while(|line| line.starts_with("        "));
        let references = lines.filter_map(|line| line.trim().split_once(": !Ref "));
        for (variable, parameter) in references.filter(|(_, it)| *it != "Ledger" && !it.starts_with("AWS::"))
        {
            assert_eq!(parameter_of(variable), parameter);
        }
    }
}
