//! Records the calls of each test's copier. `.ci/calls.py` compares them with the policies in template.yaml.

use std::path::Path;

use sandbox::deployment::Deployment;
use serde_json::json;

/// The variable that names the folder of the recordings. Without it, nothing is recorded.
const FOLDER: &str = "RECORD_CALLS";

/// Writes the environment, every call and every published event into one file:
/// `{"variables": {...}, "calls": [...], "published": [...]}`.
pub fn save(deployment: &Deployment) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let calls = deployment.sandbox().calls();
    let Some(first) = calls.first() else { return };
    // Request ids are unique, also across sandboxes, so each recording has its own file.
    let path = Path::new(&folder).join(format!("{}.json", first.request_id));
    let recording = json!({
        "variables": deployment.start_copy().settings().environment,
        "calls": calls,
        "published": deployment.sandbox().announcements(),
    });
    std::fs::write(&path, recording.to_string())
        .unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
}
