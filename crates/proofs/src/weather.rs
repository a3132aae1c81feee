//! Faults: what can go wrong at an effect, and when it does.
//!
//! An effect is one use of a port. Effects are counted from 1, so that a fault can be aimed at one of them,
//! and it is noted whether it hit.

use std::time::Duration;

use jiff::Timestamp;

use crate::chance::Chance;

/// A use of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The ledger's first write of a record.
    Create,
    /// A read of a record.
    Load,
    /// A later write.
    Save,
    /// A read of the index.
    Due,
    /// CopyProjectVersion.
    Copy,
    /// DescribeProjectVersions.
    Describe,
    /// PutEvents.
    Publish,
    /// ListProjectPolicies.
    Policies,
    /// PutProjectPolicy or DeleteProjectPolicy.
    ChangePolicy,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::Load,
        Self::Save,
        Self::Due,
        Self::Copy,
        Self::Describe,
        Self::Publish,
        Self::Policies,
        Self::ChangePolicy,
    ];

    /// Whether it leaves anything other than it was.
    pub fn changes_something(self) -> bool {
        matches!(self, Self::Create | Self::Save | Self::Copy | Self::Publish | Self::ChangePolicy)
    }

    /// The service it goes to.
    pub fn service(self) -> Service {
        match self {
            Self::Copy | Self::Describe => Service::Rekognition,
            Self::Policies | Self::ChangePolicy => Service::SourceAccount,
            Self::Publish => Service::Bus,
            _ => Service::Ledger,
        }
    }
}

/// A service that the copier depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// DynamoDB.
    Ledger,
    /// Custom Labels.
    Rekognition,
    /// Custom Labels in the account that owns the models, and the way there.
    SourceAccount,
    /// EventBridge.
    Bus,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ledger, Self::Rekognition, Self::SourceAccount, Self::Bus];
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// An error, and nothing happened.
    ErrorBefore,
    /// It happened, and its answer is an error.
    ErrorAfter,
    /// The function is killed, and nothing happened.
    KilledBefore,
    /// It happened, and the function is killed.
    KilledAfter,
    /// No answer until the time-out, and nothing happened.
    Hang,
    /// No answer until the time-out; the call lands just before its signature ends.
    Late,
    /// Too many calls.
    Throttle,
    /// What is read is five minutes old.
    Stale,
    /// The last message is delivered once more, to another function at the same time.
    Duplicate,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 9] = [
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Hang,
        Self::Late,
        Self::Throttle,
        Self::Stale,
        Self::Duplicate,
    ];

    /// Whether it can befall such an effect, and as anything that another fault isn't already.
    pub fn fits(self, kind: Kind) -> bool {
        match self {
            Self::ErrorBefore | Self::KilledBefore | Self::Hang | Self::Duplicate => true,
            Self::ErrorAfter | Self::KilledAfter => kind.changes_something(),
            Self::Late => matches!(kind, Kind::Copy | Kind::ChangePolicy),
            Self::Throttle => kind.service() != Service::Ledger,
            Self::Stale => {
                matches!(kind, Kind::Load | Kind::Due | Kind::Describe | Kind::Policies)
            }
        }
    }
}

/// When faults befall.
#[derive(Clone, Debug)]
pub enum Weather {
    /// Never.
    Calm,
    /// At these effects.
    Aimed(Vec<Aim>),
    /// By chance.
    Stormy(Storm),
}

/// A fault for one effect.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The effect's number.
    pub at: u64,
    /// What befalls it.
    pub fault: Fault,
    /// For how long every later effect of its kind suffers the same.
    pub lasting: Duration,
    /// When it hit, and what kind.
    pub hit: Option<(Timestamp, Kind)>,
}

impl Aim {
    /// A fault that befalls effect `at` once.
    pub fn once(at: u64, fault: Fault) -> Self {
        Self { at, fault, lasting: Duration::ZERO, hit: None }
    }
}

/// Faults by chance, until a time.
#[derive(Clone, Debug)]
pub struct Storm {
    /// Of 1,000 effects, how many suffer each fault that fits them.
    pub permille: Vec<(Fault, u64)>,
    /// Whether only calls of CopyProjectVersion do.
    pub only_copies: bool,
    /// When a service is down, and how.
    pub outages: Vec<Outage>,
    /// From when on there are no faults by chance.
    pub until: Timestamp,
}

/// A service that is down.
#[derive(Clone, Debug)]
pub struct Outage {
    /// Which.
    pub service: Service,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What every call suffers.
    pub fault: Fault,
}

impl Weather {
    /// What befalls effect `number`.
    pub fn strike(&mut self, number: u64, kind: Kind, now: Timestamp, chance: &mut Chance) -> Option<Fault> {
        match self {
            Self::Calm => None,
            Self::Aimed(aims) => aims.iter_mut().find_map(|aim| aim.strike(number, kind, now)),
            Self::Stormy(storm) => storm.strike(kind, now, chance),
        }
    }
}

impl Aim {
    fn strike(&mut self, number: u64, kind: Kind, now: Timestamp) -> Option<Fault> {
        match self.hit {
            None if number == self.at => {
                self.hit = Some((now, kind));
                Some(self.fault)
            }
            Some((since, of)) => {
                let lasts = now.duration_since(since).unsigned_abs() < self.lasting;
                (of == kind && lasts).then_some(self.fault)
            }
            None => None,
        }
    }
}

impl Storm {
    fn strike(&self, kind: Kind, now: Timestamp, chance: &mut Chance) -> Option<Fault> {
        let down = self
            .outages
            .iter()
            .find(|outage| outage.service == kind.service() && (outage.from..outage.until).contains(&now));
        if let Some(outage) = down {
            return Some(outage.fault);
        }
        if now >= self.until || (self.only_copies && kind != Kind::Copy) {
            return None;
        }
        let mut drawn = chance.below(1000);
        for (fault, permille) in self.permille.iter().filter(|(fault, _)| fault.fits(kind)) {
            if drawn < *permille {
                return Some(*fault);
            }
            drawn -= permille;
        }
        None
    }
}
