//! The levels of `live-check`: each permits a run more than the one before.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The level of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Makes projects and policies; copies nothing
    Free,
    /// Also copies a model
    Copies,
    /// Copies a model of another account, and puts policies on its project
    TwoAccounts,
}

impl Level {
    /// As it is written on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Copies => "copies",
            Self::TwoAccounts => "two-accounts",
        }
    }
}
