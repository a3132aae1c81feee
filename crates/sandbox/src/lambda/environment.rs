//! One execution environment: a child process from its start to its end, its memory, and the mailbox it is
//! fed by.
//!
//! It knows how the process lives; what it works on goes through the mailbox.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};

use super::FunctionError;
use super::log::Log;
use super::mailbox::{Invocation, Mailbox, Outcome};
use super::settings::FunctionSettings;

/// Lambda gives a function this long to start.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A running process. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Environment {
    mailbox: Arc<Mailbox>,
    pid: Option<u32>,
    /// Set once the process has ended: how.
    ended: watch::Receiver<Option<String>>,
    kill: mpsc::Sender<()>,
    busy: AtomicBool,
}

impl Environment {
    /// Starts the process and waits until it asks for work. It is busy for whoever started it.
    pub(super) async fn start(
        mailbox: Arc<Mailbox>,
        runtime_api: &str,
        settings: &FunctionSettings,
        log: &Log,
    ) -> Result<Self, FunctionError> {
        let environment =
            Self::spawn(mailbox, runtime_api, settings, log).map_err(FunctionError::no_start)?;
        tokio::select! {
            // The report that it can't start comes first: the process ends right after it.
            biased;
            ready = environment.mailbox.ready() => ready?,
            how = environment.ended() => return Err(FunctionError::no_start(how)),
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
            // Nothing of the developer's own AWS set-up gets through.
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
            let how = outlive(&mut child, &mut killed).await;
            report_end.send_replace(Some(how));
        });
        Ok(Self { mailbox, pid, ended, kill, busy: AtomicBool::new(true) })
    }

    /// Runs one invocation. The process is killed if it takes longer than `timeout`.
    pub(super) async fn run(&self, invocation: Invocation, timeout: Duration) -> Outcome {
        let request_id = invocation.request_id.clone();
        let outcome = self.mailbox.post(invocation);
        tokio::select! {
            // An answer that is there counts, even if the process ended after it.
            biased;
            Ok(outcome) = outcome => outcome,
            how = self.ended() => Err(FunctionError::exited(&request_id, &how)),
            () = tokio::time::sleep(timeout) => {
                self.kill().await;
                Err(FunctionError::timed_out(&request_id, timeout))
            }
        }
    }

    /// Kills the process and waits until it is gone.
    pub(super) async fn kill(&self) {
        // Full or closed: it is being killed, or is gone.
        let _ = self.kill.try_send(());
        self.ended().await;
    }

    /// Takes it for an invocation, if it is alive and has none.
    pub(super) fn take(&self) -> bool {
        self.is_alive() && !self.busy.swap(true, Ordering::AcqRel)
    }

    pub(super) fn give_back(&self) {
        self.busy.store(false, Ordering::Release);
    }

    /// The process, while it has an invocation.
    pub(super) fn at_work(&self) -> Option<u32> {
        self.pid.filter(|_| self.is_alive() && self.busy.load(Ordering::Acquire))
    }

    pub(super) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// The most memory the process has had in RAM so far, in bytes. `None` once it has ended.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid?)).ok()?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = kilobytes.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// Waits for the process to end, and tells how it did.
    async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        // An error means that nobody watches the process any more, and that it was killed.
        ended.wait_for(Option::is_some).await.ok().and_then(|how| how.clone()).unwrap_or_default()
    }
}

/// Waits until the child ends, by itself or because it is told to (or nobody is left to tell).
async fn outlive(child: &mut Child, killed: &mut mpsc::Receiver<()>) -> String {
    let ended = tokio::select! {
        ended = child.wait() => ended,
        _ = killed.recv() => {
            // It may be gone already.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    ended.map_or_else(|error| error.to_string(), |status| status.to_string())
}
