//! docs/cli.md says what the program's help says.

use std::path::Path;

#[test]
fn the_reference_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let reference = model_copier::reference::markdown();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &reference).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == reference, "docs/cli.md is stale: run this test with `UPDATE=1`");
}

#[test]
fn the_command_line_is_sound() {
    use clap::CommandFactory;
    model_copier::commands::Cli::command().debug_assert();
}
