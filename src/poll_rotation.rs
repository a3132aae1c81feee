//! Which destination project a sweep polls first.
//!
//! It is the first one that the last sweep had no time for, so no project waits for ever when sweeps run out of time.
//! A new instance does not know that project, and begins at any one.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::arn::ProjectArn;

/// The project that the next sweep begins with.
#[derive(Debug, Default)]
pub(crate) struct PollRotation(RefCell<Option<ProjectArn>>);

impl PollRotation {
    /// Rotates `items`, which are sorted by project, so that `sweep` begins with the right one.
    pub(crate) fn rotate<T>(&self, items: &mut [T], project: impl Fn(&T) -> &ProjectArn, sweep: &str) {
        let first = match &*self.0.borrow() {
            Some(next) => items.partition_point(|item| project(item) < next),
            None => {
                let mut hasher = DefaultHasher::new();
                sweep.hash(&mut hasher);
                usize::try_from(hasher.finish() >> 1).unwrap_or(0)
            }
        };
        if let Some(first) = first.checked_rem(items.len()) {
            items.rotate_left(first);
        }
    }

    /// Lets the next sweep begin with `project`.
    pub(crate) fn begin_next_with(&self, project: &ProjectArn) {
        self.0.replace(Some(project.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn projects(names: &[&str]) -> Vec<ProjectArn> {
        let arn = |name| format!("arn:aws:rekognition:us-east-1:444455556666:project/{name}/1761991200000");
        names.iter().map(|name| ProjectArn::parse(&arn(name)).unwrap()).collect()
    }

    fn names(rotation: &PollRotation, sweep: &str, items: &[&str]) -> Vec<String> {
        let mut items = projects(items);
        rotation.rotate(&mut items, |project| project, sweep);
        items.iter().map(|project| project.project_name().to_owned()).collect()
    }

    #[test]
    fn a_sweep_begins_where_the_last_one_ran_out_of_time() {
        let rotation = PollRotation::default();
        rotation.begin_next_with(&projects(&["b"])[0]);
        assert_eq!(names(&rotation, "s", &["a", "b", "c"]), ["b", "c", "a"]);
        assert_eq!(
            names(&rotation, "s", &["a", "c"]),
            ["c", "a"],
            "without that project, at the one behind it"
        );
        assert_eq!(names(&rotation, "s", &["a"]), ["a"], "behind the last one comes the first");
        assert!(names(&rotation, "s", &[]).is_empty());
    }

    #[test]
    fn new_instances_begin_everywhere() {
        let first =
            |n: u32| names(&PollRotation::default(), &format!("sweep-{n}"), &["a", "b", "c"]).remove(0);
        let firsts: std::collections::BTreeSet<String> = (0..50).map(first).collect();
        assert_eq!(firsts.len(), 3);
    }
}
