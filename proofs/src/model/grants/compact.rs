//! Records, grants and policies as the model keeps them: every time as a number of ticks from now, everything that no
//! decision looks at left out.

use super::renaming::Renaming;

/// The most requests of a world.
pub const REQUESTS: usize = 3;
/// For how many ticks a change that was sent can land: a signature's life.
pub const LANDS: u8 = 3;
/// A lease, in ticks: what was changed longer ago is not told apart.
pub const LONG: u8 = 4;
/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// It has not reached us.
    None,
    /// Its lease lasts for so many ticks more.
    Starting(u8),
    /// It waits and is due.
    Waiting,
    /// Its copy is under way.
    Copying,
    /// It has its answer, and a grant to be withdrawn.
    Ended,
    /// All is said and done.
    Done,
    /// Somebody deleted its record.
    Gone,
}

/// The grants item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Held {
    /// The requests that hold a grant in their order, counted from 1; then zeros.
    pub holders: [u8; REQUESTS],
    /// How many ticks ago they were changed.
    pub(super) changed: u8,
    /// Whether they are at rest, and if so, for long enough to be looked after again.
    pub(super) settled: Option<bool>,
}

/// What the policy of our name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Says {
    /// There is none.
    Absent,
    /// These versions may be copied, as bits.
    Ours(u8),
    /// What somebody else has put.
    Other,
}

/// What comes of asking.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    /// The request holds one.
    Held,
    /// It does when these are written.
    Given(Held),
    /// There is no room.
    Full,
}

/// What has to happen to a policy.
#[derive(Clone, Copy, Debug)]
pub struct Alignment {
    /// What the policy is to say then; `None` where it does.
    pub change: Option<Says>,
    /// Whether that takes something.
    pub takes: bool,
}

/// Why a request was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// There is no room in the policy, or for it.
    Full,
    /// The policy could not be read or changed.
    Unavailable,
    /// Rekognition says that nothing allows the copy.
    Denied,
}

impl Says {
    /// The same under other numbers.
    pub fn renamed(self, to: &Renaming) -> Self {
        match self {
            Self::Ours(bits) => Self::Ours(to.versions(bits)),
            says => says,
        }
    }
}

impl Held {
    /// The same under other numbers.
    pub fn renamed(self, to: &Renaming) -> Self {
        let renamed = |holder: u8| holder.checked_sub(1).map_or(0, |r| to.request(r) + 1);
        Self { holders: self.holders.map(renamed), ..self }
    }

    /// The same without holders, where only the times count.
    pub fn of_nobody(self) -> Self {
        Self { holders: [0; REQUESTS], ..self }
    }

    /// Whose grants they are.
    pub fn requests(self) -> impl Iterator<Item = u8> {
        self.holders.into_iter().filter(|holder| *holder > 0).map(|holder| holder - 1)
    }

    /// Whether they are at rest.
    pub fn is_settled(self) -> bool {
        self.settled.is_some()
    }

    /// The same a tick later. The hour between two audits is a tick.
    pub fn later(self) -> Self {
        let settled = self.settled.map(|_| true);
        Self { changed: (self.changed + 1).min(LONG), settled, ..self }
    }
}
