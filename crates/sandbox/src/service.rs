//! The services behind the one port: how a request names its service and operation, and each service's wire form of
//! answers and errors. Knows no operation's meaning.

use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    answer::Answer, cloudformation, dynamodb, error::AwsError, events, logs, query, rekognition, sts,
};

/// An AWS service the sandbox has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Rekognition,
    DynamoDb,
    Events,
    Sts,
    CloudFormation,
    Logs,
}

const SERVICES: [Service; 6] = [
    Service::Rekognition,
    Service::DynamoDb,
    Service::Events,
    Service::Sts,
    Service::CloudFormation,
    Service::Logs,
];

/// An operation the sandbox has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) service: Service,
    pub(crate) name: &'static str,
}

impl Operation {
    /// In IAM's words.
    pub(crate) fn action(&self) -> String {
        format!("{}:{}", self.service.name(), self.name)
    }
}

const JSON: &str = "application/x-amz-json-1.1";

/// Which operation a request asks for. On failure, the error and the service in whose form to answer it.
pub(crate) fn operation(
    method: &Method,
    headers: &HeaderMap,
    body: &str,
) -> Result<Operation, (Service, AwsError)> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Parameters such as a charset don't matter.
    let content_type = text("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    let content_type = content_type.trim().to_ascii_lowercase();
    if method != Method::POST {
        return Err((Service::Rekognition, unknown("only POST is answered here")));
    }
    let Some(target) = text("x-amz-target") else {
        if content_type != "application/x-www-form-urlencoded" {
            return Err((Service::Rekognition, unknown("the header `x-amz-target` is missing")));
        }
        let action = query::parameters(body).remove("Action").unwrap_or_default();
        let message = format!("Could not find operation {action} for version 2011-06-15");
        let found = [Service::Sts, Service::CloudFormation].iter().find_map(|it| it.operation(&action));
        return found.ok_or((Service::Sts, AwsError::new("InvalidAction", message)));
    };
    let (service, name) = match target.split_once('.') {
        Some(("RekognitionService", name)) => (Service::Rekognition, name),
        Some(("DynamoDB_20120810", name)) => (Service::DynamoDb, name),
        Some(("AWSEvents", name)) => (Service::Events, name),
        Some(("Logs_20140328", name)) => (Service::Logs, name),
        _ => return Err((Service::Rekognition, unknown(&format!("no service answers to `{target}`")))),
    };
    let json = ["application/x-amz-json-1.1", "application/x-amz-json-1.0", "application/json"];
    if !json.contains(&content_type.as_str()) {
        return Err((service, unknown(&format!("`{content_type}` is no content type of this service"))));
    }
    let has_not = || (service, unknown(&format!("the sandbox does not have `{name}`")));
    service.operation(name).ok_or_else(has_not)
}

/// Whether this is an action that the sandbox has, a service's actions as `dynamodb:*`, or `*`.
pub(crate) fn is_action(text: &str) -> bool {
    let is_of = |service: &Service| {
        let name = text.strip_prefix(service.name()).and_then(|rest| rest.strip_prefix(':'));
        name.is_some_and(|name| name == "*" || service.operation(name).is_some())
    };
    text == "*" || SERVICES.iter().any(is_of)
}

fn unknown(message: &str) -> AwsError {
    AwsError::new("UnknownOperationException", message)
}

impl Service {
    /// The service's name in signatures and in IAM actions.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rekognition => "rekognition",
            Self::DynamoDb => "dynamodb",
            Self::Events => "events",
            Self::Sts => "sts",
            Self::CloudFormation => "cloudformation",
            Self::Logs => "logs",
        }
    }

    fn operation(self, name: &str) -> Option<Operation> {
        let known = match self {
            Self::Rekognition => rekognition::OPERATIONS,
            Self::DynamoDb => dynamodb::OPERATIONS,
            Self::Events => events::OPERATIONS,
            Self::Sts => sts::OPERATIONS,
            Self::CloudFormation => cloudformation::OPERATIONS,
            Self::Logs => logs::OPERATIONS,
        };
        known.iter().find(|known| **known == name).map(|name| Operation { service: self, name })
    }

    /// A JSON answer. Not for DynamoDB and the query protocol, which write their own.
    pub(crate) fn answered(self, body: &Value) -> Answer {
        Answer::ok(JSON, body.to_string())
    }

    /// An error in the service's wire form.
    pub(crate) fn refused(self, error: &AwsError, request_id: &str) -> Answer {
        match self {
            Self::DynamoDb => dynamodb::refused(error),
            Self::Sts => query::refused(sts::NAMESPACE, error, request_id),
            Self::CloudFormation => query::refused(cloudformation::NAMESPACE, error, request_id),
            Self::Rekognition => {
                let body = json!({
                    "__type": error.code,
                    "Code": error.code,
                    "Logref": Uuid::new_v4().to_string(),
                    "Message": error.message,
                });
                Answer::failed(error.status, JSON, body.to_string(), &error.code)
            }
            Self::Events | Self::Logs => {
                let body = json!({"__type": error.code, "message": error.message});
                Answer::failed(error.status, JSON, body.to_string(), &error.code)
            }
        }
    }

    /// The ARNs of the resources that a request names.
    pub(crate) fn resources(self, region: &str, account: &str, text: &str, body: &Value) -> Vec<String> {
        match self {
            Self::Rekognition => rekognition::resources(body),
            Self::DynamoDb => dynamodb::resources(region, account, body),
            Self::Events => {
                let arn = |bus: String| match bus.starts_with("arn:") {
                    true => bus,
                    false => format!("arn:aws:events:{region}:{account}:event-bus/{bus}"),
                };
                events::buses(text).into_iter().map(arn).collect()
            }
            Self::Sts => query::parameters(text).remove("RoleArn").into_iter().collect(),
            Self::CloudFormation => query::parameters(text).remove("StackName").into_iter().collect(),
            Self::Logs => {
                body.get("logGroupName").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
            }
        }
    }
}
