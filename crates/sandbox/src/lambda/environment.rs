//! An execution environment: a child process from its start to its end, and its memory.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use tokio::{
    process::{Child, Command},
    sync::{mpsc, watch},
};

use super::{
    FunctionError, FunctionSettings,
    log::Log,
    mailbox::{Invocation, Mailbox},
};

/// How long Lambda waits for a function to start.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A running process. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Environment {
    mailbox: Arc<Mailbox>,
    pid: Option<u32>,
    /// The exit status, once the process has ended.
    ended: watch::Receiver<Option<String>>,
    kill: mpsc::Sender<()>,
    is_busy: AtomicBool,
}

impl Environment {
    /// Starts the process and waits until it asks for work. It is busy from the start.
    pub(super) async fn start(
        mailbox: Arc<Mailbox>,
        runtime_api: &str,
        settings: &FunctionSettings,
        log: &Log,
    ) -> Result<Self, FunctionError> {
        let environment =
            Self::spawn(mailbox, runtime_api, settings, log).map_err(FunctionError::no_start)?;
        tokio::select! {
            // A process that reports an error ends right afterwards, so the report is looked at first.
            biased;
            ready = environment.mailbox.ready() => ready?,
            status = environment.ended() => return Err(FunctionError::no_start(status)),
            () = tokio::time::sleep(INIT_TIMEOUT) => {
                environment.kill().await;
                let why = format!("it didn't ask for work within {INIT_TIMEOUT:?}");
                return Err(FunctionError::no_start(why));
            }
        }
        Ok(environment)
    }

    fn spawn(
        mailbox: Arc<Mailbox>,
        runtime_api: &str,
        settings: &FunctionSettings,
        log: &Log,
    ) -> std::io::Result<Self> {
        let mut child = Command::new(&settings.binary)
            // So that the developer's own AWS settings have no effect.
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", &settings.name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory_mb.to_string())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", settings.name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "sandbox")
            .envs(&settings.environment)
            .stdin(Stdio::null())
            .stdout(log.writer()?)
            .stderr(log.writer()?)
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id();
        let (kill, mut killed) = mpsc::channel(1);
        let (report_end, ended) = watch::channel(None);
        tokio::spawn(async move {
            let status = wait_or_kill(&mut child, &mut killed).await;
            report_end.send_replace(Some(status));
        });
        Ok(Self { mailbox, pid, ended, kill, is_busy: AtomicBool::new(true) })
    }

    /// Runs one invocation. After `timeout` the process is killed.
    pub(super) async fn run(
        &self,
        invocation: Invocation,
        timeout: Duration,
    ) -> Result<Bytes, FunctionError> {
        let error = format!("RequestId: {} Error:", invocation.request_id);
        let outcome = self.mailbox.post(invocation);
        tokio::select! {
            // An outcome counts even if the process ended after it.
            biased;
            Ok(outcome) = outcome => outcome,
            status = self.ended() => {
                let message = format!("{error} Runtime exited with error: {status}");
                Err(FunctionError::new("Runtime.ExitError", message))
            }
            () = tokio::time::sleep(timeout) => {
                self.kill().await;
                let seconds = timeout.as_secs_f64();
                let message = format!("{error} Task timed out after {seconds:.2} seconds");
                Err(FunctionError::new("Sandbox.Timedout", message))
            }
        }
    }

    /// Kills the process and waits until it has ended.
    pub(super) async fn kill(&self) {
        // An error means that another kill is in progress or that the process has ended.
        let _ = self.kill.try_send(());
        self.ended().await;
    }

    /// Marks a free environment as busy. Returns false if it is busy already or has ended.
    pub(super) fn acquire(&self) -> bool {
        self.is_alive() && !self.is_busy.swap(true, Ordering::AcqRel)
    }

    pub(super) fn release(&self) {
        self.is_busy.store(false, Ordering::Release);
    }

    /// The process id, while the process has an invocation.
    pub(super) fn busy_pid(&self) -> Option<u32> {
        self.pid.filter(|_| self.is_alive() && self.is_busy.load(Ordering::Acquire))
    }

    pub(super) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// The process's peak resident memory in bytes; `None` once it has ended.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid?)).ok()?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = kilobytes.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// Waits for the end of the process, and returns its exit status.
    async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        // An error means that the task above was dropped, which killed the process.
        ended.wait_for(Option::is_some).await.ok().and_then(|status| status.clone()).unwrap_or_default()
    }
}

/// Waits for the end of the child. Kills it when told to, or when its environment is dropped.
async fn wait_or_kill(child: &mut Child, killed: &mut mpsc::Receiver<()>) -> String {
    let ended = tokio::select! {
        ended = child.wait() => ended,
        _ = killed.recv() => {
            // The only error is that it has ended already.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    ended.map_or_else(|error| error.to_string(), |status| status.to_string())
}
