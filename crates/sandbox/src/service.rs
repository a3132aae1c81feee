//! The services behind the one port: how a request names its operation, and the wire form of answers and errors.

use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    answer::{Answer, AwsError},
    cloudformation, dynamodb, events, logs, query, rekognition, sts,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Rekognition,
    DynamoDb,
    Events,
    Logs,
    Sts,
    CloudFormation,
}

/// Each service with its name in signatures and IAM actions, its prefix in the header `x-amz-target` (empty for the query
/// protocol), and its operations.
const SERVICES: [(Service, &str, &str, &[&str]); 6] = [
    (Service::Rekognition, "rekognition", "RekognitionService", rekognition::OPERATIONS),
    (Service::DynamoDb, "dynamodb", "DynamoDB_20120810", dynamodb::OPERATIONS),
    (Service::Events, "events", "AWSEvents", events::OPERATIONS),
    (Service::Logs, "logs", "Logs_20140328", logs::OPERATIONS),
    (Service::Sts, "sts", "", sts::OPERATIONS),
    (Service::CloudFormation, "cloudformation", "", cloudformation::OPERATIONS),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) service: Service,
    /// The service's name in signatures and IAM actions.
    pub(crate) service_name: &'static str,
    pub(crate) name: &'static str,
}

impl Operation {
    pub(crate) fn action(&self) -> String {
        format!("{}:{}", self.service_name, self.name)
    }
}

const JSON: &str = "application/x-amz-json-1.1";

/// The operation that a request asks for; or an error, and the service in whose form to answer it.
pub(crate) fn operation(
    method: &Method,
    headers: &HeaderMap,
    body: &str,
) -> Result<Operation, (Service, AwsError)> {
    let unknown = |service: Service, message: String| {
        Err((service, AwsError::new("UnknownOperationException", message)))
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Without parameters such as a charset.
    let content_type = text("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    let content_type = content_type.trim().to_ascii_lowercase();
    if method != Method::POST {
        return unknown(Service::Rekognition, "only POST is answered here".to_owned());
    }
    let Some(target) = text("x-amz-target") else {
        if content_type != "application/x-www-form-urlencoded" {
            return unknown(Service::Rekognition, "the header `x-amz-target` is missing".to_owned());
        }
        let action = query::parameters(body).remove("Action").unwrap_or_default();
        let message = format!("Could not find operation {action} for version 2011-06-15");
        return find("", &action).ok_or((Service::Sts, AwsError::new("InvalidAction", message)));
    };
    let (prefix, name) = target.split_once('.').unwrap_or_default();
    let found = SERVICES.iter().find(|(.., target, _)| *target == prefix && !target.is_empty());
    let Some((service, ..)) = found else {
        return unknown(Service::Rekognition, format!("no service answers to `{target}`"));
    };
    if ![JSON, dynamodb::JSON, "application/json"].contains(&content_type.as_str()) {
        return unknown(*service, format!("`{content_type}` is no content type of this service"));
    }
    match find(prefix, name) {
        Some(operation) => Ok(operation),
        None => unknown(*service, format!("the sandbox does not have `{name}`")),
    }
}

/// The operation with this name, of the services with this target.
fn find(target: &str, name: &str) -> Option<Operation> {
    let services = SERVICES.iter().filter(|(_, _, prefix, _)| *prefix == target);
    let mut operations = services.flat_map(|(service, service_name, _, operations)| {
        operations.iter().map(|name| Operation { service: *service, service_name, name })
    });
    operations.find(|operation| operation.name == name)
}

/// Whether this is an action of the sandbox, a service's actions such as `dynamodb:*`, or `*`.
pub(crate) fn is_action(text: &str) -> bool {
    let is_of = |(_, service, _, operations): &(Service, &str, &str, &[&str])| {
        let name = text.strip_prefix(service).and_then(|rest| rest.strip_prefix(':'));
        name.is_some_and(|name| name == "*" || operations.contains(&name))
    };
    text == "*" || SERVICES.iter().any(is_of)
}

/// A JSON answer of any service except DynamoDB.
pub(crate) fn json_answer(body: &Value) -> Answer {
    Answer::ok(JSON, body.to_string())
}

impl Service {
    /// An error in the service's wire form.
    pub(crate) fn error_answer(self, error: &AwsError, request_id: &str) -> Answer {
        let body = match self {
            Self::DynamoDb => return dynamodb::error_answer(error),
            Self::Sts => return query::error_answer(sts::NAMESPACE, error, request_id),
            Self::CloudFormation => return query::error_answer(cloudformation::NAMESPACE, error, request_id),
            Self::Rekognition => json!({
                "__type": error.code,
                "Code": error.code,
                "Logref": Uuid::new_v4().to_string(),
                "Message": error.message,
            }),
            Self::Events | Self::Logs => json!({"__type": error.code, "message": error.message}),
        };
        Answer::failed(error.status, JSON, body.to_string(), &error.code)
    }

    /// The resources in a request, as ARNs where they have one.
    pub(crate) fn resources(self, region: &str, account: &str, body: &str) -> Vec<String> {
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        let parameter = |name: &str| query::parameters(body).remove(name).into_iter().collect();
        match self {
            Self::Rekognition => rekognition::resources(&json),
            Self::DynamoDb => dynamodb::resources(region, account, &json),
            Self::Events => events::resources(region, account, body),
            Self::Logs => {
                json.get("logGroupName").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
            }
            Self::Sts => parameter("RoleArn"),
            Self::CloudFormation => parameter("StackName"),
        }
    }
}
