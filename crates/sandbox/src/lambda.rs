//! Lambda, as far as the copier needs it: it runs functions as child processes, which use the Runtime API.
//!
//! | file | |
//! |---|---|
//! | `function` | a function: it is invoked, with a time-out, in as many environments as it needs |
//! | `environment` | an execution environment: a child process, its memory, and the invocation that it works on |
//! | `log` | the log of a function |
//! | `runtime_api` | the environments over HTTP, for the processes |

mod environment;
mod function;
mod log;
mod runtime_api;

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::Router;
use serde::{Deserialize, Serialize};

pub use self::function::Function;

#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// The name, such as `start-copy`.
    pub name: String,
    /// The account that it runs in: 12 digits.
    pub account: String,
    pub binary: PathBuf,
    /// The memory size that Lambda tells it, in MB. The process may use more: [`Function::peak_memory`] measures it.
    pub memory_mb: u32,
    /// The longest time of an invocation, by the machine's clock.
    pub timeout: Duration,
    /// The environment variables, in addition to Lambda's own. The process gets no others.
    pub environment: BTreeMap<String, String>,
}

/// The error of a failed invocation, in Lambda's form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", default)]
#[error("{error_type}: {error_message}")]
pub struct FunctionError {
    /// The function's own error type, or one of Lambda's: `Runtime.ExitError`, `Sandbox.Timedout`.
    pub error_type: String,
    pub error_message: String,
}

impl FunctionError {
    fn new(error_type: &str, error_message: String) -> Self {
        Self { error_type: error_type.to_owned(), error_message }
    }

    /// The process does not start, or does not ask for work in time.
    fn no_start(why: impl std::fmt::Display) -> Self {
        Self::new("Runtime.InvalidEntrypoint", format!("the function doesn't start: {why}"))
    }

    /// The error in a request of the Runtime API. An unreadable body becomes the message.
    fn reported(body: &[u8]) -> Self {
        serde_json::from_slice(body)
            .unwrap_or_else(|_| Self::new("Runtime.Unknown", String::from_utf8_lossy(body).into_owned()))
    }
}

/// The functions of one sandbox, by name. Clones share them.
///
/// A function lives as long as the [`Function`] that [`Functions::add`] returned.
#[derive(Clone, Debug, Default)]
pub struct Functions(Arc<Mutex<BTreeMap<String, Weak<Function>>>>);

impl Functions {
    /// Adds a function. `endpoint` is the URL (`http://HOST:PORT`) of [`Functions::router`]. The function replaces an
    /// earlier one with the same name.
    ///
    /// # Errors
    /// When no file can be created for its log.
    pub fn add(&self, endpoint: &str, settings: FunctionSettings) -> io::Result<Arc<Function>> {
        let name = settings.name.clone();
        let function = Arc::new(Function::new(endpoint, settings)?);
        self.lock(|functions| functions.insert(name, Arc::downgrade(&function)));
        Ok(function)
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Function>> {
        self.lock(|functions| functions.get(name).and_then(Weak::upgrade))
    }

    /// The routes of the Runtime API, under `/_lambda/NAME/ENVIRONMENT`.
    pub fn router(&self) -> Router {
        runtime_api::router(self.clone())
    }

    fn lock<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Weak<Function>>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_as_lambda_writes_it_and_anything_else_is_its_message() {
        let report = br#"{"errorType": "Config", "errorMessage": "no table", "stackTrace": []}"#;
        assert_eq!(FunctionError::reported(report).to_string(), "Config: no table");
        assert_eq!(FunctionError::reported(b"oh \xff").error_message, "oh \u{fffd}");
    }
}
