//! One function: invocations of it.
//!
//! An invocation goes to an environment that is free; if none is, one more is started, as on Lambda. What a
//! function answers is handed on unread.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::environment::Environment;
use super::log::Log;
use super::mailbox::Invocation;
use super::settings::FunctionSettings;
use super::{FunctionError, Functions};

/// A function that can be invoked. Dropping it kills its processes.
#[derive(Debug)]
pub struct Function {
    settings: FunctionSettings,
    functions: Functions,
    endpoint: String,
    environments: Mutex<Vec<Arc<Environment>>>,
    log: Log,
    peak_memory: AtomicU64,
}

impl Function {
    pub(super) fn new(functions: Functions, endpoint: &str, settings: FunctionSettings) -> io::Result<Self> {
        Ok(Self {
            settings,
            functions,
            endpoint: endpoint.to_owned(),
            environments: Mutex::default(),
            log: Log::new()?,
            peak_memory: AtomicU64::new(0),
        })
    }

    /// Invokes the function and waits for its answer.
    ///
    /// # Errors
    /// What Lambda reports as a function error: the function said so, ended, took too long, or doesn't start.
    pub async fn invoke(&self, payload: &Value) -> Result<Value, FunctionError> {
        let answer = self.invoke_with(payload.to_string().into()).await?;
        serde_json::from_slice(&answer).map_err(|error| FunctionError::no_json(&error))
    }

    /// As [`Self::invoke`], byte for byte.
    pub(super) async fn invoke_with(&self, payload: Bytes) -> Result<Bytes, FunctionError> {
        let environment = self.free_environment().await?;
        let outcome = environment.run(self.invocation(payload), self.settings.timeout).await;
        self.note_memory(&environment);
        environment.give_back();
        outcome
    }

    /// Kills its processes, whatever they are at. The next invocation starts a new one.
    pub async fn kill(&self) {
        for environment in self.environments() {
            self.note_memory(&environment);
            environment.kill().await;
        }
    }

    /// The ids of its processes that have an invocation, to send them signals.
    pub fn at_work(&self) -> Vec<u32> {
        self.environments().iter().filter_map(|environment| environment.at_work()).collect()
    }

    /// The most memory that one of its processes has had in RAM (peak resident set), in bytes; 0 before the
    /// first, and where there is no /proc to ask.
    ///
    /// Read when an invocation ends, and now. What a process took after that and before it ended by itself
    /// is unknown.
    pub fn peak_memory(&self) -> u64 {
        for environment in self.environments() {
            self.note_memory(&environment);
        }
        self.peak_memory.load(Ordering::Acquire)
    }

    /// The whole lines that its processes have written from this byte of its log on, and the byte to go on
    /// from. Whatever a process wrote before it answered is there when the answer is.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn log_from(&self, start: u64) -> io::Result<(Vec<String>, u64)> {
        self.log.lines_from(start)
    }

    /// Its settings.
    pub fn settings(&self) -> &FunctionSettings {
        &self.settings
    }

    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME`; the Region is that of `AWS_REGION` in its environment.
    pub fn arn(&self) -> String {
        let FunctionSettings { name, account, environment, .. } = &self.settings;
        let region = environment.get("AWS_REGION").map_or("us-east-1", String::as_str);
        format!("arn:aws:lambda:{region}:{account}:function:{name}")
    }

    async fn free_environment(&self) -> Result<Arc<Environment>, FunctionError> {
        if let Some(free) = self.environments().into_iter().find(|environment| environment.take()) {
            return Ok(free);
        }
        let (number, mailbox) = self.functions.open_mailbox();
        let runtime_api = format!("{}/_lambda/{}/{number}", self.endpoint, self.settings.name);
        let started = Environment::start(mailbox, &runtime_api, &self.settings, &self.log).await?;
        let started = Arc::new(started);
        self.locked(|environments| environments.push(Arc::clone(&started)));
        Ok(started)
    }

    fn invocation(&self, payload: Bytes) -> Invocation {
        let id = Uuid::new_v4();
        let now = Timestamp::now();
        let digits = id.simple().to_string();
        let (root, parent) = (digits.get(..24).unwrap_or_default(), digits.get(16..).unwrap_or_default());
        Invocation {
            request_id: id.to_string(),
            deadline_ms: (now + self.settings.timeout).as_millisecond(),
            function_arn: self.arn(),
            trace_id: format!("Root=1-{:08x}-{root};Parent={parent};Sampled=0", now.as_second()),
            payload,
        }
    }

    fn note_memory(&self, environment: &Environment) {
        self.peak_memory.fetch_max(environment.peak_memory().unwrap_or(0), Ordering::AcqRel);
    }

    /// Those that are alive.
    fn environments(&self) -> Vec<Arc<Environment>> {
        self.locked(|environments| {
            environments.retain(|environment| environment.is_alive());
            environments.clone()
        })
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Vec<Arc<Environment>>) -> T) -> T {
        work(&mut self.environments.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
