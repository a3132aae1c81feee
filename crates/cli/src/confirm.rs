//! Confirmation: states what a command will change, asks, and returns a token that proves the answer.

use std::io::{BufRead, IsTerminal, stdin};

use crate::exit::Failure;
use crate::output::Output;
use crate::session::Identity;

/// The proof that a change was confirmed. Only this module can create one, so an unconfirmed change does not compile.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed(());

impl Confirmed {
    /// States account, Region, caller and what will be done. At a terminal it asks, unless `yes`.
    ///
    /// # Errors
    /// If the answer is not yes.
    pub fn by_person(identity: &Identity, what: &str, yes: bool, output: &Output) -> Result<Self, Failure> {
        output.note(&format!(
            "Account: {}\nRegion:  {}\nCaller:  {}",
            identity.account, identity.region, identity.caller
        ));
        output.note(what);
        if yes || !stdin().is_terminal() || !output.is_terminal() || ask(output)? {
            return Ok(Self(()));
        }
        Err(Failure::NotConfirmed)
    }

    /// A confirmation for tests.
    #[doc(hidden)]
    pub fn by_test() -> Self {
        Self(())
    }
}

fn ask(output: &Output) -> Result<bool, Failure> {
    output.prompt("Continue? [y/N] ");
    let mut answer = String::new();
    stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::Error(format!("no answer was read: {error}")))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
