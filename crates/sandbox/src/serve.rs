//! The sandbox as a server that stays: for `cargo lambda watch`, the AWS CLI, boto3, or any AWS client.
//!
//! It says where it is and how to use it. With `--functions` it runs the copier as well.

mod live;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use sandbox::deployment::{Deployment, DeploymentSettings, create_ledger, environment};
use sandbox::{Builder, Sandbox, World};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Trouble, programs};

/// Serve the sandbox until Ctrl-C, for `cargo lambda watch`, the AWS CLI, boto3 or any AWS client
///
/// Prints the environment that makes an AWS client use it, as KEY=VALUE lines. `GET /_sandbox/announcements`
/// lists what was published.
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
}

pub(crate) async fn run(options: Options) -> Result<ExitCode, Trouble> {
    let world = options.world.as_deref().map_or_else(|| Ok(World::small()), World::from_file)?;
    let sandbox = options.allow_host.into_iter().fold(Sandbox::builder(world), Builder::allow_host);
    let sandbox = sandbox.port(options.port);
    if options.functions {
        let binaries = programs::build().await?;
        let deployment = Deployment::start(sandbox, binaries, DeploymentSettings::default()).await?;
        introduce(deployment.sandbox(), options.env_file)?;
        tokio::select! {
            () = live::run(&deployment) => {}
            stopped = told_to_stop() => stopped?,
        }
    } else {
        let sandbox = sandbox.start().await?;
        create_ledger(&sandbox)?;
        introduce(&sandbox, options.env_file)?;
        told_to_stop().await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the environment, and writes it to the file.
fn introduce(sandbox: &Sandbox, file: Option<PathBuf>) -> Result<(), Trouble> {
    let lines = key_values(&environment(sandbox));
    print!("{lines}");
    if let Some(file) = file {
        std::fs::write(&file, &lines)
            .map_err(|error| format!("the environment can't be written to `{}`: {error}", file.display()))?;
    }
    eprintln!("The sandbox answers at {}/ until Ctrl-C. A browser shows its page there.", sandbox.endpoint());
    Ok(())
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
