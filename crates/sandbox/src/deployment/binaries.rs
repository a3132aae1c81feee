//! The two programs to deploy: the sandbox's own, which follow its clock, or the shipped ones.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, io};

use serde_json::Value;

/// Where the two programs are.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the functions")]
pub struct Binaries {
    pub start_copy: PathBuf,
    pub check_copies: PathBuf,
}

/// Why the programs could not be built or found.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NoBinaries {
    #[error("cargo does not start: {0}")]
    Cargo(#[from] io::Error),
    #[error("the functions don't build; cargo says why")]
    Build,
    #[error("cargo built no program `{0}`")]
    Missing(&'static str),
    #[error("there is no program `{0}`: build it with `cargo build --release --bins`")]
    NoFile(PathBuf),
}

/// The folder of the checkout that this crate was built from.
pub fn root() -> &'static Path {
    let sandbox = Path::new(env!("CARGO_MANIFEST_DIR"));
    sandbox.ancestors().nth(2).unwrap_or(sandbox)
}

impl Binaries {
    /// Builds the sandbox's own programs, in the profile of this crate, and waits for it. Their clock is the sandbox's.
    /// What cargo has to say goes to standard error; only errors if `quiet`.
    ///
    /// # Errors
    /// When cargo doesn't start or the programs don't build.
    pub fn build(quiet: bool) -> Result<Self, NoBinaries> {
        let mut build = cargo_build();
        if quiet {
            build.arg("--quiet");
        }
        let output = build.spawn()?.wait_with_output()?;
        if !output.status.success() {
            return Err(NoBinaries::Build);
        }
        let messages = String::from_utf8_lossy(&output.stdout);
        let find = |name| executable(&messages, name).ok_or(NoBinaries::Missing(name));
        Ok(Self { start_copy: find("sandbox-start-copy")?, check_copies: find("sandbox-check-copies")? })
    }

    /// The shipped programs, `start-copy` and `check-copies`, in this folder. Their clock is the machine's, so that the
    /// sandbox they are deployed in needs [`Builder::real_time`](crate::Builder::real_time).
    ///
    /// # Errors
    /// When one of them isn't there.
    pub fn shipped(folder: &Path) -> Result<Self, NoBinaries> {
        let find = |name| Some(folder.join(name)).filter(|file| file.is_file());
        let find = |name| find(name).ok_or_else(|| NoBinaries::NoFile(folder.join(name)));
        Ok(Self { start_copy: find("start-copy")?, check_copies: find("check-copies")? })
    }
}

/// Builds what `cargo run --package sandbox` does, with the same features, and the programs as well.
fn cargo_build() -> Command {
    let mut command = cargo();
    command
        .args(["build", "--package", "sandbox", "--bins", "--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .stdout(Stdio::piped());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    command
}

/// cargo, without what the cargo that runs this program has set in its environment. A nested cargo that inherits it
/// builds again what depends on it: <https://doc.rust-lang.org/cargo/reference/environment-variables.html>
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(describes_a_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a variable is one that cargo sets for the package that it runs.
fn describes_a_package(variable: &str) -> bool {
    let begins = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "DEP_"];
    let is = ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    begins.iter().any(|begin| variable.starts_with(begin)) || is.contains(&variable)
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
    fn no_dependency_that_the_tests_use_is_built_again() {
        let output = cargo_build().spawn().unwrap().wait_with_output().unwrap();
        assert!(output.status.success());
        let messages = String::from_utf8(output.stdout).unwrap();
        let built = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let built = built.filter(|message| message["fresh"] == false);
        let ids: Vec<_> = built.map(|message| message["package_id"].as_str().unwrap().to_owned()).collect();
        let dependencies: Vec<_> = ids.iter().filter(|id| id.starts_with("registry+")).collect();
        assert!(
            dependencies.is_empty(),
            "these have other features in the workspace; turn them on in crates/sandbox/Cargo.toml: {dependencies:#?}"
        );
    }

    #[test]
    fn the_checkout_has_the_events() {
        assert!(root().join("events/copy-requested.json").exists());
    }

    #[test]
    fn a_folder_without_the_programs_is_refused_with_the_missing_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = Binaries::shipped(folder.path()).unwrap_err().to_string();
        assert!(error.contains("start-copy`: build it"), "{error}");
    }
}
