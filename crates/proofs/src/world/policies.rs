//! The project policies of the source account: five slots for each project, with revisions. CopyProjectVersion sees a change
//! after a delay.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::ProjectPolicy;
use serde_json::Value;

use super::{World, earlier};
use crate::request::{ACCOUNT, source_project};

/// How many policies a project may have.
const SLOTS: usize = 5;

/// PutProjectPolicy, or DeleteProjectPolicy if there is no document.
#[derive(Clone, Debug)]
pub struct Change {
    pub project: ProjectArn,
    pub name: String,
    pub document: Option<String>,
    /// The revision to replace or to delete.
    pub revision_id: Option<String>,
}

/// The policies of one name, each from a time on; `None` while there is none.
type History = Vec<(Timestamp, Option<ProjectPolicy>)>;

/// The policies of every source project.
#[derive(Debug, Default)]
pub struct Policies {
    all: BTreeMap<(ProjectArn, String), History>,
    serial: u64,
    /// How long it takes until CopyProjectVersion sees a change.
    pub visible_after: Duration,
}

impl Policies {
    /// ListProjectPolicies, as of `then`.
    pub fn list(&self, project: &ProjectArn, then: Timestamp) -> Vec<ProjectPolicy> {
        let of_project = self.all.iter().filter(|((of, _), _)| of == project);
        let at_the_time =
            of_project.filter_map(|(_, changes)| changes.iter().rfind(|(from, _)| *from <= then)?.1.clone());
        at_the_time.collect()
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
    fn overwrite(&mut self, project: &ProjectArn, name: &str, document: Option<&str>, now: Timestamp) {
        self.serial += 1;
        let policy = document.map(|document| ProjectPolicy {
            name: name.to_owned(),
            revision_id: self.serial.to_string(),
            document: document.to_owned(),
            updated_at: None,
        });
        self.all.entry((project.clone(), name.to_owned())).or_default().push((now, policy));
    }

    /// Whether CopyProjectVersion sees a policy that permits the copier's account to copy from the project.
    pub fn permit(&self, project: &ProjectArn, now: Timestamp) -> bool {
        let visible = self.list(project, earlier(now, self.visible_after));
        visible.iter().any(|policy| permits(&policy.document, now))
    }

    /// Returns the names of the policies that permit a copy at this time.
    pub fn permitting(&self, now: Timestamp) -> Vec<&str> {
        let permits = |changes: &History| {
            let last = changes.last().and_then(|(_, policy)| policy.as_ref());
            last.is_some_and(|policy| permits(&policy.document, now))
        };
        let permitting = self.all.iter().filter(|(_, changes)| permits(changes));
        permitting.map(|((_, name), _)| name.as_str()).collect()
    }
}

/// What other people do to the policies of the source project.
impl World {
    /// Fills every free slot, and frees one after a while.
    pub fn fill_policies(&mut self, lasts: Duration) {
        let project = source_project();
        for n in self.policies.list(&project, self.now).len()..SLOTS {
            self.policies.overwrite(&project, &format!("other-{n}"), Some("{}"), self.now);
        }
        let last = format!("other-{}", SLOTS - 1);
        self.after(lasts, move |world| world.policies.overwrite(&project, &last, None, world.now));
    }

    /// Fills all slots, one of them with an expired policy of another copier.
    pub fn fill_policies_with_an_expired_one(&mut self) {
        let expired = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
            "Action": "rekognition:CopyProjectVersion", "Resource": "*",
            "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-24T09:00:00Z"}}}]}"#;
        let (project, now) = (source_project(), self.now);
        self.policies.overwrite(&project, "model-copier-999988887777-copier", Some(expired), now);
        for n in 1..SLOTS {
            self.policies.overwrite(&project, &format!("other-{n}"), Some("{}"), now);
        }
    }

    /// Puts another document over the copier's policy after 90 seconds, and deletes the policy after 180 seconds.
    pub fn meddle_with_policies(&mut self) {
        for (wait, document) in [(90, Some("{}")), (180, None)] {
            self.after(Duration::from_secs(wait), move |world| {
                let name = "model-copier-444455556666-rekognition-model-copier";
                world.policies.overwrite(&source_project(), name, document, world.now);
            });
        }
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
