//! The sandbox as a server that stays: for `cargo lambda watch`, the AWS CLI, boto3, or any AWS client.
//!
//! It says where it is and how to use it. With `--functions` it runs the copier as well.

mod live;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use sandbox::deployment::{Binaries, Deployment, DeploymentSettings, create_ledger, environment};
use sandbox::{Builder, Call, Sandbox, World};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Trouble, output};

/// Serve the sandbox until Ctrl-C, for `cargo lambda watch`, the AWS CLI, boto3 or any AWS client
///
/// Prints the environment that makes an AWS client use it, as KEY=VALUE lines, and each announcement, as JSON on a line.
/// Each call is a line on standard error. `GET /_sandbox/announcements` lists what was announced. Settings of the copier in
/// your environment are passed on.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Listen on this port of 127.0.0.1; 0 picks a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Write the environment to this file too, for `cargo lambda watch --env-file`
    #[arg(long, value_name = "PATH")]
    env_file: Option<PathBuf>,
    /// Begin with this world (JSON, see crates/sandbox/world.json) instead of the small one
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Build and run the copier too: its queue is fed by events on the bus, its schedule strikes every minute
    #[arg(long)]
    functions: bool,
    /// Answer requests that call this machine by this name too; may be given more than once
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Run the shipped programs of this folder (start-copy, check-copies) as the copier. Their clock is the machine's, so
    /// that the sandbox's can't be turned
    #[arg(long, value_name = "DIR", conflicts_with = "functions")]
    binaries: Option<PathBuf>,
    /// Write what the functions log to standard error
    #[arg(long)]
    logs: bool,
}

pub(crate) async fn run(options: Options, quiet: bool) -> Result<ExitCode, Trouble> {
    let world = options.world.as_deref().map_or_else(|| Ok(World::small()), World::from_file)?;
    let settings = DeploymentSettings::from_env(&world);
    let sandbox = options.allow_host.into_iter().fold(Sandbox::builder(world), Builder::allow_host);
    let sandbox = sandbox.port(options.port);
    let (binaries, sandbox) = match options.binaries {
        Some(folder) => (Some(Binaries::shipped(&folder)?), sandbox.real_time()),
        None if options.functions => (Some(Binaries::build(quiet)?), sandbox),
        None => (None, sandbox),
    };
    if let Some(binaries) = binaries {
        let deployment = Deployment::start(sandbox, binaries, settings).await?;
        introduce(deployment.sandbox(), options.env_file, quiet)?;
        tokio::select! {
            ended = live::run(&deployment, options.logs) => ended?,
            () = calls(deployment.sandbox(), quiet) => {}
            stopped = told_to_stop() => stopped?,
        }
    } else {
        let sandbox = sandbox.start().await?;
        create_ledger(&sandbox)?;
        introduce(&sandbox, options.env_file, quiet)?;
        tokio::select! {
            () = calls(&sandbox, quiet) => {}
            stopped = told_to_stop() => stopped?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the environment, and writes it to the file.
fn introduce(sandbox: &Sandbox, file: Option<PathBuf>, quiet: bool) -> Result<(), Trouble> {
    let lines = key_values(&environment(sandbox));
    output::print(lines.trim_end())?;
    if let Some(file) = file {
        std::fs::write(&file, &lines)
            .map_err(|error| format!("the environment can't be written to `{}`: {error}", file.display()))?;
    }
    if !quiet {
        let address = format_args!("{}/", sandbox.endpoint());
        output::note(format_args!(
            "The sandbox answers at {address} until Ctrl-C. A browser shows its page there."
        ));
    }
    Ok(())
}

/// Notes each call on a line; never ends.
async fn calls(sandbox: &Sandbox, quiet: bool) {
    if quiet {
        return std::future::pending().await;
    }
    let mut seen = 0;
    loop {
        // Fewer than last time: the sandbox was reset.
        let count = sandbox.call_count();
        for call in sandbox.calls_after(if count < seen { 0 } else { seen }) {
            output::note(line(&call));
        }
        seen = count;
        tokio::time::sleep(live::TICK).await;
    }
}

fn line(call: &Call) -> String {
    let Call { at, account, action, status, .. } = call;
    // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
    let role = call.caller.split('/').nth(1).map(|role| format!(".{role}")).unwrap_or_default();
    let outcome = match (&call.error, status) {
        (Some(error), status) => format!("{status} {error}"),
        (None, 0) => "no answer".to_owned(),
        (None, status) => status.to_string(),
    };
    format!("{} {account}{role} {action} {outcome}", at.strftime("%H:%M:%S"))
}

fn key_values(environment: &BTreeMap<String, String>) -> String {
    environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

pub(crate) async fn told_to_stop() -> Result<(), Trouble> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
