//! Runs functions in the sandbox's Lambda, and measures their times, memory and logs.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use sandbox::lambda::{Function, FunctionSettings, Functions};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::Outcome;

/// A function to run.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) event: Value,
    pub(crate) environment: BTreeMap<String, String>,
}

/// The settings of the copier's two functions. No other program reads them.
pub(crate) fn settings() -> BTreeMap<String, String> {
    [
        ("AWS_REGION", "us-east-1"),
        ("LEDGER_TABLE", "ledger"),
        ("ACCOUNT_ID", "444455556666"),
        ("ALLOWED_SOURCE_ACCOUNTS", "111122223333"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The measurements of one process of a function.
pub(crate) struct Life {
    /// From the start of the process until it asked for work.
    pub(crate) first_poll: Duration,
    /// From the start of the process until the first event was answered.
    pub(crate) first_answer: Duration,
    /// Each later event.
    pub(crate) warm: Vec<Duration>,
    /// In bytes.
    pub(crate) peak_memory: u64,
    /// Processor time, user and system.
    pub(crate) processor: Duration,
    /// The bytes of log of the last event.
    pub(crate) logged: u64,
    /// The last answer.
    pub(crate) answer: Value,
}

/// A Lambda service that notes when a function first asks for an event.
pub(crate) struct Stage {
    functions: Functions,
    endpoint: String,
    polled: Arc<Mutex<Option<Instant>>>,
}

impl Stage {
    pub(crate) async fn start() -> Outcome<Self> {
        let functions = Functions::default();
        let polled = Arc::new(Mutex::new(None));
        let watch = Arc::clone(&polled);
        let router = functions.router().layer(from_fn(move |request: Request, next: Next| {
            if request.uri().path().ends_with("/invocation/next") {
                watch.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
            }
            next.run(request)
        }));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self { functions, endpoint, polled })
    }

    /// Starts the function in a new process, and sends its event once and then `warm` times more.
    pub(crate) async fn live(&self, subject: &Subject, warm: usize) -> Outcome<Life> {
        let settings = FunctionSettings {
            name: subject.name.replace(' ', "-"),
            account: "444455556666".to_owned(),
            binary: subject.program.clone(),
            memory_mb: 256,
            timeout: Duration::from_secs(120),
            environment: subject.environment.clone(),
        };
        let function = self.functions.add(&self.endpoint, settings)?;
        *self.polled.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let began = Instant::now();
        let mut answer = self.answer(&function, subject).await?;
        let first_answer = began.elapsed();
        let polled = *self.polled.lock().unwrap_or_else(PoisonError::into_inner);
        let first_poll = polled.ok_or("the function never asked for work")?.duration_since(began);
        let (mut log, mut logged) = (function.log_from(0)?.1, 0);
        let mut times = Vec::new();
        for _ in 0..warm {
            let began = Instant::now();
            answer = self.answer(&function, subject).await?;
            times.push(began.elapsed());
            let end = function.log_from(log)?.1;
            (logged, log) = (end - log, end);
        }
        if warm == 0 {
            logged = log;
        }
        let processor = processor_time(&subject.program).unwrap_or_default();
        let peak_memory = function.peak_memory();
        function.kill().await;
        Ok(Life { first_poll, first_answer, warm: times, peak_memory, processor, logged, answer })
    }

    async fn answer(&self, function: &Function, subject: &Subject) -> Outcome<Value> {
        function.invoke(&subject.event).await.map_err(|error| {
            let log = function.log_from(0).map(|(lines, _)| lines.join("\n")).unwrap_or_default();
            format!("{}: {error}\n{log}", subject.name).into()
        })
    }
}

/// Reads the processor time of the child process that runs this program, in steps of 10 ms.
fn processor_time(program: &std::path::Path) -> Option<Duration> {
    let program = program.canonicalize().ok()?;
    let parent = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        // The name in brackets may contain spaces. The fields after it are the state, the parent and so on.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let is_ours =
            *fields.get(1)? == parent && std::fs::read_link(process.path().join("exe")).ok()? == program;
        let ticks = |n: usize| fields.get(n)?.parse::<u64>().ok();
        is_ours.then_some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
    })
}
