//! Requests, as messages.

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::settings::Settings;
use serde_json::json;

/// The account the functions run in.
pub const ACCOUNT: &str = "444455556666";
/// The account that owns the models.
pub const SOURCE: &str = "111122223333";

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// What tells it from every other request, whatever their ids: the value of its tag `mark`.
    pub mark: String,
    /// Which model is copied.
    pub model: String,
    /// Where from.
    pub source_project: ProjectArn,
    /// Where to.
    pub project: ProjectArn,
    /// As what.
    pub name: String,
}

impl Request {
    /// A request with its own id, for a version of its own.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            mark: id.to_owned(),
            model: "flowers.1".to_owned(),
            source_project: source_project(),
            project: project(0),
            name: format!("copy-{id}"),
        }
    }

    /// A request to copy a model within its project.
    pub fn within_one_project(id: &str) -> Self {
        Self { source_project: project(0), ..Self::new(id) }
    }

    /// The ARN of the model that is copied.
    pub fn source(&self) -> String {
        let head = self.source_project.as_str().rsplit_once('/').map_or("", |(head, _)| head);
        format!("{head}/version/{}/1762077600000", self.model)
    }

    /// The message that asks for it.
    pub fn body(&self) -> String {
        json!({
            "sourceProjectArn": self.source_project,
            "sourceProjectVersionArn": self.source(),
            "destinationProjectArn": self.project,
            "versionName": self.name,
            "outputConfig": { "s3Bucket": "flowers-production-models" },
            "tags": { "mark": self.mark },
            "requestId": self.id,
        })
        .to_string()
    }
}

/// The ARN of a version of the source project.
pub fn source_version(model: &str) -> String {
    format!("arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/version/{model}/1762077600000")
}

/// The source project.
///
/// # Panics
/// Never: it is an ARN.
pub fn source_project() -> ProjectArn {
    let arn = format!("arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/1761904800000");
    ProjectArn::parse(&arn).expect("a project's ARN")
}

/// One of the destination projects.
///
/// # Panics
/// Never: every number makes an ARN.
pub fn project(number: usize) -> ProjectArn {
    let arn = format!("arn:aws:rekognition:us-east-1:{ACCOUNT}:project/flowers-{number}/1761991200000");
    ProjectArn::parse(&arn).expect("a project's ARN")
}

/// The rules of a deployment with these settings and the least.
///
/// # Panics
/// If a setting is bad.
pub fn rules(settings: &[(&str, &str)]) -> Rules {
    let least = [
        ("AWS_REGION", "us-east-1"),
        ("LEDGER_TABLE", "ledger"),
        ("ACCOUNT_ID", ACCOUNT),
        ("ALLOWED_SOURCE_ACCOUNTS", SOURCE),
    ];
    let all = settings.iter().chain(&least);
    let read = |name: &str| all.clone().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Settings::read(read).expect("good settings").rules
}
