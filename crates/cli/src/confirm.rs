//! Confirmation: states what a command will change, asks, and returns a token that proves the answer.

use std::io::{BufRead, IsTerminal, stdin};

use crate::exit::Failure;
use crate::output::Output;
use crate::session::Identity;

/// The proof that the user confirmed a change. Only this module can create one, so an unconfirmed change does not compile.
#[derive(Clone, Copy, Debug)]
pub struct Confirmation(());

impl Confirmation {
    /// States account, Region, caller and what will be done. At a terminal it asks, unless `yes`.
    pub(crate) fn ask(identity: &Identity, what: &str, yes: bool, output: &Output) -> Result<Self, Failure> {
        output.note(&format!(
            "Account: {}\nRegion:  {}\nCaller:  {}",
            identity.account, identity.region, identity.caller
        ));
        output.note(what);
        if yes || !stdin().is_terminal() || !output.is_terminal || is_yes(output)? {
            return Ok(Self(()));
        }
        Err(Failure::NotConfirmed)
    }

    /// A confirmation for tests.
    #[doc(hidden)]
    pub fn for_test() -> Self {
        Self(())
    }
}

fn is_yes(output: &Output) -> Result<bool, Failure> {
    output.prompt("Continue? [y/N] ");
    let mut answer = String::new();
    stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::Error(format!("no answer was read: {error}")))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
