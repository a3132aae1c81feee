//! The fuzz target `arns`: the ARNs of projects and versions.

use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn, is_account, is_name};

use super::text;

/// Parses both kinds of ARN. A parsed ARN consists of valid parts and round-trips through JSON.
pub(super) fn arns(data: &[u8]) -> bool {
    let text = &text(data);
    let (project, version) = (ProjectArn::parse(text), ProjectVersionArn::parse(text));
    let is_accepted = project.is_ok() || version.is_ok();
    if let Ok(arn) = project {
        let head = head(arn.partition(), arn.region(), arn.account(), arn.project_name());
        assert!(is_number(text.strip_prefix(&head)), "{text:?}");
        assert_eq!(serde_json::from_value(serde_json::json!(arn)).ok(), Some(arn));
    }
    if let Ok(arn) = version {
        let head = head(arn.partition(), arn.region(), arn.account(), arn.project_name());
        let head = format!("{head}version/{}/", arn.version_name());
        assert!(is_name(arn.version_name()) && is_number(text.strip_prefix(&head)), "{text:?}");
        assert!(ProjectArn::parse(text).is_err(), "{text:?}");
        assert_eq!(serde_json::from_value(serde_json::json!(arn)).ok(), Some(arn));
    }
    is_accepted
}

fn head(partition: &str, region: &str, account: &str, project: &str) -> String {
    assert!(is_account(account) && is_name(project), "{account:?} {project:?}");
    format!("arn:{partition}:rekognition:{region}:{account}:project/{project}/")
}

fn is_number(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}
