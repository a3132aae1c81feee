//! How a project version's status moves by itself as time passes. Pure: the time is an argument.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    status::Status,
    world::{Project, Version, World},
};

/// What a status turns into at a moment of sandbox time. From `DELETING` a version leaves the world instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// The new status.
    pub status: Status,
    /// The text beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
}

impl Version {
    /// Begins something that takes until `next.at`.
    pub(crate) fn begin(&mut self, status: Status, message: Option<String>, next: Option<Step>) {
        self.status = status;
        self.status_message = message;
        self.next = next;
    }

    fn settle(&mut self, now: Timestamp) {
        if let Some(step) = self.next.take_if(|step| step.at <= now && self.status != Status::Deleting) {
            if step.status == Status::TrainingCompleted {
                self.trained_at = Some(step.at);
            }
            self.status = step.status;
            self.status_message = step.status_message;
        }
    }

    fn is_gone(&self, now: Timestamp) -> bool {
        self.status == Status::Deleting && self.next.as_ref().is_some_and(|step| step.at <= now)
    }
}

impl Project {
    fn settle(&mut self, now: Timestamp) {
        self.unseen_policy_changes.retain(|change| change.until > now);
        self.versions.retain_mut(|version| {
            version.settle(now);
            !version.is_gone(now)
        });
    }
}

impl World {
    /// Moves everything that should have happened by `now`.
    pub fn settle(&mut self, now: Timestamp) {
        self.projects.retain_mut(|project| {
            project.settle(now);
            project.deleted_at.is_none_or(|at| at > now)
        });
    }
}
