//! Faults: which faults an effect can have, and when it has one.
//!
//! An effect is one use of a port. Effects are numbered from 1, so that a fault can be aimed at one of them. The aim records
//! whether it hit.

use std::time::Duration;

use jiff::Timestamp;

use crate::chance::Chance;

/// A kind of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The ledger's first write of a record.
    Create,
    Load,
    Save,
    /// A query of the index.
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
    pub fn changes_something(self) -> bool {
        matches!(self, Self::Create | Self::Save | Self::Copy | Self::Publish | Self::ChangePolicy)
    }

    pub fn service(self) -> Service {
        match self {
            Self::Copy | Self::Describe => Service::Rekognition,
            Self::Policies | Self::ChangePolicy => Service::SourceAccount,
            Self::Publish => Service::Bus,
            _ => Service::Ledger,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Ledger,
    Rekognition,
    /// STS and Custom Labels in the account that owns the models.
    SourceAccount,
    Bus,
}

impl Service {
    pub const ALL: [Self; 4] = [Self::Ledger, Self::Rekognition, Self::SourceAccount, Self::Bus];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The call has no effect, and its answer is an error.
    ErrorBefore,
    /// The call takes effect, and its answer is an error.
    ErrorAfter,
    /// The call has no effect, and the function is killed.
    KilledBefore,
    /// The call takes effect, and the function is killed.
    KilledAfter,
    /// The call has no effect and no answer until the time-out.
    Hang,
    /// The call has no answer until the time-out, and takes effect just before its signature expires.
    Late,
    Throttle,
    /// The answer is five minutes old.
    Stale,
    /// The queue delivers the last message once more, to another instance at the same time.
    Duplicate,
}

impl Fault {
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

    /// Whether such an effect can have this fault, and the fault differs from every other one there.
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

/// A fault for one effect.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The number of the effect.
    pub at: u64,
    pub fault: Fault,
    /// How long every later effect of the same kind has the fault too.
    pub lasts: Duration,
    /// When it hit, and which kind.
    pub hit: Option<(Timestamp, Kind)>,
}

impl Aim {
    pub fn once(at: u64, fault: Fault) -> Self {
        Self { at, fault, lasts: Duration::ZERO, hit: None }
    }
}

/// Random faults until a time, and outages.
#[derive(Clone, Debug, Default)]
pub struct Storm {
    /// Of 1,000 effects, how many have each fault that fits them.
    pub permille: Vec<(Fault, u64)>,
    /// Whether only calls of CopyProjectVersion have random faults.
    pub only_copies: bool,
    pub outages: Vec<Outage>,
    pub until: Timestamp,
}

/// A time in which every call to a service has the same fault.
#[derive(Clone, Debug)]
pub struct Outage {
    pub service: Service,
    pub from: Timestamp,
    pub until: Timestamp,
    pub fault: Fault,
}

impl Aim {
    /// Returns the fault of an effect.
    pub fn strike(&mut self, number: u64, kind: Kind, now: Timestamp) -> Option<Fault> {
        match self.hit {
            None if number == self.at => {
                self.hit = Some((now, kind));
                Some(self.fault)
            }
            Some((since, of)) => {
                let lasts = now.duration_since(since).unsigned_abs() < self.lasts;
                (of == kind && lasts).then_some(self.fault)
            }
            None => None,
        }
    }
}

impl Storm {
    /// Returns the fault of an effect.
    pub fn strike(&self, kind: Kind, now: Timestamp, chance: &mut Chance) -> Option<Fault> {
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
