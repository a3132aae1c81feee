//! Builds the compared programs: the copier's with the release profile, the others from their registries.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::deployment::cargo;

use crate::Outcome;
use crate::page::path;

/// Returns the folder of the programs. The benchmark itself is in `deps` below it.
fn programs() -> Outcome<PathBuf> {
    let this = std::env::current_exe()?;
    Ok(this.parent().and_then(Path::parent).ok_or("the benchmark is in no target folder")?.to_owned())
}

/// Builds the measured programs with the release profile, and returns their folder.
pub(crate) fn release() -> Outcome<PathBuf> {
    // Another selection of packages may have other features, and cause another build.
    let packages = ["--package", "rekognition-model-copier", "--package", "bare", "--package", "bench"];
    let mut cargo = cargo();
    cargo.args(["build", "--release", "--locked", "--bins"]).args(packages);
    run(cargo.current_dir(env!("CARGO_MANIFEST_DIR")))?;
    // The benchmark itself may have another profile.
    Ok(programs()?.parent().ok_or("no target folder")?.join("release"))
}

/// Returns a folder for installed packages and temporary files.
pub(crate) fn scratch() -> Outcome<PathBuf> {
    let folder = programs()?.parent().ok_or("no target folder")?.join("performance");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Installs Python with boto3 and awslambdaric, and returns the program that runs the handler.
pub(crate) fn boto3() -> Outcome<PathBuf> {
    let folder = scratch()?.join("python");
    let python = folder.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let requirements = path("crates/bench/boto3/requirements.txt");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
    let handler = path("crates/bench/boto3");
    let command = format!("PYTHONPATH={} exec {} -B -m", handler.display(), python.display());
    script(&folder, &format!("{command} awslambdaric handler.handler"))
}

/// Reads the bundle of certificates that boto3 trusts.
pub(crate) fn boto3_roots() -> Outcome<String> {
    let python = scratch()?.join("python/bin/python");
    let code = "import botocore.httpsession as h; print(h.DEFAULT_CA_BUNDLE)";
    let found = Command::new(python).args(["-c", code]).output()?;
    let file = String::from_utf8(found.stdout)?;
    Ok(fs::read_to_string(file.trim()).map_err(|error| format!("boto3's certificates, `{file}`: {error}"))?)
}

/// Installs the AWS SDK v3 for Node, and returns the program that runs the handler.
pub(crate) fn node() -> Outcome<PathBuf> {
    let folder = scratch()?.join("node");
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json", "function.mjs"] {
        fs::copy(path("crates/bench/node").join(file), folder.join(file))?;
    }
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder))?;
    let found = Command::new("node").args(["-p", "process.execPath"]).output()?;
    let node = String::from_utf8(found.stdout)?;
    script(&folder, &format!("exec {} {}", node.trim(), folder.join("function.mjs").display()))
}

/// Writes a program that runs a command of the shell.
fn script(folder: &Path, command: &str) -> Outcome<PathBuf> {
    let file = folder.join("function");
    fs::write(&file, format!("#!/bin/sh\n{command}\n"))?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok(file)
}

/// Runs a command, and fails if the command fails.
fn run(command: &mut Command) -> Outcome<()> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}
