//! The checks of output buckets and destination projects, with the projects' room for versions.

use std::collections::BTreeSet;

use rekognition_model_copier::domain::arn::ProjectArn;

use super::Patient;
use super::policy::matches;
use crate::buckets;
use crate::check::{Check, Outcome, Trouble};
use crate::projects::{VERSIONS_OF_PROJECT, list, versions};

const PROJECT: &str = "destination project";
/// The most projects whose versions are counted: AWS allows five such calls per second, and the copier needs them, too.
const MAX_COUNTED_PROJECTS: usize = 10;

impl Patient<'_> {
    pub(super) async fn buckets(&self) -> Vec<Check> {
        let bucket = |entry: &str| entry.split('/').next().unwrap_or_default().to_owned();
        let buckets: BTreeSet<String> = self.list("OutputBuckets").map(bucket).collect();
        let mut checks = Vec::new();
        for bucket in buckets {
            checks.push(Check::of("output bucket", buckets::check(self.session, &bucket).await));
        }
        checks
    }

    pub(super) async fn destination_projects(&self) -> Vec<Check> {
        let projects = match list(self.session).await {
            Ok(projects) => projects,
            Err(trouble) => return vec![Check::of(PROJECT, Err(trouble))],
        };
        let projects: Vec<ProjectArn> =
            projects.iter().filter_map(|project| ProjectArn::parse(project.project_arn()?).ok()).collect();
        let patterns: Vec<&str> = self.list("DestinationProjects").collect();
        let is_missing = |pattern: &&&str| !projects.iter().any(|project| matches(pattern, project.as_str()));
        let missing = |pattern: &&str| {
            let remedy = "create the project, or take it out of `DestinationProjects`";
            Check::of(PROJECT, Err(Trouble::found(format!("`{pattern}` does not exist"), remedy)))
        };
        let mut checks: Vec<Check> = patterns.iter().filter(is_missing).map(missing).collect();
        let is_admitted = |project: &&ProjectArn| {
            patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, project.as_str()))
        };
        let admitted: Vec<&ProjectArn> = projects.iter().filter(is_admitted).collect();
        for project in admitted.iter().take(MAX_COUNTED_PROJECTS) {
            checks.push(Check::of(PROJECT, self.room(project).await));
        }
        if let Some(left_out) = admitted.len().checked_sub(MAX_COUNTED_PROJECTS).filter(|count| *count > 0) {
            let message = format!("the versions of {left_out} more projects are not counted");
            let trouble = Trouble::unknown(message).with_remedy("name fewer in `DestinationProjects`");
            checks.push(Check::of(PROJECT, Err(trouble)));
        }
        if admitted.is_empty() && patterns.is_empty() {
            let message = format!("there is no project in Region `{}`", self.session.identity.region);
            checks.push(Check::of(PROJECT, Err(Trouble::found(message, "create a project to copy into"))));
        }
        checks
    }

    async fn room(&self, project: &ProjectArn) -> Outcome {
        let versions = versions(&self.session.custom_labels(), project).await;
        let count = versions.map_err(|error| Trouble::unknown(format!("`{project}`: {error}")))?.len();
        let message = format!("`{project}` has {count} versions");
        if count < VERSIONS_OF_PROJECT {
            return Ok(message);
        }
        // The quota may have been raised; this call does not show that.
        let remedy = "delete versions that nobody needs, or have the quota of versions per project raised";
        Err(Trouble::found(message, remedy))
    }
}
