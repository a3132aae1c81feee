//! Builds the two programs and tells where they are. It leaves everything else to cargo, which is also how
//! `CARGO_TARGET_DIR` and the like are respected.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sandbox::deployment::Binaries;
use serde_json::Value;
use tokio::process::Command;

use crate::Trouble;

/// The folder of the checkout that this program was built from.
pub(crate) fn root() -> &'static Path {
    let sandbox = Path::new(env!("CARGO_MANIFEST_DIR"));
    sandbox.ancestors().nth(2).unwrap_or(sandbox)
}

/// Builds start-copy and check-copies in the profile that this program was built in. What cargo has to say
/// goes to standard error.
pub(crate) async fn build() -> Result<Binaries, Trouble> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--bins", "--package", "rekognition-model-copier", "--message-format", "json"])
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .stdout(Stdio::piped());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.spawn()?.wait_with_output().await?;
    if !output.status.success() {
        return Err("the functions don't build".into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let find = |name| executable(&messages, name).ok_or_else(|| format!("cargo built no program `{name}`"));
    Ok(Binaries { start_copy: find("start-copy")?, check_copies: find("check-copies")? })
}

/// Where cargo's messages (one JSON object a line) say that the program of this name is.
/// <https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages>
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut built = messages.filter(|message| message.pointer("/target/name").is_some_and(|it| it == name));
    built.find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_among_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"start-copy"},"executable":"/t/start-copy"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(executable(messages, "start-copy"), Some(PathBuf::from("/t/start-copy")));
        assert_eq!(executable(messages, "check-copies"), None);
    }

    #[test]
    fn the_checkout_has_the_events() {
        assert!(root().join("events/copy-requested.json").exists());
    }
}
