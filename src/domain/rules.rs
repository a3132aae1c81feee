//! The rules of a deployment: what it allows, how long things may take, and its names.

use super::admission::Admission;
use super::project_policy::PolicyRules;
use super::times::Times;

/// The rules of a deployment.
#[derive(Clone, Debug)]
pub struct Rules {
    pub admission: Admission,
    pub times: Times,
    /// The project policies that it puts on source projects.
    pub policies: PolicyRules,
    /// The name of its stack: two stacks in one account and Region derive different event ids.
    pub stack_name: String,
    pub event_source: String,
    /// The most calls of one Rekognition operation a second.
    pub calls_per_second: u32,
}
