//! Lambda, as far as running real functions takes: their binaries as child processes, fed over the Runtime
//! API and called over the Invoke API.
//!
//! It knows what a function is set to and what an invocation came to. It doesn't know what the functions
//! are for.
//!
//! | file | |
//! |---|---|
//! | `function` | one function: invoke it, with time-outs and as many environments as it takes |
//! | `environment` | one execution environment: a child process, its life, memory and log |
//! | `mailbox` | what an environment and its function have to say to each other |
//! | `runtime_api` | the mailbox over HTTP, for the child |
//! | `invoke_api` | the function over HTTP, for the AWS CLI and SDKs |

mod environment;
mod function;
mod invoke_api;
mod log;
mod mailbox;
mod outcome;
mod runtime_api;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::Router;

pub use self::function::Function;
pub use self::outcome::FunctionError;
pub use self::settings::FunctionSettings;

use self::mailbox::Mailbox;

/// The functions of one sandbox. Cheap to clone; every clone speaks of the same functions.
///
/// A function lives as long as somebody holds the [`Function`] that [`Functions::add`] returned.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    functions: BTreeMap<String, Weak<Function>>,
    mailboxes: BTreeMap<u64, Weak<Mailbox>>,
    environments_started: u64,
}

impl Functions {
    /// Adds a function. `endpoint` (`http://HOST:PORT`) is where [`Functions::router`] is served. A function of
    /// the same name that was there before keeps running for whoever holds it, but is no longer found by name.
    ///
    /// # Errors
    /// When no file can be made for its log.
    pub fn add(&self, endpoint: &str, settings: FunctionSettings) -> io::Result<Arc<Function>> {
        let name = settings.name.clone();
        let function = Arc::new(Function::new(self.clone(), endpoint, settings)?);
        self.locked(|shared| shared.functions.insert(name, Arc::downgrade(&function)));
        Ok(function)
    }

    /// The function of this name.
    pub fn get(&self, name: &str) -> Option<Arc<Function>> {
        self.locked(|shared| shared.functions.get(name).and_then(Weak::upgrade))
    }

    /// The HTTP side: the Runtime API below `/_lambda/NAME/NUMBER`, and the Invoke API at its AWS path.
    pub fn router(&self) -> Router {
        runtime_api::router(self.clone()).merge(invoke_api::router(self.clone()))
    }

    /// Room for one more environment: its number, and what is found under that number as long as it is held.
    fn open_mailbox(&self) -> (u64, Arc<Mailbox>) {
        let mailbox = Arc::new(Mailbox::default());
        self.locked(|shared| {
            shared.mailboxes.retain(|_, mailbox| mailbox.strong_count() > 0);
            shared.environments_started += 1;
            shared.mailboxes.insert(shared.environments_started, Arc::downgrade(&mailbox));
            (shared.environments_started, mailbox)
        })
    }

    fn mailbox(&self, number: u64) -> Option<Arc<Mailbox>> {
        self.locked(|shared| shared.mailboxes.get(&number).and_then(Weak::upgrade))
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Shared) -> T) -> T {
        work(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
