//! The rows that a program can test: an experiment for each, with what it needs of a run.

mod copies;
mod first_copy;
mod missing;
mod permission;
mod policies;
mod refused_delivery;
mod stack;

use std::pin::Pin;

use super::answer::{Observation, Stop, Tested};
use super::journal::Run;
use super::lab::Lab;
use super::level::Level;
use crate::exit::Failure;

pub(super) use permission::admit;

/// The condition on which a run makes an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// An account.
    Nothing,
    /// A model that the run may copy.
    Copies,
    /// A model of another account that the run may not copy yet.
    TwoAccounts,
    /// A deployed stack.
    Stack,
    /// A deployed stack whose queue may refuse requests for some minutes.
    Intrusive,
}

type Testing<'a> = Pin<Box<dyn Future<Output = Tested> + 'a>>;

/// Tests what a row assumes.
#[derive(Debug)]
pub struct Experiment {
    /// The row's number.
    pub row: u8,
    /// The condition on which a run makes it.
    pub needs: Needs,
    /// How many copies it makes at most.
    pub copies: u32,
    /// The things that it makes at most, in words.
    pub(crate) makes: &'static str,
    test: for<'a> fn(&'a Lab, &'a mut Observation) -> Testing<'a>,
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
            test: |lab, seen| Box::pin($test(lab, seen)),
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
    /// The level that it needs.
    pub fn level(&self) -> Level {
        match self.needs {
            Needs::Nothing | Needs::Stack | Needs::Intrusive => Level::Free,
            Needs::Copies => Level::Copies,
            Needs::TwoAccounts => Level::TwoAccounts,
        }
    }

    /// Whether it needs a deployed stack.
    pub fn needs_stack(&self) -> bool {
        matches!(self.needs, Needs::Stack | Needs::Intrusive)
    }

    /// Whether the run has the level and the stack that it needs.
    pub(crate) fn is_within(&self, run: &Run) -> bool {
        self.level() <= run.level && (run.stack.is_some() || !self.needs_stack())
    }

    /// Runs it.
    pub(crate) async fn observe(&self, lab: &Lab) -> Result<Observation, Failure> {
        let mut seen = Observation::default();
        if self.needs == Needs::Intrusive && !lab.run.intrusive {
            seen.skip("a refused delivery", "needs `--intrusive`");
            return Ok(seen);
        }
        match (self.test)(lab, &mut seen).await {
            Ok(()) | Err(Stop::Undecided) => Ok(seen),
            Err(Stop::Failed(failure)) => Err(failure),
        }
    }
}
