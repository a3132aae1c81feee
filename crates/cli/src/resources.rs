//! The checks of buckets, keys, projects and project policies that `doctor` and `copy --dry-run` share.

use jiff::Timestamp;
use rekognition_model_copier::aws::CustomLabels;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::model::Version;
use rekognition_model_copier::domain::project_policy::{CopierPolicy, ProjectPolicy};
use rekognition_model_copier::ports::{Rekognition, Unavailable, Which};

use crate::check::{Finding, OrFinding, Outcome, ensure};
use crate::session::Session;

/// The default quota of versions in a project.
/// Source: <https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/limits.html>
const VERSIONS_OF_PROJECT: usize = 100;

/// Checks that the bucket is in the session's account and Region.
pub(crate) async fn check_bucket(session: &Session, bucket: &str) -> Outcome {
    let (account, region) = (&session.identity.account, &session.identity.region);
    let client = aws_sdk_s3::Client::new(&session.config.shared);
    let answer = client.head_bucket().bucket(bucket).expected_bucket_owner(account).send().await;
    // S3 names the bucket's Region in errors, too.
    let of_bucket = match &answer {
        Ok(answer) => answer.bucket_region(),
        Err(error) => error.raw_response().and_then(|response| response.headers().get("x-amz-bucket-region")),
    };
    if let Some(other) = of_bucket.filter(|other| other != region) {
        let message = format!("bucket `{bucket}` is in Region `{other}`, the copier in `{region}`");
        return Err(Finding::found(message, format!("use a bucket in Region `{region}`")));
    }
    let status = answer.as_ref().err().and_then(|error| error.raw_response()).map(|it| it.status().as_u16());
    if status == Some(403) {
        let message = format!("bucket `{bucket}` belongs to another account, or you may not list it");
        let remedy = format!("check that account `{account}` owns it, and allow yourself `s3:ListBucket`");
        return Err(Finding::unknown(message).with_remedy(remedy));
    }
    answer.or_missing(format!("bucket `{bucket}`"), "create it, or use one that exists")?;
    Ok(format!("bucket `{bucket}` is in this account and Region"))
}

/// Checks that the KMS key exists in the session's Region and is enabled.
pub(crate) async fn check_key(session: &Session, key: &str) -> Outcome {
    let remedy = format!("use a key of Region `{}`", session.identity.region);
    if let ["arn", _, _, region, ..] = key.split(':').collect::<Vec<_>>()[..] {
        ensure(region == session.identity.region, format!("`{key}` is of another Region"), &remedy)?;
    }
    let client = aws_sdk_kms::Client::new(&session.config.shared);
    let answer = client.describe_key().key_id(key).send().await.or_missing(format!("key `{key}`"), remedy)?;
    let metadata = answer.key_metadata();
    let state = metadata.and_then(|key| key.key_state()).map_or("unknown", |state| state.as_str());
    let arn = metadata.and_then(|key| key.arn()).unwrap_or(key);
    let owner = metadata.and_then(|key| key.aws_account_id());
    let enable = format!("aws kms enable-key --key-id {arn}");
    match state {
        "Enabled" if owner.is_some_and(|owner| owner != session.identity.account) => Ok(format!(
            "`{arn}` is enabled; it belongs to another account, and its key policy has to allow this account"
        )),
        "Enabled" => Ok(format!("`{arn}` is enabled")),
        "PendingDeletion" => {
            let remedy = format!("aws kms cancel-key-deletion --key-id {arn} && {enable}");
            Err(Finding::found(format!("`{arn}` will be deleted and cannot be used"), remedy))
        }
        "Disabled" => Err(Finding::found(format!("`{arn}` is disabled"), enable)),
        _ => Err(Finding::found(format!("`{arn}` has state {state}"), "use a key that is enabled")),
    }
}

/// The ARN of every project of the session's account and Region.
pub(crate) async fn list_projects(session: &Session) -> Result<Vec<ProjectArn>, Finding> {
    let projects = session.rekognition().describe_projects().into_paginator().items().send();
    let projects = projects.collect::<Result<Vec<_>, _>>().await.or_unread("the projects")?;
    Ok(projects.iter().filter_map(|project| ProjectArn::parse(project.project_arn()?).ok()).collect())
}

pub(crate) async fn list_versions(
    labels: &CustomLabels,
    project: &ProjectArn,
) -> Result<Vec<Version>, Unavailable> {
    let mut versions = Vec::new();
    let mut cursor = None;
    loop {
        let page = labels.versions(project, Which::Page(cursor)).await?;
        versions.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(versions);
        }
    }
}

/// Checks that a project has room for another version.
pub(crate) fn check_room(project: &ProjectArn, count: usize, remedy: impl Into<String>) -> Outcome {
    let message = format!("`{project}` has {count} of {VERSIONS_OF_PROJECT} versions");
    // The quota may have been raised; no call shows that.
    ensure(count < VERSIONS_OF_PROJECT, &message, remedy)?;
    Ok(message)
}

/// Checks that a source project with these policies has room for a copier's policy.
pub(crate) fn check_policy_room(
    project: &ProjectArn,
    policies: &[ProjectPolicy],
    policy: &CopierPolicy,
) -> Outcome {
    policy.change(policies, false, Timestamp::now()).map_err(|names| {
        let remedy = format!("delete one of its policies that nobody needs: `{}`", names.join("`, `"));
        Finding::found(format!("`{project}` has no free slot for a policy"), remedy)
    })?;
    Ok(format!("`{project}` has room for policy `{}`", policy.name))
}
