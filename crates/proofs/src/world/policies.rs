//! The project policies of the source account: five slots for each project, with revisions, seen after a delay.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use serde_json::Value;

use super::{earlier, later};
use crate::request::ACCOUNT;

/// How many policies a project may have.
const SLOTS: usize = 5;

/// A policy as ListProjectPolicies shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name, unique in its project.
    pub name: String,
    /// Changes with each Put.
    pub revision_id: String,
    /// What was put.
    pub document: String,
}

/// PutProjectPolicy, or DeleteProjectPolicy where there is no document.
#[derive(Clone, Debug)]
pub struct Change {
    /// The source project.
    pub project: ProjectArn,
    /// The policy's name.
    pub name: String,
    /// What to put.
    pub document: Option<String>,
    /// The revision to replace or to delete.
    pub revision_id: Option<String>,
}

/// What a policy was from a moment on; `None` once it was deleted.
type Life = Vec<(Timestamp, Option<Stored>)>;

/// The policies of every source project.
#[derive(Debug, Default)]
pub struct Policies {
    lives: BTreeMap<(ProjectArn, String), Life>,
    /// Calls whose answer was lost, and what others will do.
    pending: Vec<(Timestamp, Change)>,
    /// What others will do to a policy, whatever its revision is then.
    acts: Vec<(Timestamp, Change)>,
    serial: u64,
    /// How long it takes until CopyProjectVersion sees a change.
    pub seen_after: Duration,
}

impl Policies {
    /// ListProjectPolicies, as of `then`.
    pub fn list(&self, project: &ProjectArn, then: Timestamp) -> Vec<Stored> {
        let of_project = self.lives.iter().filter(|((of, _), _)| of == project);
        of_project.filter_map(|(_, life)| life.iter().rfind(|(from, _)| *from <= then)?.1.clone()).collect()
    }

    /// PutProjectPolicy or DeleteProjectPolicy.
    ///
    /// # Errors
    /// The error's code.
    pub fn change(&mut self, change: Change, now: Timestamp) -> Result<(), &'static str> {
        let all = self.list(&change.project, now);
        let present = all.iter().find(|policy| policy.name == change.name).map(|policy| &policy.revision_id);
        match (present, &change.revision_id, &change.document) {
            (None, None, Some(_)) if all.len() >= SLOTS => return Err("LimitExceededException"),
            (None, _, None) => return Err("ResourceNotFoundException"),
            (Some(_), None, Some(_)) => return Err("ResourceAlreadyExistsException"),
            (present, Some(revision), _) if present != Some(revision) => {
                return Err("InvalidPolicyRevisionIdException");
            }
            _ => {}
        }
        self.serial += 1;
        let Change { project, name, document, .. } = change;
        let revision_id = self.serial.to_string();
        let stored = document.map(|document| Stored { name: name.clone(), revision_id, document });
        self.lives.entry((project, name)).or_default().push((now, stored));
        Ok(())
    }

    /// Lets a change happen later: one whose answer was lost, or one that somebody else makes.
    pub fn change_later(&mut self, change: Change, at: Timestamp) {
        self.pending.push((at, change));
    }

    /// Lets everything happen that was to happen by now.
    pub fn settle(&mut self, now: Timestamp) {
        self.pending.sort_by_key(|(at, _)| *at);
        while self.pending.first().is_some_and(|(at, _)| *at <= now) {
            let (at, change) = self.pending.remove(0);
            let _ = self.change(change, at);
        }
        while self.acts.first().is_some_and(|(at, _)| *at <= now) {
            let (at, mut change) = self.acts.remove(0);
            let present =
                self.list(&change.project, at).into_iter().find(|policy| policy.name == change.name);
            change.revision_id = present.map(|policy| policy.revision_id);
            let _ = self.change(change, at);
        }
    }

    /// Whether a change has not happened yet.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Others take every free slot now, and give one back after a while.
    pub fn fill(&mut self, project: &ProjectArn, lasts: Duration, now: Timestamp) {
        let change = |i: usize, document| Change {
            project: project.clone(),
            name: format!("other-{i}"),
            document,
            revision_id: None,
        };
        for i in self.list(project, now).len()..SLOTS {
            let _ = self.change(change(i, Some("{}".to_owned())), now);
        }
        self.change_later(change(SLOTS - 1, None), later(now, lasts));
    }

    /// Others take four slots, and an expired policy of another copier the fifth.
    pub fn fill_with_expired(&mut self, project: &ProjectArn, now: Timestamp) {
        let expired = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
            "Action": "rekognition:CopyProjectVersion", "Resource": "*",
            "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-24T09:00:00Z"}}}]}"#;
        for n in 0..SLOTS {
            let (name, document) = match n {
                0 => ("model-copier-999988887777-copier".to_owned(), expired.to_owned()),
                n => (format!("other-{n}"), "{}".to_owned()),
            };
            let change =
                Change { project: project.clone(), name, document: Some(document), revision_id: None };
            let _ = self.change(change, now);
        }
    }

    /// Others put another document over the copier's policy after a minute and a half, and delete it after three.
    pub fn meddle(&mut self, project: &ProjectArn, now: Timestamp) {
        let name = "model-copier-444455556666-rekognition-model-copier".to_owned();
        let change = |document, at| {
            (
                later(now, Duration::from_secs(at)),
                Change { project: project.clone(), name: name.clone(), document, revision_id: None },
            )
        };
        self.acts = vec![change(Some("{}".to_owned()), 90), change(None, 180)];
    }

    /// Whether CopyProjectVersion sees a policy that allows this version at this time.
    pub fn allow(&self, project: &ProjectArn, version: &str, now: Timestamp) -> bool {
        let seen = self.list(project, earlier(now, self.seen_after));
        let allowed = seen.iter().flat_map(|policy| resources(&policy.document, now));
        allowed.into_iter().any(|resource| resource == version || resource == "*")
    }

    /// Everything that any policy allows at this time.
    pub fn allowed(&self, now: Timestamp) -> BTreeSet<String> {
        let projects: BTreeSet<&ProjectArn> = self.lives.keys().map(|(project, _)| project).collect();
        let policies = projects.into_iter().flat_map(|project| self.list(project, now));
        policies.flat_map(|policy| resources(&policy.document, now)).collect()
    }
}

/// What a document allows the copier's account to copy at this time.
pub fn resources(document: &str, now: Timestamp) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let statements = document["Statement"].as_array().cloned().unwrap_or_default();
    let allows = |statement: &&Value| {
        let ours = texts(&statement["Principal"]["AWS"]).iter().any(|arn| arn.contains(ACCOUNT));
        let copy = texts(&statement["Action"]).contains("rekognition:CopyProjectVersion");
        let valid = expiry(statement).is_none_or(|expiry| now < expiry);
        statement["Effect"] == "Allow" && ours && copy && valid
    };
    statements.iter().filter(allows).flat_map(|statement| texts(&statement["Resource"])).collect()
}

/// Until when the first statement of a document allows anything; `None` if for ever.
pub fn expiry_of(document: &str) -> Option<Timestamp> {
    let document: Value = serde_json::from_str(document).ok()?;
    expiry(&document["Statement"][0])
}

/// Until when a statement allows anything; `None` if for ever.
fn expiry(statement: &Value) -> Option<Timestamp> {
    statement["Condition"]["DateLessThan"]["aws:CurrentTime"].as_str()?.parse().ok()
}

/// One text, or a list of them.
fn texts(value: &Value) -> BTreeSet<String> {
    let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    all.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
