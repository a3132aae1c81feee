//! Grants in the ledger, and the rules on them as the source account sees them:
//!
//! - A request has its grant until it has ended, and whoever calls finds it in the policy: no update is lost.
//! - No policy of ours ever allows a version that nobody asked for.
//! - No grant outlives its request by more than two sweeps once nothing goes wrong any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::grant::Grants;
use rekognition_model_copier::domain::record::{Record, State};
use rekognition_model_copier::ports::GrantsPage;

use crate::watch::{SKEW, Watch};
use crate::world::policies::{Policies, resources};
use crate::world::table::Table;

/// How long an effect may take that went wrong.
const EFFECT: SignedDuration = SignedDuration::from_secs(30);

/// The grants of every source project; when each checker's last whole sweep began, how many are under way, and when
/// something last went wrong.
#[derive(Debug, Default)]
pub struct Store {
    grants: BTreeMap<ProjectArn, Grants>,
    began: BTreeMap<usize, Timestamp>,
    /// How many sweeps are under way.
    pub sweeps: usize,
    /// When something last went wrong.
    pub wrong: Option<Timestamp>,
}

impl Store {
    /// The grants of a project.
    pub fn get(&self, project: &ProjectArn) -> Option<Grants> {
        self.grants.get(project).cloned()
    }

    /// The projects whose grants are due.
    pub fn due(&self, now: Timestamp) -> GrantsPage {
        let due = |grants: &&Grants| grants.due().is_some_and(|due| due <= now);
        GrantsPage {
            projects: self.grants.values().filter(due).map(|g| g.project_arn.clone()).collect(),
            ..GrantsPage::default()
        }
    }

    /// Whether nothing is granted.
    pub fn is_at_rest(&self) -> bool {
        self.grants.values().all(|grants| grants.holders.is_empty() && grants.due().is_none())
    }

    /// A write on condition of the revision.
    pub fn save(&mut self, grants: Grants, table: &Table, watch: &mut Watch) -> Option<Grants> {
        let known = self.grants.get(&grants.project_arn);
        let next = Grants { revision: grants.revision + 1, ..grants };
        if known.map_or(0, |known| known.revision) + 1 != next.revision {
            return known.filter(|known| **known == next).cloned();
        }
        let holders = known.map(|known| known.holders.as_slice()).unwrap_or_default();
        for holder in holders.iter().filter(|holder| !next.holders.contains(holder)) {
            let holds = table.get(&holder.key).is_some_and(|record| record.is_ended());
            watch.must(holds, || format!("{} loses its grant and has not ended", holder.key));
        }
        self.grants.insert(next.project_arn.clone(), next.clone());
        Some(next)
    }

    /// A checker has done a whole sweep that began then.
    pub fn swept(
        &mut self,
        (checker, began, now): (usize, Timestamp, Timestamp),
        table: &Table,
        policies: &Policies,
        watch: &mut Watch,
    ) {
        if policies.is_pending() {
            self.wrong = Some(now);
        }
        let Some(before) = self.began.insert(checker, began) else { return };
        // An index that lags shows what is to be published later, and then what is to be withdrawn; and two clocks may
        // disagree on when that was.
        let lag = SignedDuration::try_from(table.lag * 2).unwrap_or(SignedDuration::MAX);
        let counts = |at: Timestamp| before.duration_since(at) > lag + SKEW * 2;
        let calm = self.wrong.is_none_or(|wrong| before.duration_since(wrong) > lag + EFFECT);
        // What one of two sweeps at once leaves to the other is done when that one is.
        if !calm || self.sweeps > 0 {
            return;
        }
        let is_over = |record: &Record| matches!(record.state, State::Ended { at, .. } if counts(at));
        let needed: BTreeSet<String> =
            table.records().filter(|record| !is_over(record)).filter_map(version).collect();
        let left: Vec<String> = policies.allowed(now).difference(&needed).cloned().collect();
        watch.must(left.is_empty(), || format!("two sweeps after its request a grant is left: {left:?}"));
    }
}

/// A policy is about to be put.
pub fn putting(document: &str, table: &Table, watch: &mut Watch, now: Timestamp) {
    let asked: BTreeSet<String> = table.records().filter_map(version).collect();
    let holds = resources(document, now).is_subset(&asked);
    watch.must(holds, || format!("a policy for what nobody asked for: {document}"));
}

/// CopyProjectVersion is called for a version of the source project.
///
/// Who shares it with another request may lose it in the one window that ARCHITECTURE.md names.
pub fn called_for(wanted: &str, table: &Table, policies: &Policies, watch: &mut Watch, now: Timestamp) {
    let sharers = table.records().filter_map(version).filter(|version| version == wanted).count();
    let holds = sharers > 1 || policies.allowed(now).contains(wanted);
    watch.must(holds, || format!("called without its grant, or it was lost: {wanted}"));
}

fn version(record: &Record) -> Option<String> {
    record.copy.as_ref().map(|copy| copy.source_project_version_arn.to_string())
}
