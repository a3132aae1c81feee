//! The requests that the searches send, and the rules of their deployments.

use jiff::Timestamp;
use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::intake::{Message, WayIn, read_message};
use rekognition_model_copier::domain::record::{Accepted, Record};
use rekognition_model_copier::settings::Settings;
use serde_json::json;

/// The account of the functions.
pub const ACCOUNT: &str = "444455556666";
/// The account that owns the models.
pub const SOURCE: &str = "111122223333";
/// When every source version was created, in milliseconds.
const CREATED: u64 = 1_762_077_600_000;

#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    /// The value of its tag `mark`, which no other request has, even if their ids are equal.
    pub mark: String,
    /// The name of the source version.
    pub model: String,
    pub source_project: ProjectArn,
    /// The destination project.
    pub project: ProjectArn,
    /// The name of the copy.
    pub name: String,
}

impl Request {
    /// A request for a version whose name no other id has.
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

    /// A request to copy a model within one project.
    pub fn within_one_project(id: &str) -> Self {
        Self { source_project: project(0), ..Self::new(id) }
    }

    /// See [`accept`].
    pub fn accept(&self, rules: &Rules, now: Timestamp) -> Accepted {
        accept(&self.body(), rules, now)
    }

    pub fn body(&self) -> String {
        json!({
            "sourceProjectArn": self.source_project,
            "sourceProjectVersionArn": version_arn(&self.source_project, &self.model, CREATED),
            "destinationProjectArn": self.project,
            "versionName": self.name,
            "outputConfig": { "s3Bucket": "flowers-production-models" },
            "tags": { "mark": self.mark },
            "requestId": self.id,
        })
        .to_string()
    }
}

/// Reads a request as start-copy does.
///
/// # Panics
/// If it is invalid.
pub fn accept(body: &str, rules: &Rules, now: Timestamp) -> Accepted {
    let message = Message { text: body, id: "a message", way_in: WayIn::Queue };
    match read_message(message, rules, "owner", now).map(|intake| intake.record) {
        Ok(Record::Accepted(accepted)) => accepted,
        other => panic!("an invalid request: {other:?}"),
    }
}

/// Returns the ARN of a version, with the time of its creation in milliseconds.
pub fn version_arn(project: &ProjectArn, name: &str, created: u64) -> String {
    let head = project.as_str().rsplit_once('/').map_or("", |(head, _)| head);
    format!("{head}/version/{name}/{created}")
}

/// Returns the ARN of a version of the source project.
pub fn source_version(model: &str) -> String {
    version_arn(&source_project(), model, CREATED)
}

/// # Panics
/// Never, because it is an ARN.
pub fn source_project() -> ProjectArn {
    let arn = format!("arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/1761904800000");
    ProjectArn::parse(&arn).expect("a project's ARN")
}

/// Returns one of the destination projects.
///
/// # Panics
/// Never, because every number makes an ARN.
pub fn project(number: usize) -> ProjectArn {
    let arn = format!("arn:aws:rekognition:us-east-1:{ACCOUNT}:project/flowers-{number}/1761991200000");
    ProjectArn::parse(&arn).expect("a project's ARN")
}

/// Returns the rules of a deployment with these settings and the required ones.
///
/// # Panics
/// If a setting is invalid.
pub fn rules(settings: &[(&str, &str)]) -> Rules {
    let required = [
        ("AWS_REGION", "us-east-1"),
        ("LEDGER_TABLE", "ledger"),
        ("ACCOUNT_ID", ACCOUNT),
        ("ALLOWED_SOURCE_ACCOUNTS", SOURCE),
    ];
    let all = settings.iter().chain(&required);
    let read = |name: &str| all.clone().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Settings::read(read).expect("good settings").rules
}
