//! Load, backlog and outages: does it keep up, does it drain by itself, what does it cost?

use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::domain::times::LEASE_DURATION;

use crate::chance::Chance;
use crate::crashes::in_virtual_time;
use crate::deployment::Deployment;
use crate::report::{Report, in_parallel};
use crate::request::{Request, project, rules};
use crate::weather::{Fault, Kind, Outage, Service, Storm, Weather};
use crate::world::models::{Destiny, Looks};
use crate::world::{Latency, Shared, later};

/// What a request waits whose answer is lost in its last turn, whatever the load: for the end of the lease, for the
/// next sweep, and for the longest back-off if its new call is throttled.
const LOST: SignedDuration = SignedDuration::from_secs(LEASE_DURATION.as_secs() + 60 + 300);

const NO_LOAD: Load = Load {
    requests: 0,
    per_second: 0,
    projects: 1,
    takes: Duration::from_secs(1800),
    permille: Vec::new(),
    outage: None,
    seed: 1,
};

/// Every request at once, at 5 calls a second, with throttles, lost answers and crashes.
pub fn at_once(requests: u64) -> Report {
    let permille = vec![(Fault::Throttle, 100), (Fault::ErrorAfter, 10), (Fault::KilledAfter, 1)];
    let outcome = Load { requests, projects: requests.div_ceil(100), permille, ..NO_LOAD }.run();
    let forced = requests as f64 / 5.0 / 0.9;
    let longest = outcome.wait(100);
    let mut report = outcome.report();
    report.count("longest wait / what the quota forces", format!("{:.2}", longest / forced));
    report.must(longest <= 1.2 * forced + LOST.as_secs_f64(), || {
        format!("the longest wait is {:.2} times what the quota forces", longest / forced)
    });
    report.must(outcome.wait(98) <= 1.2 * forced, || {
        "98 of 100 wait longer than 1.2 times what the quota forces".to_owned()
    });
    report.must(outcome.accepted == requests && outcome.waits.len() as u64 == requests, || {
        format!("{} accepted, {} started", outcome.accepted, outcome.waits.len())
    });
    report
}

/// Copies in so many projects, all running at once: each is polled in the time that the quota forces, plus two sweeps.
pub fn backlog(copies: u64, projects: u64) -> Report {
    let takes = Duration::from_secs(copies / 5 * 2 + 7200);
    let load = Load { requests: copies, projects, takes, ..NO_LOAD };
    let (outcome, forced) = (load.run(), load.pages().div_ceil(5));
    let (ended, longest) = (outcome.looks.0, outcome.looks.1.as_secs());
    let mut report = outcome.report();
    report.count("longest without a poll", format!("{longest} s, of which the quota forces {forced} s"));
    report.must(longest <= forced as i64 + 120 && ended == copies, || {
        format!("{ended} polled to their end; one was not polled for {longest} s")
    });
    report
}

/// Each dependency down for six hours, refusing or silent.
pub fn outages(seeds: u64) -> Report {
    let (after, lasts) = (Duration::from_secs(120), Duration::from_secs(6 * 3600));
    let kinds: Vec<_> =
        Service::ALL.iter().flat_map(|s| [(*s, Fault::ErrorBefore), (*s, Fault::Hang)]).collect();
    let runs = in_parallel(seeds * kinds.len() as u64, |n| {
        let (service, fault) = kinds[n as usize % kinds.len()];
        let load =
            Load { requests: 300, per_second: 1, projects: 5, seed: n / kinds.len() as u64, ..NO_LOAD };
        let calm = load.run();
        let down = Load { outage: Some((service, fault, after, lasts)), ..load }.run();
        let calls = |outcome: &Outcome| (outcome.counts[Kind::Copy as usize] + outcome.publications) as f64;
        let traffic = calls(&down) / calls(&calm);
        let minutes = (down.lasted.as_secs_f64() - after.as_secs_f64() - lasts.as_secs_f64()) / 60.0;
        (service, fault, minutes, traffic, down.violations)
    });
    let mut report = Report::default();
    for (service, fault, minutes, traffic, violations) in runs {
        report.count(
            &format!("{service:?} {fault:?}"),
            format!("all ended {minutes:.0} min after, traffic {traffic:.2} of normal"),
        );
        // A bus that is down keeps nothing from being started and ended: only its news wait.
        let late = if service == Service::Bus { 3.0 } else { 60.0 };
        report.must(traffic <= 2.0 && minutes <= late && violations.is_empty(), || {
            format!("{service:?} {fault:?}: {minutes:.0} min after, traffic {traffic:.2}: {violations:?}")
        });
    }
    report
}

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

impl Outcome {
    /// The wait, in seconds, that so many of 100 requests do not exceed.
    fn wait(&self, percent: usize) -> f64 {
        let place = self.waits.len().saturating_sub(1) * percent / 100;
        self.waits.get(place).map_or(f64::MAX, SignedDuration::as_secs_f64)
    }

    fn report(&self) -> Report {
        let mut report = Report { violations: self.violations.clone(), ..Report::default() };
        report.count("accepted", self.accepted);
        report.count("simulated hours", self.lasted.as_secs() / 3600);
        for percent in [50, 99, 100] {
            report.count(&format!("{percent} of 100 wait at most"), format!("{:.0} s", self.wait(percent)));
        }
        let of = |kind: Kind| self.counts[kind as usize];
        report.count("CopyProjectVersion calls", of(Kind::Copy));
        report.count("DescribeProjectVersions calls", of(Kind::Describe));
        report.count("ledger writes", of(Kind::Create) + of(Kind::Save));
        report.count("announcements published", self.publications);
        report.count("dead letters", self.dead);
        report
    }
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
                let from = |after: Duration| later(world.now, after);
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
