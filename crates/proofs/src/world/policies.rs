//! The project policies of the source account: five slots for each project, with revisions. CopyProjectVersion sees a change
//! after a delay.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::ProjectPolicy;
use serde_json::Value;

use super::timeline::Timeline;
use crate::request::ACCOUNT;

/// How many policies a project may have.
pub const SLOTS: usize = 5;

/// PutProjectPolicy, or DeleteProjectPolicy if there is no document.
#[derive(Clone, Debug)]
pub struct Change {
    pub project: ProjectArn,
    pub name: String,
    pub document: Option<String>,
    /// The revision to replace or to delete.
    pub revision_id: Option<String>,
}

/// The policies of every source project.
#[derive(Debug, Default)]
pub struct Policies {
    /// By project and name; `None` while there is no such policy.
    all: BTreeMap<(ProjectArn, String), Timeline<Option<ProjectPolicy>>>,
    serial: u64,
    /// How long it takes until CopyProjectVersion sees a change.
    pub visible_after: Duration,
}

impl Policies {
    /// ListProjectPolicies, as of `then`.
    pub fn list(&self, project: &ProjectArn, then: Timestamp) -> Vec<ProjectPolicy> {
        let of_project = self.all.iter().filter(|((of, _), _)| of == project);
        of_project.filter_map(|(_, policy)| policy.at(then)?.clone()).collect()
    }

    /// Does a change unless a conflict or a full project prevents it; returns whether it was done.
    pub fn change(&mut self, change: &Change, now: Timestamp) -> bool {
        let present = self.list(&change.project, now);
        let old = present.iter().find(|policy| policy.name == change.name).map(|policy| &policy.revision_id);
        let is_possible = match (&change.document, old) {
            (Some(_), None) => change.revision_id.is_none() && present.len() < SLOTS,
            (Some(_), Some(_)) => change.revision_id.as_ref() == old,
            (None, Some(_)) => change.revision_id.is_none() || change.revision_id.as_ref() == old,
            (None, None) => false,
        };
        if is_possible {
            self.overwrite(&change.project, &change.name, change.document.as_deref(), now);
        }
        is_possible
    }

    /// Puts or deletes a policy whatever its revision is.
    pub fn overwrite(&mut self, project: &ProjectArn, name: &str, document: Option<&str>, now: Timestamp) {
        self.serial += 1;
        let policy = document.map(|document| ProjectPolicy {
            name: name.to_owned(),
            revision_id: self.serial.to_string(),
            document: document.to_owned(),
            updated_at: None,
        });
        self.all.entry((project.clone(), name.to_owned())).or_default().set(now, policy);
    }

    /// Whether CopyProjectVersion sees a policy that permits the copier's account to copy from the project.
    pub fn permit(&self, project: &ProjectArn, now: Timestamp) -> bool {
        let visible = self.list(project, now - self.visible_after);
        visible.iter().any(|policy| permits(&policy.document, now))
    }

    /// Returns the names of the present policies that will permit a copy at a later time.
    pub fn permitting(&self, later: Timestamp) -> Vec<&str> {
        let present = self.all.values().filter_map(|policy| policy.at(later)?.as_ref());
        present.filter(|policy| permits(&policy.document, later)).map(|policy| policy.name.as_str()).collect()
    }
}

/// Whether a document permits the copier's account to copy at this time.
fn permits(document: &str, now: Timestamp) -> bool {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let statement = &document["Statement"][0];
    statement["Effect"] == "Allow"
        && statement["Principal"]["AWS"].to_string().contains(ACCOUNT)
        && statement["Action"] == "rekognition:CopyProjectVersion"
        && statement["Resource"] == "*"
        && expiry(statement).is_none_or(|expiry| now < expiry)
}

/// Returns until when the first statement of a document permits anything; `None` if for ever.
pub fn expiry_of(document: &str) -> Option<Timestamp> {
    let document: Value = serde_json::from_str(document).ok()?;
    expiry(&document["Statement"][0])
}

fn expiry(statement: &Value) -> Option<Timestamp> {
    statement["Condition"]["DateLessThan"]["aws:CurrentTime"].as_str()?.parse().ok()
}
