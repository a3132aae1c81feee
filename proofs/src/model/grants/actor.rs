//! A function instance: what it does next, and what it has read for that.

use super::compact::{Held, LONG, Phase, Says};

/// A start under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attempt {
    /// Whose.
    pub r: u8,
    /// How many ticks its lease lasts.
    pub left: u8,
    /// Whether the record is still what was read.
    pub fresh: bool,
}

/// What the policy is brought in line for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Errand {
    /// A start.
    Start(Attempt),
    /// A sweep that began to look so many ticks ago, and whether the grants are still those whose records it read.
    Sweep(u8, bool),
}

impl Errand {
    /// The same after the grants were written.
    pub fn overtaken(self) -> Self {
        match self {
            Self::Sweep(ago, _) => Self::Sweep(ago, false),
            start => start,
        }
    }
}

/// A change of the policy, and whether the policy is still what it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Change {
    /// What the policy said.
    pub present: Says,
    /// Whether it is still that revision.
    pub fresh: bool,
    /// What it is to say.
    pub to: Says,
    /// Whether that takes something.
    pub takes: bool,
}

/// What a function instance does next. A `bool` tells whether what it has read is still the present revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Actor {
    /// Nothing.
    Idle,
    /// Write the lease.
    Lease(u8, bool),
    /// Read the grants and ask for one.
    Ask(Attempt),
    /// Write them with the new one.
    Hold(Attempt, Held, bool),
    /// Read the policy.
    Look(Errand),
    /// Read the grants and compare.
    Compare(Errand, Says, bool),
    /// Change the policy, if it is not too late for that, else write the grants first.
    Change(Errand, Change, Held, bool),
    /// Call CopyProjectVersion, if the lease is not too old.
    Call(Attempt),
    /// Write where the request stands.
    Write(u8, bool, Phase),
    /// Read the grants and take out those of a request that has ended.
    Release(u8, bool),
    /// Write them.
    Released(u8, bool, Held, bool),
    /// Read the grants and take out those of records that are over.
    Audit,
    /// Write them.
    Audited(Held, bool),
    /// Write that they are at rest.
    Settle(Held, bool),
}

impl Actor {
    /// The start that it is at, if it is at one and holds its lease.
    pub fn attempt(&mut self) -> Option<&mut Attempt> {
        match self {
            Self::Ask(attempt)
            | Self::Hold(attempt, ..)
            | Self::Call(attempt)
            | Self::Look(Errand::Start(attempt))
            | Self::Compare(Errand::Start(attempt), ..)
            | Self::Change(Errand::Start(attempt), ..) => Some(attempt),
            _ => None,
        }
    }

    /// A tick passes.
    pub fn grow_older(&mut self) {
        if let Some(attempt) = self.attempt() {
            attempt.left = attempt.left.saturating_sub(1);
        }
        match self {
            Self::Look(Errand::Sweep(ago, _))
            | Self::Compare(Errand::Sweep(ago, _), ..)
            | Self::Change(Errand::Sweep(ago, _), ..) => *ago = (*ago + 1).min(LONG),
            _ => {}
        }
        match self {
            Self::Hold(_, held, _)
            | Self::Change(_, _, held, _)
            | Self::Released(_, _, held, _)
            | Self::Audited(held, _)
            | Self::Settle(held, _) => *held = held.later(),
            _ => {}
        }
    }

    /// Somebody has written a request's record.
    pub fn record_changed(&mut self, r: u8) {
        match self {
            Self::Lease(of, fresh)
            | Self::Write(of, fresh, _)
            | Self::Release(of, fresh)
            | Self::Released(of, fresh, ..)
                if *of == r =>
            {
                *fresh = false;
            }
            _ => {}
        }
        if let Some(attempt) = self.attempt().filter(|attempt| attempt.r == r) {
            attempt.fresh = false;
        }
    }

    /// Somebody has written the grants.
    pub fn grants_changed(&mut self) {
        match self {
            Self::Hold(_, _, fresh)
            | Self::Look(Errand::Sweep(_, fresh))
            | Self::Compare(Errand::Sweep(_, fresh), ..)
            | Self::Released(.., fresh)
            | Self::Audited(_, fresh)
            | Self::Settle(_, fresh) => *fresh = false,
            Self::Change(errand, _, _, fresh) => (*errand, *fresh) = (errand.overtaken(), false),
            _ => {}
        }
    }

    /// Somebody has changed the policy.
    pub fn policy_changed(&mut self) {
        match self {
            Self::Compare(_, _, fresh) => *fresh = false,
            Self::Change(_, change, ..) => change.fresh = false,
            _ => {}
        }
    }
}
