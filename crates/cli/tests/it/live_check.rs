//! `live-check` against the sandbox.

use std::path::Path;

#[test]
fn the_checklist_is_written_from_the_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/live-checklist.md");
    let page = model_copier::live_check::checklist::markdown();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/live-checklist.md is stale: run this test with `UPDATE=1`");
}
