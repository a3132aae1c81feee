//! Calls and answers as bytes: what names an operation, and how each service writes answers and errors. Knows what no
//! operation means.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use proofs::chance::Chance;
use serde_json::{Map, Value, json};

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// DynamoDB.
    DynamoDb,
    /// Rekognition.
    Rekognition,
    /// EventBridge.
    Events,
    /// STS.
    Sts,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whom it goes to.
    pub service: Service,
    /// What for.
    pub operation: String,
    /// With what; a form's fields as an object of strings.
    pub body: Value,
    /// The access key it is signed with.
    pub access_key: String,
}

impl Call {
    /// Reads a request; `None` if no service would know what to do with it.
    pub fn read(request: &HttpRequest) -> Option<Self> {
        let header = |name| request.headers().get(name);
        let access_key = header("authorization")?.split_once("Credential=")?.1.split('/').next()?.to_owned();
        let bytes = request.body().bytes()?;
        let Some(target) = header("x-amz-target") else {
            let form = form_urlencoded::parse(bytes).into_owned();
            let body: Map<String, Value> = form.map(|(name, value)| (name, Value::String(value))).collect();
            let operation = body.get("Action")?.as_str()?.to_owned();
            return Some(Self { service: Service::Sts, operation, body: body.into(), access_key });
        };
        let (service, operation) = target.split_once('.')?;
        let service = match service {
            "DynamoDB_20120810" => Service::DynamoDb,
            "RekognitionService" => Service::Rekognition,
            "AWSEvents" => Service::Events,
            _ => return None,
        };
        let body = serde_json::from_slice(bytes).ok()?;
        Some(Self { service, operation: operation.to_owned(), body, access_key })
    }

    /// A member of the body that is a text; empty where it is left out.
    pub fn text(&self, name: &str) -> &str {
        text(&self.body, name)
    }
}

/// A member that is a text; empty where it is left out.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What becomes of a call.
#[derive(Debug)]
pub enum Reply {
    /// An answer, good or bad.
    Answer(HttpResponse),
    /// The connection breaks.
    Broken(ConnectorError),
    /// Nothing, for ever.
    Never,
}

impl Reply {
    fn new(status: u16, body: String) -> Self {
        let status = StatusCode::try_from(status).expect("a status code");
        Self::Answer(HttpResponse::new(status, SdkBody::from(body)))
    }

    /// It worked.
    pub fn good(body: &Value) -> Self {
        Self::new(200, body.to_string())
    }

    /// It worked, in STS's form.
    pub fn good_xml(operation: &str, result: &str) -> Self {
        let body = format!(
            "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <{operation}Result>{result}</{operation}Result></{operation}Response>"
        );
        Self::new(200, body)
    }
}

impl Service {
    /// An error, with what else is to be said in it.
    pub fn error(self, status: u16, code: &str, more: Value) -> Reply {
        let message = "says the world";
        let mut body = match self {
            Self::DynamoDb => {
                json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message})
            }
            Self::Rekognition => {
                json!({"__type": code, "Code": code, "Logref": "0", "Message": message})
            }
            Self::Events => json!({"__type": code, "message": message}),
            Self::Sts => {
                let error = format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                     <Code>{code}</Code><Message>{message}</Message></Error><RequestId>0</RequestId></ErrorResponse>"
                );
                return Reply::new(status, error);
            }
        };
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        Reply::new(status, body.to_string())
    }

    /// A definite no.
    pub fn refused(self, code: &str) -> Reply {
        self.error(400, code, Value::Null)
    }

    /// Too many calls, in one of the ways of saying so.
    pub fn throttled(self, chance: &mut Chance) -> Reply {
        let (status, code) = match self {
            Self::Sts => (400, "Throttling"),
            Self::Events => (400, "ThrottlingException"),
            _ => *chance.one(&[
                (400, "ThrottlingException"),
                (400, "ProvisionedThroughputExceededException"),
                (500, "ThrottlingException"),
            ]),
        };
        self.error(status, code, Value::Null)
    }

    /// An answer from which nobody can tell whether the call worked.
    pub fn unclear(self, chance: &mut Chance) -> Reply {
        let internal = match self {
            Self::Events | Self::Sts => "InternalFailure",
            _ => "InternalServerError",
        };
        match chance.below(7) {
            0 => self.error(500, chance.one::<&str>(&[internal, "InternalServiceError"]), Value::Null),
            1 => self.error(503, "ServiceUnavailable", Value::Null),
            2 => Reply::new(502, "<html><body><h1>Bad Gateway</h1></body></html>".to_owned()),
            3 => Reply::new(200, "{\"ProjectVersionArn\": \"arn:aws:rek".to_owned()),
            4 => Reply::Broken(ConnectorError::io("connection reset by peer".into())),
            5 => Reply::Broken(ConnectorError::timeout("no answer in time".into())),
            _ => Reply::Never,
        }
    }
}
