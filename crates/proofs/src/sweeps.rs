//! The rules on grants, as the source account sees them:
//!
//! - A request has its grant until it has ended, and whoever calls finds it in the policy: no update is lost.
//! - No policy of ours ever allows a version that nobody asked for.
//! - No grant outlives its request by more than two sweeps once nothing goes wrong any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::grant::Grants;
use rekognition_model_copier::domain::policy::{Allows, Change};
use rekognition_model_copier::domain::record::{Record, State};

use crate::watch::SKEW;
use crate::world::World;

/// How long an effect may take that went wrong.
const EFFECT: SignedDuration = SignedDuration::from_secs(30);

/// When each checker's last whole sweep began, how many are under way, and when something last went wrong.
#[derive(Debug, Default)]
pub struct Sweeps {
    began: BTreeMap<usize, Timestamp>,
    under_way: usize,
    wrong: Option<Timestamp>,
}

impl Sweeps {
    /// A sweep begins.
    pub fn begins(&mut self) {
        self.under_way += 1;
    }

    /// A sweep is over, whole or not.
    pub fn is_over(&mut self) {
        self.under_way -= 1;
    }

    /// Something goes wrong.
    pub fn goes_wrong(&mut self, now: Timestamp) {
        self.wrong = Some(now);
    }
}

impl World {
    /// A policy is about to be changed.
    pub fn changing_policy(&mut self, change: &Change) {
        let Change::Put { document, .. } = change else { return };
        let asked: BTreeSet<String> = self.table.records().filter_map(version).collect();
        let allows = Allows::read(document);
        let holds = allows.is_some_and(|allows| allows.resources.is_subset(&asked));
        self.watch.must(holds, || format!("a policy for what nobody asked for: {document}"));
    }

    /// Grants are about to be written.
    pub fn saving_grants(&mut self, grants: &Grants) {
        let Some(present) = self.policies.grants(&grants.project_arn) else { return };
        // Who is not the next revision is refused.
        if present.revision != grants.revision {
            return;
        }
        for holder in present.holders.iter().filter(|holder| !grants.holders.contains(holder)) {
            let holds = self.table.get(&holder.key).is_some_and(|record| record.is_ended());
            self.watch.must(holds, || format!("{} loses its grant and has not ended", holder.key));
        }
    }

    /// CopyProjectVersion is called for a version of the source project.
    ///
    /// Who shares it with another request may lose it in the one window that ARCHITECTURE.md names.
    pub fn called_for(&mut self, wanted: &str) {
        if !self.granting {
            return;
        }
        let sharers = self.table.records().filter_map(version).filter(|version| version == wanted).count();
        let is_allowed = self.policies.allowed(self.now()).contains(wanted);
        let holds = sharers > 1 || is_allowed;
        self.watch.must(holds, || format!("called without its grant, or it was lost: {wanted}"));
    }

    /// A checker has done a whole sweep that began then.
    pub fn swept(&mut self, checker: usize, began: Timestamp) {
        let now = self.now();
        if self.policies.is_waiting_for_a_late_change() {
            self.sweeps.goes_wrong(now);
        }
        let Some(before) = self.sweeps.began.insert(checker, began) else { return };
        // An index that lags shows what is to be published later, and then what is to be withdrawn; and two clocks may
        // disagree on when that was.
        let lag = SignedDuration::try_from(self.table.lag * 2).unwrap_or(SignedDuration::MAX);
        let counts = |at: Timestamp| before.duration_since(at) > lag + SKEW * 2;
        let calm = self.sweeps.wrong.is_none_or(|wrong| before.duration_since(wrong) > lag + EFFECT);
        // What one of two sweeps at once leaves to the other is done when that one is.
        if !calm || !self.granting || self.sweeps.under_way > 0 {
            return;
        }
        let is_over = |record: &Record| matches!(record.state, State::Ended { at, .. } if counts(at));
        let needed: BTreeSet<String> =
            self.table.records().filter(|record| !is_over(record)).filter_map(version).collect();
        let left: Vec<String> = self.policies.allowed(now).difference(&needed).cloned().collect();
        self.watch
            .must(left.is_empty(), || format!("two sweeps after its request a grant is left: {left:?}"));
    }
}

fn version(record: &Record) -> Option<String> {
    record.copy.as_ref().map(|copy| copy.source_project_version_arn.to_string())
}
