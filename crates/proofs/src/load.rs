//! Load, backlog and outages: does it keep up, does it drain by itself, what does it cost?

use std::time::Duration;

use jiff::SignedDuration;

use crate::chance::Chance;
use crate::crashes::in_virtual_time;
use crate::deployment::Deployment;
use crate::request::{Request, project, rules};
use crate::weather::{Fault, Kind, Outage, Service, Storm, Weather};
use crate::world::models::{Destiny, Looks};
use crate::world::{Latency, Shared, later};

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What must never be.
    pub violations: Vec<String>,
    /// How long it lasted in the world.
    pub lasted: Duration,
    /// From each request to its start, in order.
    pub waits: Vec<SignedDuration>,
    /// How many copies were looked at to their end, and the longest that one of them was not looked at.
    pub looks: (u64, SignedDuration),
    /// How many copies were accepted.
    pub accepted: u64,
    /// How many messages nobody could take.
    pub dead: usize,
    /// Effects by kind.
    pub counts: [u64; Kind::ALL.len()],
    /// How often an announcement was published, repetitions included.
    pub publications: u64,
}

/// A world of load.
#[derive(Clone, Debug)]
pub struct Load {
    /// How many requests.
    pub requests: u64,
    /// How many arrive a second; 0 for all at once.
    pub per_second: u64,
    /// Into how many projects.
    pub projects: u64,
    /// How long a copy takes.
    pub takes: Duration,
    /// Of 1,000 calls of CopyProjectVersion, how many suffer what.
    pub permille: Vec<(Fault, u64)>,
    /// Who is down when.
    pub outage: Option<(Service, Fault, Duration, Duration)>,
    /// Chance.
    pub seed: u64,
}

impl Load {
    /// Runs it: two starters, one checker, 5 calls a second of each operation.
    pub fn run(&self) -> Outcome {
        in_virtual_time(async {
            let rules = rules(&[("START_TIMEOUT_SECONDS", "31536000"), ("COPY_TIMEOUT_SECONDS", "604800")]);
            let shared = Shared::new(&rules, self.seed);
            shared.with(|world| {
                world.latency = Latency::Varying;
                world.keep_effects = false;
                world.models.looks = Some(Looks::default());
                world.models.per_second = Some(5);
                world.models.usual = Destiny { takes: self.takes, ..Destiny::default() };
                let from = |after: Duration| later(world.now(), after);
                let outages = self.outage.iter().map(|(service, fault, after, lasts)| Outage {
                    service: *service,
                    fault: *fault,
                    from: from(*after),
                    until: from(*after + *lasts),
                });
                world.weather = Weather::Stormy(Storm {
                    permille: self.permille.clone(),
                    only_copies: true,
                    outages: outages.collect(),
                    until: jiff::Timestamp::MAX,
                });
            });
            let deployment =
                Deployment { patience: Duration::from_secs(365 * 24 * 3600), ..Deployment::usual(&rules) };
            deployment.run(&shared, self.all()).await;
            shared.with(|world| {
                world.watch.waits.sort_unstable();
                Outcome {
                    violations: std::mem::take(&mut world.watch.violations),
                    lasted: world.age(),
                    waits: std::mem::take(&mut world.watch.waits),
                    looks: world.models.looks.as_ref().map(|l| (l.ended, l.longest)).unwrap_or_default(),
                    accepted: world.models.accepted,
                    dead: world.queue.dead.len(),
                    counts: world.counts,
                    publications: world.watch.publications,
                }
            })
        })
    }

    /// How many calls of DescribeProjectVersions, at 100 a page, show every copy once.
    pub fn pages(&self) -> u64 {
        let mut copies = std::collections::BTreeMap::<_, u64>::new();
        self.all().into_iter().for_each(|(_, request)| *copies.entry(request.project).or_default() += 1);
        copies.values().map(|copies| copies.div_ceil(100)).sum()
    }

    fn all(&self) -> Vec<(Duration, Request)> {
        let mut chance = Chance::new(self.seed);
        let arrives = |i: u64| match self.per_second {
            0 => Duration::ZERO,
            n => Duration::from_millis(i * 1000 / n),
        };
        (0..self.requests)
            .map(|i| {
                let project = project((chance.bits() % self.projects) as usize);
                (arrives(i), Request { project, ..Request::new(&i.to_string()) })
            })
            .collect()
    }
}
