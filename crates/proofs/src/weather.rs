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

/// The kinds of effect that use one service.
pub type Dependency = &'static [Kind];

pub const LEDGER: Dependency = &[Kind::Create, Kind::Load, Kind::Save, Kind::Due];
pub const REKOGNITION: Dependency = &[Kind::Copy, Kind::Describe];
/// STS and Custom Labels in the account that owns the models.
pub const SOURCE_ACCOUNT: Dependency = &[Kind::Policies, Kind::ChangePolicy];
pub const BUS: Dependency = &[Kind::Publish];
pub const DEPENDENCIES: [Dependency; 4] = [LEDGER, REKOGNITION, SOURCE_ACCOUNT, BUS];

impl Kind {
    pub fn changes_something(self) -> bool {
        matches!(self, Self::Create | Self::Save | Self::Copy | Self::Publish | Self::ChangePolicy)
    }

    /// The assumed duration of a call, there and back: AWS cannot be measured here.
    pub fn latency(self) -> Duration {
        Duration::from_millis(match self {
            Self::Copy => 200,
            Self::Describe => 60,
            Self::Publish => 20,
            Self::Policies | Self::ChangePolicy => 40,
            Self::Create | Self::Load | Self::Save | Self::Due => 4,
        })
    }
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
            Self::Throttle => !LEDGER.contains(&kind),
            Self::Stale => matches!(kind, Kind::Load | Kind::Due | Kind::Describe | Kind::Policies),
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

/// A time in which every use of a service has the same fault.
#[derive(Clone, Debug)]
pub struct Outage {
    pub dependency: Dependency,
    pub from: Timestamp,
    pub until: Timestamp,
    pub fault: Fault,
}

/// All faults of a world.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    pub aims: Vec<Aim>,
    pub outages: Vec<Outage>,
    /// Of 1,000 effects, how many have each fault that fits them, at random.
    pub permille: Vec<(Fault, u64)>,
    /// The kind of effect that has random faults; `None` for all.
    pub only: Option<Kind>,
    /// Until when there are random faults.
    pub until: Timestamp,
}

impl Weather {
    /// Returns the fault of an effect.
    pub fn strike(&mut self, number: u64, kind: Kind, now: Timestamp, chance: &mut Chance) -> Option<Fault> {
        if let Some(fault) = self.aims.iter_mut().find_map(|aim| aim.strike(number, kind, now)) {
            return Some(fault);
        }
        let strikes = |outage: &&Outage| {
            outage.dependency.contains(&kind) && (outage.from..outage.until).contains(&now)
        };
        if let Some(outage) = self.outages.iter().find(strikes) {
            return Some(outage.fault);
        }
        if now >= self.until || self.only.is_some_and(|only| only != kind) {
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

impl Aim {
    pub fn once(at: u64, fault: Fault) -> Self {
        Self { at, fault, lasts: Duration::ZERO, hit: None }
    }

    fn strike(&mut self, number: u64, kind: Kind, now: Timestamp) -> Option<Fault> {
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
