//! A function, and its invocations. Each uses a free environment; if there is none, another is started, as on Lambda.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::body::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{
    FunctionError, FunctionSettings,
    environment::{Environment, Invocation},
    log::Log,
};

/// A function that can be invoked. Dropping it kills its processes.
#[derive(Debug)]
pub struct Function {
    settings: FunctionSettings,
    endpoint: String,
    environments: Mutex<Vec<Arc<Environment>>>,
    log: Log,
    peak_memory: AtomicU64,
}

impl Drop for Function {
    /// A request of the Runtime API may hold an environment for as long as its process waits for work.
    fn drop(&mut self) {
        self.environments().iter().for_each(|environment| environment.start_kill());
    }
}

impl Function {
    pub(super) fn new(endpoint: &str, settings: FunctionSettings) -> io::Result<Self> {
        Ok(Self {
            settings,
            endpoint: endpoint.to_owned(),
            environments: Mutex::default(),
            log: Log::new()?,
            peak_memory: AtomicU64::new(0),
        })
    }

    /// Invokes the function and waits for its answer.
    ///
    /// # Errors
    /// The function reported an error, ended, took too long, or did not start.
    pub async fn invoke(&self, payload: &Value) -> Result<Value, FunctionError> {
        let environment = self.free_environment().await?;
        let invocation = self.invocation(payload.to_string().into());
        let outcome = environment.run(invocation, self.settings.timeout).await;
        self.record_memory(&environment);
        environment.release();
        let answer = outcome?;
        serde_json::from_slice(&answer).map_err(|error| {
            let message = format!("the function's answer is no JSON: {error}");
            FunctionError::new("Runtime.InvalidResponse", message)
        })
    }

    /// Kills its processes. The next invocation starts a new one.
    pub async fn kill(&self) {
        for environment in self.environments() {
            self.record_memory(&environment);
            environment.kill().await;
        }
    }

    /// The ids of its processes that have an invocation.
    pub fn at_work(&self) -> Vec<u32> {
        self.environments().iter().filter_map(|environment| environment.busy_pid()).collect()
    }

    /// The largest peak resident memory of its processes, in bytes. It is 0 before the first process, and on a system
    /// without `/proc`.
    ///
    /// It is measured at the end of each invocation, and now. Memory that a process used only in between is missing.
    pub fn peak_memory(&self) -> u64 {
        for environment in self.environments() {
            self.record_memory(&environment);
        }
        self.peak_memory.load(Ordering::Acquire)
    }

    /// The whole lines of its log from byte `start` on, and the byte after them. Everything that a process wrote before
    /// an answer is there with the answer.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log_from(&self, start: u64) -> io::Result<(Vec<String>, u64)> {
        self.log.lines_from(start)
    }

    pub fn settings(&self) -> &FunctionSettings {
        &self.settings
    }

    async fn free_environment(&self) -> Result<Arc<Environment>, FunctionError> {
        if let Some(free) = self.environments().into_iter().find(|environment| environment.acquire()) {
            return Ok(free);
        }
        let id = Uuid::new_v4().to_string();
        let runtime_api = format!("{}/_lambda/{}/{id}", self.endpoint, self.settings.name);
        // Under the lock, so that the Runtime API knows the environment when its process asks for work.
        let started = self.lock(|environments| {
            let started = Arc::new(Environment::spawn(id, &runtime_api, &self.settings, &self.log)?);
            environments.push(Arc::clone(&started));
            Ok(started)
        });
        let started = started.map_err(|error: io::Error| FunctionError::no_start(error))?;
        started.started().await?;
        Ok(started)
    }

    /// The environment with this id, if its process is alive.
    pub(super) fn environment(&self, id: &str) -> Option<Arc<Environment>> {
        self.environments().into_iter().find(|environment| environment.id == id)
    }

    fn invocation(&self, payload: Bytes) -> Invocation {
        let FunctionSettings { name, account, environment, timeout, .. } = &self.settings;
        let region = environment.get("AWS_REGION").map_or("us-east-1", String::as_str);
        let (id, now) = (Uuid::new_v4(), Timestamp::now());
        let digits = id.simple().to_string();
        let (root, parent) = (digits.get(..24).unwrap_or_default(), digits.get(16..).unwrap_or_default());
        Invocation {
            request_id: id.to_string(),
            deadline_ms: (now + *timeout).as_millisecond(),
            function_arn: format!("arn:aws:lambda:{region}:{account}:function:{name}"),
            trace_id: format!("Root=1-{:08x}-{root};Parent={parent};Sampled=0", now.as_second()),
            payload,
        }
    }

    fn record_memory(&self, environment: &Environment) {
        self.peak_memory.fetch_max(environment.peak_memory().unwrap_or(0), Ordering::AcqRel);
    }

    /// The environments whose processes are alive.
    fn environments(&self) -> Vec<Arc<Environment>> {
        self.lock(|environments| {
            environments.retain(|environment| environment.is_alive());
            environments.clone()
        })
    }

    fn lock<T>(&self, work: impl FnOnce(&mut Vec<Arc<Environment>>) -> T) -> T {
        work(&mut self.environments.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
