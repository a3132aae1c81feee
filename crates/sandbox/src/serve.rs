//! `sandbox serve`: the sandbox as a server, with or without the copier.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use sandbox::{
    Builder, Call, Sandbox, World,
    deployment::{Binaries, Deployment, Round, SCHEDULE, create_ledger, environment, settings_from_env},
    lambda::Function,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Failure, output};

/// How often new calls are printed.
const PRINT_INTERVAL: Duration = Duration::from_millis(200);

/// Serve the sandbox until Ctrl-C, for `cargo lambda watch`, the AWS CLI, boto3 or any AWS client
///
/// Prints the environment that an AWS client needs, as KEY=VALUE lines, and each announcement, as JSON on a line. Each call
/// is a line on standard error. `GET /_sandbox/announcements` lists the announcements. Settings of the copier in your
/// environment are passed on.
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
    /// Build and run the copier too: events on the bus fill its queue, and its schedule runs every minute
    #[arg(long)]
    functions: bool,
    /// Answer requests with this name in `Host` too; may be given more than once
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Run the shipped programs of this folder (start-copy, check-copies) as the copier. They use the machine's clock, so
    /// the sandbox's cannot be changed
    #[arg(long, value_name = "DIR", conflicts_with = "functions")]
    binaries: Option<PathBuf>,
    /// Write the functions' logs to standard error
    #[arg(long)]
    logs: bool,
}

pub(crate) async fn run(options: Options, is_quiet: bool) -> Result<ExitCode, Failure> {
    let world = options.world.as_deref().map_or_else(|| Ok(World::small()), World::from_file)?;
    let settings = settings_from_env(&world);
    let sandbox = options.allow_host.into_iter().fold(Sandbox::builder(world), Builder::allow_host);
    let sandbox = sandbox.port(options.port);
    let (binaries, sandbox) = match options.binaries {
        Some(folder) => (Some(Binaries::shipped(&folder)?), sandbox.real_time()),
        None if options.functions => (Some(Binaries::build(is_quiet)?), sandbox),
        None => (None, sandbox),
    };
    let (sandbox, deployment) = match binaries {
        Some(binaries) => {
            let deployment = Deployment::start(sandbox, binaries, settings).await?;
            (deployment.sandbox().clone(), Some(deployment))
        }
        None => (sandbox.start().await?, None),
    };
    create_ledger(&sandbox)?;
    introduce(&sandbox, options.env_file, is_quiet)?;
    tokio::select! {
        ended = run_copier(deployment.as_ref(), options.logs) => ended?,
        () = print_calls(&sandbox, is_quiet) => {}
        stopped = stop_signal() => stopped?,
    }
    Ok(ExitCode::SUCCESS)
}

fn introduce(sandbox: &Sandbox, file: Option<PathBuf>, is_quiet: bool) -> Result<(), Failure> {
    let lines = environment(sandbox).into_iter().map(|(name, value)| format!("{name}={value}\n"));
    let lines: String = lines.collect();
    output::print(lines.trim_end())?;
    if let Some(file) = file {
        std::fs::write(&file, &lines)
            .map_err(|error| format!("the environment can't be written to `{}`: {error}", file.display()))?;
    }
    if !is_quiet {
        let address = format_args!("{}/", sandbox.endpoint());
        output::note(format_args!(
            "The sandbox answers at {address} until Ctrl-C. A browser shows its page there."
        ));
    }
    Ok(())
}

/// Runs the copier, if it is deployed, until an announcement cannot be printed.
async fn run_copier(deployment: Option<&Deployment>, shows_logs: bool) -> std::io::Result<()> {
    let Some(deployment) = deployment else { return std::future::pending().await };
    let mut logs = [(deployment.start_copy(), 0), (deployment.check_copies(), 0)];
    let show = |Round { announced, failures }| {
        failures.iter().for_each(output::note);
        for (function, position) in logs.iter_mut().filter(|_| shows_logs) {
            *position = print_log(function, *position);
        }
        announced.iter().try_for_each(|event| output::print(event.to_json_line()))?;
        Ok(false)
    };
    deployment.keep_running(SCHEDULE, show).await
}

/// Prints a function's log from this byte on, and returns the byte after it.
fn print_log(function: &Function, position: u64) -> u64 {
    let Ok((lines, end)) = function.log_from(position) else { return position };
    for line in lines {
        output::note(format_args!("{}: {line}", function.settings().name));
    }
    end
}

/// Prints each call on a line, and never ends.
async fn print_calls(sandbox: &Sandbox, is_quiet: bool) {
    if is_quiet {
        return std::future::pending().await;
    }
    let mut seen = 0;
    loop {
        // There are fewer calls than before if the sandbox was reset.
        let count = sandbox.call_count();
        for call in sandbox.calls_after(if count < seen { 0 } else { seen }) {
            output::note(line(&call));
        }
        seen = count;
        tokio::time::sleep(PRINT_INTERVAL).await;
    }
}

fn line(call: &Call) -> String {
    let Call { at, account, action, status, .. } = call;
    let role = call.role().map(|role| format!(".{role}")).unwrap_or_default();
    let outcome = match (&call.error, status) {
        (Some(error), status) => format!("{status} {error}"),
        (None, 0) => "no answer".to_owned(),
        (None, status) => status.to_string(),
    };
    format!("{} {account}{role} {action} {outcome}", at.strftime("%H:%M:%S"))
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn stop_signal() -> Result<(), Failure> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
