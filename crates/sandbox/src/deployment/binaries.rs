//! The programs of the two functions: the sandbox's own, which use its clock, or the shipped ones.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Binaries {
    pub start_copy: PathBuf,
    pub check_copies: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum BinariesError {
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
    /// Builds the sandbox's own programs, in the profile of this crate. Cargo's messages go to standard error; only its
    /// errors if `is_quiet`.
    ///
    /// # Errors
    /// When cargo does not start or the programs do not build.
    pub fn build(is_quiet: bool) -> Result<Self, BinariesError> {
        let mut build = cargo_build();
        if is_quiet {
            build.arg("--quiet");
        }
        let output = build.spawn()?.wait_with_output()?;
        if !output.status.success() {
            return Err(BinariesError::Build);
        }
        let messages = String::from_utf8_lossy(&output.stdout);
        let find = |name| executable(&messages, name).ok_or(BinariesError::Missing(name));
        Ok(Self { start_copy: find("sandbox-start-copy")?, check_copies: find("sandbox-check-copies")? })
    }

    /// The shipped programs, `start-copy` and `check-copies`, in this folder. They use the machine's clock, so their
    /// sandbox needs [`Builder::real_time`](crate::Builder::real_time).
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn shipped(folder: &Path) -> Result<Self, BinariesError> {
        let find = |name| {
            let file = folder.join(name);
            if file.is_file() { Ok(file) } else { Err(BinariesError::NoFile(file)) }
        };
        Ok(Self { start_copy: find("start-copy")?, check_copies: find("check-copies")? })
    }
}

/// The command that builds what `cargo run --package sandbox` builds, with the same features, and the programs.
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

/// A cargo command without the [variables](https://doc.rust-lang.org/cargo/reference/environment-variables.html) that
/// another cargo set for this program. A nested cargo that inherits them builds again what depends on them.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "DEP_"];
    let names = ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    for name in env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command
}

/// The path of the program with this name in cargo's
/// [messages](https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages), one JSON object a line.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut built = messages.filter(|message| message.pointer("/target/name").is_some_and(|it| it == name));
    built.find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_dependency_that_the_tests_use_is_built_again() {
        let with_features = |scope: &[&str], edges: &str| -> BTreeSet<String> {
            let mut tree = cargo();
            tree.args(["tree", "--offline", "--manifest-path"]).arg(root().join("Cargo.toml")).args(scope);
            let output =
                tree.args(["--edges", edges, "--prefix", "none", "--format", "{p} {f}"]).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8(output.stdout).unwrap();
            text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
        };
        let of_the_programs = with_features(&["--package", "sandbox"], "normal,build");
        let of_the_tests = with_features(&["--workspace"], "normal,build,dev");
        let others: Vec<_> = of_the_programs.difference(&of_the_tests).collect();
        assert!(
            others.is_empty(),
            "these have other features in the workspace; turn them on in crates/sandbox/Cargo.toml: {others:#?}"
        );
    }

    #[test]
    fn a_folder_without_the_programs_is_refused_with_the_missing_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = Binaries::shipped(folder.path()).unwrap_err().to_string();
        assert!(error.contains("start-copy`: build it"), "{error}");
    }
}
