//! What a test's copier did in AWS, kept for `.ci/calls.py`, which holds it against the template's policies.

use std::path::Path;

use sandbox::deployment::Deployment;
use serde_json::json;

/// Names the folder to keep it in; without it nothing is kept.
const FOLDER: &str = "RECORD_CALLS";

/// Writes how it was set, every call and every published event into a file of its own:
/// `{"variables": {...}, "calls": [...], "published": [...]}`.
pub fn keep(deployment: &Deployment) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let calls = deployment.sandbox().calls();
    let Some(first) = calls.first() else { return };
    // A request's id is unlike that of any other, in other sandboxes, too.
    let path = Path::new(&folder).join(format!("{}.json", first.request_id));
    let recording = json!({
        "variables": deployment.start_copy().settings().environment,
        "calls": calls,
        "published": deployment.sandbox().announcements(),
    });
    std::fs::write(&path, recording.to_string())
        .unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
}
