//! An execution environment: a child process from its start to its end, and what passes between it and its function.
//!
//! An environment has one invocation at a time, as on Lambda.

use std::{
    process::Stdio,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::body::Bytes;
use tokio::{
    process::{Child, Command},
    sync::{Notify, mpsc, oneshot, watch},
};

use super::{FunctionError, FunctionSettings, log::Log};

/// How long Lambda waits for a function to start.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// An invocation, as the Runtime API hands it to the process.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    /// Milliseconds since 1970 by the machine's clock.
    pub(super) deadline_ms: i64,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) payload: Bytes,
}

type Outcome = Result<Bytes, FunctionError>;

/// A running process. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Environment {
    /// The name under which the Runtime API finds it.
    pub(super) id: String,
    pid: Option<u32>,
    /// The exit status, once the process has ended.
    ended: watch::Receiver<Option<String>>,
    kill: mpsc::Sender<()>,
    state: Mutex<State>,
    /// The process has asked for work for the first time, or cannot start.
    ready: Notify,
    posted: Notify,
}

#[derive(Debug, Default)]
struct State {
    is_free: bool,
    has_polled: bool,
    init_error: Option<FunctionError>,
    waiting: Option<Invocation>,
    /// The id of the invocation in progress, and where its outcome goes.
    in_progress: Option<(String, oneshot::Sender<Outcome>)>,
}

impl Environment {
    /// Starts the process. It is busy from the start.
    pub(super) fn spawn(
        id: String,
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
        let (state, ready, posted) = (Mutex::default(), Notify::new(), Notify::new());
        Ok(Self { id, pid, ended, kill, state, ready, posted })
    }

    /// Waits until the process asks for work.
    pub(super) async fn started(&self) -> Result<(), FunctionError> {
        tokio::select! {
            // A process that reports an error ends right afterwards, so the report is looked at first.
            biased;
            () = self.ready.notified() => self.lock(|state| state.init_error.take()).map_or(Ok(()), Err),
            status = self.ended() => Err(FunctionError::no_start(status)),
            () = tokio::time::sleep(INIT_TIMEOUT) => {
                self.kill().await;
                Err(FunctionError::no_start(format!("it didn't ask for work within {INIT_TIMEOUT:?}")))
            }
        }
    }

    /// Runs one invocation. After `timeout` the process is killed.
    pub(super) async fn run(&self, invocation: Invocation, timeout: Duration) -> Outcome {
        let error = format!("RequestId: {} Error:", invocation.request_id);
        let (sender, outcome) = oneshot::channel();
        self.lock(|state| {
            state.in_progress = Some((invocation.request_id.clone(), sender));
            state.waiting = Some(invocation);
        });
        self.posted.notify_one();
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

    pub(super) async fn next(&self) -> Invocation {
        if !self.lock(|state| std::mem::replace(&mut state.has_polled, true)) {
            self.ready.notify_one();
        }
        loop {
            if let Some(invocation) = self.lock(|state| state.waiting.take()) {
                return invocation;
            }
            self.posted.notified().await;
        }
    }

    /// Passes on the outcome of an invocation. Returns false if another one is in progress, or none.
    pub(super) fn report(&self, request_id: &str, outcome: Outcome) -> bool {
        let reported = self.lock(|state| state.in_progress.take_if(|(id, _)| id == request_id));
        reported.is_some_and(|(_, sender)| sender.send(outcome).is_ok())
    }

    /// Passes on that the process cannot start.
    pub(super) fn fail_init(&self, error: FunctionError) {
        self.lock(|state| state.init_error = Some(error));
        self.ready.notify_one();
    }

    /// Kills the process and waits until it has ended.
    pub(super) async fn kill(&self) {
        self.start_kill();
        self.ended().await;
    }

    pub(super) fn start_kill(&self) {
        // An error means that another kill is in progress or that the process has ended.
        let _ = self.kill.try_send(());
    }

    /// Marks a free environment as busy. Returns false if it is busy already or has ended.
    pub(super) fn acquire(&self) -> bool {
        self.is_alive() && self.lock(|state| std::mem::take(&mut state.is_free))
    }

    pub(super) fn release(&self) {
        self.lock(|state| state.is_free = true);
    }

    /// The process id, while the process has an invocation.
    pub(super) fn busy_pid(&self) -> Option<u32> {
        self.pid.filter(|_| self.is_alive() && !self.lock(|state| state.is_free))
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

    fn lock<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
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
