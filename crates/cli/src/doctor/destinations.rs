//! The checks of output buckets and destination projects, with the projects' room for versions.

use std::collections::BTreeSet;

use rekognition_model_copier::domain::arn::ProjectArn;

use super::StackChecks;
use super::resource_policy::matches;
use crate::check::{Finding, Outcome};
use crate::resources::{check_bucket, check_room, list_projects, list_versions};

/// The most projects whose versions are counted: AWS allows five such calls per second, and the copier needs them, too.
const MAX_COUNTED_PROJECTS: usize = 10;

impl StackChecks<'_> {
    pub(super) async fn check_output_buckets(&self) -> Vec<Outcome> {
        let buckets = self.list("OutputBuckets").map(|entry| entry.split('/').next().unwrap_or_default());
        let mut outcomes = Vec::new();
        for bucket in buckets.collect::<BTreeSet<_>>() {
            outcomes.push(check_bucket(self.session, bucket).await);
        }
        outcomes
    }

    pub(super) async fn check_destination_projects(&self) -> Result<Vec<Outcome>, Finding> {
        let projects = list_projects(self.session).await?;
        let patterns: Vec<&str> = self.list("DestinationProjects").collect();
        let mut outcomes: Vec<Outcome> = Vec::new();
        for pattern in &patterns {
            if !projects.iter().any(|project| matches(pattern, project.as_str())) {
                let remedy = "create the project, or take it out of `DestinationProjects`";
                outcomes.push(Err(Finding::found(format!("`{pattern}` does not exist"), remedy)));
            }
        }
        let is_admitted = |project: &&ProjectArn| {
            patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, project.as_str()))
        };
        let admitted: Vec<&ProjectArn> = projects.iter().filter(is_admitted).collect();
        for project in admitted.iter().take(MAX_COUNTED_PROJECTS) {
            outcomes.push(self.check_destination_room(project).await);
        }
        if let Some(left_out) = admitted.len().checked_sub(MAX_COUNTED_PROJECTS).filter(|count| *count > 0) {
            let message = format!("the versions of {left_out} more projects are not counted");
            let remedy = "name fewer in `DestinationProjects`";
            outcomes.push(Err(Finding::unknown(message).with_remedy(remedy)));
        }
        if admitted.is_empty() && patterns.is_empty() {
            let message = format!("there is no project in Region `{}`", self.session.identity.region);
            outcomes.push(Err(Finding::found(message, "create a project to copy into")));
        }
        Ok(outcomes)
    }

    async fn check_destination_room(&self, project: &ProjectArn) -> Outcome {
        let versions = list_versions(&self.session.custom_labels(None), project).await;
        let versions = versions.map_err(|error| Finding::unknown(format!("`{project}`: {error}")))?;
        let remedy = "delete versions that nobody needs, or have the quota of versions per project raised";
        check_room(project, versions.len(), remedy)
    }
}
