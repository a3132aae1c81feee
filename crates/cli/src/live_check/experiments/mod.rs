//! The rows that a program can test: an experiment for each, and the run that makes them one after the other.

mod copies;
mod first_copy;
mod missing;
mod permission;
mod policies;
mod refused_delivery;
mod stack;

use std::pin::Pin;

use serde::Serialize;

use super::answer::{Tested, Verdict, failure_of};
use super::clean::put_policies_back;
use super::lab::Lab;
use super::run::{Level, Run};
use crate::confirm::Confirmation;
use crate::exit::Failure;
use crate::output::Output;

/// The condition on which a run makes an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// A model that the run may copy.
    Copies,
    /// A model of another account that the run may not copy yet.
    TwoAccounts,
    Stack,
    /// A deployed stack whose queue may refuse requests for some minutes.
    Intrusive,
}

/// Tests what a row assumes.
#[derive(Debug, Serialize)]
pub struct Experiment {
    pub row: u8,
    /// The condition on which a run makes it.
    #[serde(skip)]
    pub needs: Needs,
    /// How many copies it makes at most.
    #[serde(skip)]
    pub copies: u32,
    /// The things that it makes at most, in words.
    pub(crate) makes: &'static str,
    #[serde(skip)]
    test: for<'a> fn(&'a Lab) -> Pin<Box<dyn Future<Output = Tested> + 'a>>,
}

macro_rules! experiments {
    ($($row:literal $needs:ident $copies:literal $test:path: $makes:literal,)+) => {
        /// Every experiment, in the order in which they run. Of those that copy, first those that need a source project
        /// without a policy for the run.
        pub const EXPERIMENTS: &[Experiment] = &[$(Experiment {
            row: $row,
            needs: Needs::$needs,
            copies: $copies,
            makes: $makes,
            test: |lab| Box::pin($test(lab)),
        }),+];
    };
}

experiments! {
    49 Nothing 0 missing::descriptions: "a project",
    23 Nothing 0 policies::stale_revision: "a project with a policy",
    45 Nothing 0 policies::forms: "a project with two policies",
    46 Nothing 0 policies::upper_case_effect: "a project with a policy",
    48 Nothing 0 policies::sixth: "a project with six policies",
    26 Stack 0 stack::schedule: "nothing; reads how often check-copies was invoked in the last hour",
    29 Stack 0 stack::dimensions: "nothing; reads which metrics the request rule has",
    30 Stack 0 stack::announcement:
        "a request that the stack rejects: a record, which expires like any other, and an announcement",
    32 Intrusive 0 refused_delivery::refused_delivery:
        "nothing without `--intrusive`. With it, a dead letter, which it deletes. For this, it takes the request rule out of \
         the request queue's policy for up to five minutes: each request of that time becomes a dead letter, and the alarm \
         dead-letters goes on; send these requests again with `model-copier dead-letters redrive`. Do not deploy the stack \
         in that time",
    5 TwoAccounts 5 permission::delay: "a policy on the source project, up to five copies",
    33 TwoAccounts 9 permission::condition: "a policy on the source project, up to nine copies",
    34 TwoAccounts 9 permission::resources:
        "two policies on the source project, one after the other; up to nine copies",
    35 TwoAccounts 5 permission::expiry_while_copying: "a policy on the source project, up to five copies",
    4 Copies 1 missing::destination: "a project; a copy, if AWS accepts one into a deleted project",
    7 Copies 1 first_copy::visibility: "the first copy; rows 2, 8, 10, 47 and 50 use it, too",
    8 Copies 1 first_copy::fields: "the first copy",
    10 Copies 1 first_copy::duration: "the first copy",
    50 Copies 1 first_copy::keys: "the first copy",
    9 Copies 1 first_copy::key_form: "a copy with the key, if `--key` is given",
    1 Copies 7 copies::taken_name: "two copies; one more for each taken name that AWS accepts",
    2 Copies 4 copies::of_copies: "the first copy, up to three others",
    47 Copies 2 copies::within_project: "the first copy, another one",
    12 Copies 1 copies::deletion: "a copy",
    13 Copies 1 copies::failure: "a copy that should fail",
    3 Copies 20 copies::many_at_once: "20 copies",
}

/// The experiment of a row; `None` if only a person can test it.
pub fn experiment_of(row: u8) -> Option<&'static Experiment> {
    EXPERIMENTS.iter().find(|experiment| experiment.row == row)
}

impl Experiment {
    pub fn level(&self) -> Level {
        match self.needs {
            Needs::Nothing | Needs::Stack | Needs::Intrusive => Level::Free,
            Needs::Copies => Level::Copies,
            Needs::TwoAccounts => Level::TwoAccounts,
        }
    }

    pub fn needs_stack(&self) -> bool {
        matches!(self.needs, Needs::Stack | Needs::Intrusive)
    }
}

/// The experiments of a run, in their order.
pub(crate) fn experiments_of(run: &Run) -> impl Iterator<Item = &'static Experiment> {
    EXPERIMENTS.iter().filter(|it| {
        let is_within = it.level() <= run.level && (run.stack.is_some() || !it.needs_stack());
        is_within && (run.only.is_empty() || run.only.contains(&it.row))
    })
}

/// Makes the remaining experiments of a run. First it puts back what an interrupted one has changed.
///
/// # Errors
/// If a queue's policy cannot be put back, or the journal cannot be written.
pub async fn run(lab: &Lab, output: &Output, _: Confirmation) -> Result<(), Failure> {
    put_policies_back(lab).await?;
    // If another account owns the model, a project policy has to admit the run before the first copy.
    let mut is_closed = lab.run.level == Level::TwoAccounts;
    for experiment in experiments_of(&lab.run) {
        let is_done = lab.journal.borrow().answers().any(|answer| answer.row == experiment.row);
        if is_done {
            continue;
        }
        output.status_line(&format!("row {}", experiment.row));
        if experiment.needs == Needs::Copies && std::mem::take(&mut is_closed) {
            failure_of(permission::admit(lab).await)?;
        }
        if experiment.needs == Needs::Intrusive && !lab.run.intrusive {
            lab.note("a refused delivery", "needs `--intrusive`", Verdict::Skipped);
        } else {
            failure_of((experiment.test)(lab).await)?;
        }
        let verdict = lab.conclude(experiment.row)?;
        output.note(&format!("row {:>2}: {verdict}", experiment.row));
    }
    Ok(())
}
