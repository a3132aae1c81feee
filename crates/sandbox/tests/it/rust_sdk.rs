//! The scenario of `../clients/README.md` with the AWS SDK for Rust.

use crate::support::{DESTINATION, SOURCE, pass, start_at_noon};
use aws_sdk_rekognition::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
    types::{OutputConfig, ProjectVersionStatus},
};
use aws_smithy_http_client::Builder;
use sandbox::Sandbox;

fn client(sandbox: &Sandbox, account: &str) -> Client {
    let config = aws_sdk_rekognition::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(account, "sandbox", None, None, "test"))
        .http_client(Builder::new().build_http())
        .endpoint_url(sandbox.endpoint());
    Client::from_conf(config.build())
}

async fn status(client: &Client, project: &str, name: &str) -> Option<ProjectVersionStatus> {
    let answer =
        client.describe_project_versions().project_arn(project).version_names(name).send().await.unwrap();
    answer.project_version_descriptions().first().map(|version| version.status().unwrap().clone())
}

#[tokio::test]
async fn a_model_is_trained_copied_across_accounts_hosted_and_deleted() {
    let sandbox = start_at_noon(|_| {}).await;
    let pass = || pass(&sandbox, 60);
    let (source, destination) = (client(&sandbox, SOURCE), client(&sandbox, DESTINATION));
    let create = async |client: &Client| {
        client.create_project().project_name("rust").send().await.unwrap().project_arn.unwrap()
    };
    let (from, to) = (create(&source).await, create(&destination).await);

    let output = OutputConfig::builder().s3_bucket("models-bucket").build();
    let train =
        source.create_project_version().project_arn(&from).version_name("v1").output_config(output.clone());
    let trained = train.send().await.unwrap().project_version_arn.unwrap();
    assert_eq!(status(&source, &from, "v1").await, Some(ProjectVersionStatus::TrainingInProgress));
    pass();
    assert_eq!(status(&source, &from, "v1").await, Some(ProjectVersionStatus::TrainingCompleted));

    let copy = destination
        .copy_project_version()
        .source_project_arn(&from)
        .source_project_version_arn(&trained)
        .destination_project_arn(&to)
        .version_name("copy")
        .output_config(output)
        .tags("team", "flowers");
    let denied = copy.clone().send().await.unwrap_err();
    assert_eq!(denied.code(), Some("AccessDeniedException"));

    let (project, _) = from.rsplit_once('/').unwrap();
    let document = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{DESTINATION}"}},
            "Action": "rekognition:CopyProjectVersion", "Resource": "{project}/version/*"}}]}}"#
    );
    let policy = source.put_project_policy().project_arn(&from).policy_name("copy").policy_document(document);
    policy.send().await.unwrap();
    let copied = copy.send().await.unwrap().project_version_arn.unwrap();
    assert_eq!(status(&destination, &to, "copy").await, Some(ProjectVersionStatus::CopyingInProgress));
    pass();
    assert_eq!(status(&destination, &to, "copy").await, Some(ProjectVersionStatus::CopyingCompleted));

    let start = destination.start_project_version().project_version_arn(&copied).min_inference_units(1);
    start.send().await.unwrap();
    pass();
    assert_eq!(status(&destination, &to, "copy").await, Some(ProjectVersionStatus::Running));
    destination.stop_project_version().project_version_arn(&copied).send().await.unwrap();
    pass();
    assert_eq!(status(&destination, &to, "copy").await, Some(ProjectVersionStatus::Stopped));
    destination.delete_project_version().project_version_arn(&copied).send().await.unwrap();
    pass();
    assert_eq!(status(&destination, &to, "copy").await, None);
}
