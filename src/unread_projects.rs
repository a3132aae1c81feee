//! Which destination projects earlier sweeps could not read, so that a throttled minute is not yet an error.
//!
//! A new instance does not know it, and begins to count again.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::domain::arn::ProjectArn;

/// The projects that could not be read, each with the sweep that noticed it first.
#[derive(Debug, Default)]
pub(crate) struct UnreadProjects(RefCell<BTreeMap<ProjectArn, String>>);

impl UnreadProjects {
    /// Notes that `sweep` could not read a project; returns whether an earlier sweep could not, either.
    pub(crate) fn note_unread(&self, project: &ProjectArn, sweep: &str) -> bool {
        self.0.borrow_mut().entry(project.clone()).or_insert_with(|| sweep.to_owned()) != sweep
    }

    /// Notes that a project could be read.
    pub(crate) fn note_read(&self, project: &ProjectArn) {
        self.0.borrow_mut().remove(project);
    }
}
