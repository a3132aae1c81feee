//! Lists projects and versions for `doctor` and `copy --dry-run`.

use aws_sdk_rekognition::types::ProjectDescription;
use rekognition_model_copier::aws::CustomLabels;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::model::Version;
use rekognition_model_copier::ports::{Rekognition, Unavailable, Which};

use crate::check::Trouble;
use crate::session::Session;

/// The default quota of versions in a project.
/// Source: <https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/limits.html>
pub const VERSIONS_OF_PROJECT: usize = 100;

/// Every project of the session's account and Region.
///
/// # Errors
/// If they cannot be listed.
pub async fn list(session: &Session) -> Result<Vec<ProjectDescription>, Trouble> {
    let projects = session.rekognition().describe_projects().into_paginator().items().send();
    let projects: Result<Vec<_>, _> = projects.collect().await;
    projects.map_err(|error| Trouble::unread(&error, "the projects"))
}

/// Every version of a project.
///
/// # Errors
/// If they cannot be listed.
pub async fn versions(labels: &CustomLabels, project: &ProjectArn) -> Result<Vec<Version>, Unavailable> {
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
