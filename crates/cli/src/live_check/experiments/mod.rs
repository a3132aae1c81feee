//! The rows that a program can test: an experiment for each, with the level that it needs.

mod deletion;
mod failed_copy;
mod first_copy;
mod many_at_once;
mod missing;
mod permission;
mod policies;
mod refused_delivery;
mod source;
mod stack;
mod taken_name;

use std::pin::Pin;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::answer::Observation;
use super::journal::{Begun, Deployed, Model};
use super::lab::Lab;
use crate::exit::Failure;

pub(super) use permission::admit;

/// What a run may do.
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
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Copies => "copies",
            Self::TwoAccounts => "two-accounts",
        }
    }
}

type Observing<'a> = Pin<Box<dyn Future<Output = Result<Observation, Failure>> + 'a>>;

/// What an experiment needs.
#[derive(Debug)]
enum Run {
    Free(for<'a> fn(&'a Lab) -> Observing<'a>),
    Copies(for<'a> fn(&'a Lab, &'a Model) -> Observing<'a>),
    TwoAccounts(for<'a> fn(&'a Lab, &'a Model) -> Observing<'a>),
    Stack(for<'a> fn(&'a Lab, &'a Deployed) -> Observing<'a>),
    Intrusive(for<'a> fn(&'a Lab, &'a Deployed) -> Observing<'a>),
}

/// Tests what a row assumes.
#[derive(Debug)]
pub struct Experiment {
    /// The row's number.
    pub row: u8,
    /// What it makes at most, in words.
    pub makes: &'static str,
    /// How many copies that includes.
    pub copies: u32,
    run: Run,
}

/// Every experiment, in the order in which they run. Of those that copy, first those that need a source project without a
/// policy for the run.
pub const EXPERIMENTS: &[Experiment] = &[
    free(49, "a project", |lab| Box::pin(missing::descriptions(lab))),
    free(23, "a project with a policy", |lab| Box::pin(policies::stale_revision(lab))),
    free(45, "a project with two policies", |lab| Box::pin(policies::forms(lab))),
    free(46, "a project with a policy", |lab| Box::pin(policies::upper_case_effect(lab))),
    free(48, "a project with six policies", |lab| Box::pin(policies::sixth(lab))),
    stack(26, "nothing; reads how often check-copies was invoked in the last hour", |lab, stack| {
        Box::pin(stack::schedule(lab, stack))
    }),
    stack(29, "nothing; reads which metrics the request rule has", |lab, stack| {
        Box::pin(stack::dimensions(lab, stack))
    }),
    stack(
        30,
        "a request that the stack rejects: a record, which expires like any other, and an announcement",
        |lab, stack| Box::pin(stack::announcement(lab, stack)),
    ),
    Experiment {
        row: 32,
        makes: "nothing without `--intrusive`. With it, a dead letter, which it deletes. For this, it takes the request rule \
                out of the request queue's policy for up to five minutes: each request of that time becomes a dead letter, and the \
                alarm dead-letters goes on; send these requests again with `model-copier dead-letters redrive`. Do not \
                deploy the stack in that time",
        copies: 0,
        run: Run::Intrusive(|lab, stack| Box::pin(refused_delivery::observe(lab, stack))),
    },
    two_accounts(5, 5, "a policy on the source project, up to five copies", |lab, model| {
        Box::pin(permission::delay(lab, model))
    }),
    two_accounts(33, 9, "a policy on the source project, up to nine copies", |lab, model| {
        Box::pin(permission::condition(lab, model))
    }),
    two_accounts(
        34,
        9,
        "two policies on the source project, one after the other; up to nine copies",
        |lab, model| Box::pin(permission::resources(lab, model)),
    ),
    two_accounts(35, 5, "a policy on the source project, up to five copies", |lab, model| {
        Box::pin(permission::expiry_while_copying(lab, model))
    }),
    copies(4, 1, "a project; a copy, if AWS accepts one into a deleted project", |lab, model| {
        Box::pin(missing::destination(lab, model))
    }),
    copies(7, 1, "the first copy; rows 2, 8, 10, 47 and 50 use it, too", |lab, model| {
        Box::pin(first_copy::visibility(lab, model))
    }),
    copies(8, 1, "the first copy", |lab, model| Box::pin(first_copy::fields(lab, model))),
    copies(10, 1, "the first copy", |lab, model| Box::pin(first_copy::duration(lab, model))),
    copies(50, 1, "the first copy", |lab, model| Box::pin(first_copy::keys(lab, model))),
    copies(9, 1, "a copy with the key, if `--key` is given", |lab, model| {
        Box::pin(first_copy::key_form(lab, model))
    }),
    copies(1, 7, "two copies; one more for each taken name that AWS accepts", |lab, model| {
        Box::pin(taken_name::observe(lab, model))
    }),
    copies(2, 4, "the first copy, up to three others", |lab, model| Box::pin(source::statuses(lab, model))),
    copies(47, 2, "the first copy, another one", |lab, model| Box::pin(source::within_project(lab, model))),
    copies(12, 1, "a copy", |lab, model| Box::pin(deletion::while_copying(lab, model))),
    copies(13, 1, "a copy that should fail", |lab, model| Box::pin(failed_copy::observe(lab, model))),
    copies(3, many_at_once::COUNT, "20 copies", |lab, model| Box::pin(many_at_once::observe(lab, model))),
];

const fn free(row: u8, makes: &'static str, run: for<'a> fn(&'a Lab) -> Observing<'a>) -> Experiment {
    Experiment { row, makes, copies: 0, run: Run::Free(run) }
}

const fn copies(
    row: u8,
    copies: u32,
    makes: &'static str,
    run: for<'a> fn(&'a Lab, &'a Model) -> Observing<'a>,
) -> Experiment {
    Experiment { row, makes, copies, run: Run::Copies(run) }
}

const fn two_accounts(
    row: u8,
    copies: u32,
    makes: &'static str,
    run: for<'a> fn(&'a Lab, &'a Model) -> Observing<'a>,
) -> Experiment {
    Experiment { row, makes, copies, run: Run::TwoAccounts(run) }
}

const fn stack(
    row: u8,
    makes: &'static str,
    run: for<'a> fn(&'a Lab, &'a Deployed) -> Observing<'a>,
) -> Experiment {
    Experiment { row, makes, copies: 0, run: Run::Stack(run) }
}

/// The experiment of a row; `None` if only a person can test it.
pub fn experiment_of(row: u8) -> Option<&'static Experiment> {
    EXPERIMENTS.iter().find(|experiment| experiment.row == row)
}

impl Experiment {
    /// The level that it needs.
    pub fn level(&self) -> Level {
        match self.run {
            Run::Free(_) | Run::Stack(_) | Run::Intrusive(_) => Level::Free,
            Run::Copies(_) => Level::Copies,
            Run::TwoAccounts(_) => Level::TwoAccounts,
        }
    }

    /// Whether it needs a deployed stack.
    pub fn needs_stack(&self) -> bool {
        matches!(self.run, Run::Stack(_) | Run::Intrusive(_))
    }

    /// Whether it keeps requests from the stack for some minutes.
    pub fn is_intrusive(&self) -> bool {
        matches!(self.run, Run::Intrusive(_))
    }

    /// Whether the run has the level and the stack that it needs.
    pub fn is_within(&self, begun: &Begun) -> bool {
        self.level() <= begun.level && (begun.stack.is_some() || !self.needs_stack())
    }

    /// Whether it needs a model that the run may already copy.
    pub(super) fn is_admitted(&self) -> bool {
        matches!(self.run, Run::Copies(_))
    }

    /// Runs it.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub async fn observe(&self, lab: &Lab) -> Result<Observation, Failure> {
        let Begun { model, stack, .. } = &lab.begun;
        match (&self.run, model, stack) {
            (Run::Free(run), _, _) => run(lab).await,
            (Run::Copies(run) | Run::TwoAccounts(run), Some(model), _) => run(lab, model).await,
            (Run::Intrusive(_), ..) if !lab.begun.intrusive => {
                let mut seen = Observation::default();
                seen.skip("a refused delivery", "needs `--intrusive`");
                Ok(seen)
            }
            (Run::Stack(run) | Run::Intrusive(run), _, Some(stack)) => run(lab, stack).await,
            // The run has no model or no stack for this row.
            _ => Ok(Observation::default()),
        }
    }
}
