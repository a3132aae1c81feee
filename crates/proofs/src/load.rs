//! The searches `load`, `backlog` and `outages`: whether the copier keeps up with many requests, and recovers without help.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::domain::times::LEASE_DURATION;

use crate::chance::Chance;
use crate::crashes::in_virtual_time;
use crate::deployment::Deployment;
use crate::report::{Report, in_parallel};
use crate::request::{Request, project, rules};
use crate::weather::{Fault, Kind, Outage, Service, Storm};
use crate::world::models::Polls;
use crate::world::{Latency, Shared, World, later};

/// How much longer a request may wait whose answer is lost: until the lease ends, until the next sweep, and for the longest
/// backoff if its new call is throttled.
const DELAY_OF_A_LOST_ANSWER: SignedDuration = SignedDuration::from_secs(LEASE_DURATION.as_secs() + 60 + 300);

const OUTAGE_STARTS: Duration = Duration::from_secs(120);
const OUTAGE_LASTS: Duration = Duration::from_secs(6 * 3600);

/// A load without requests.
const NO_LOAD: Load = Load {
    requests: 0,
    per_second: 0,
    projects: 1,
    copy_duration: Duration::from_secs(1800),
    permille: Vec::new(),
    outage: None,
    seed: 1,
};

/// Sends every request at once, at 5 calls a second, with throttled calls, lost answers and killed functions.
pub fn at_once(requests: u64) -> Report {
    let permille = vec![(Fault::Throttle, 100), (Fault::ErrorAfter, 10), (Fault::KilledAfter, 1)];
    let world = Load { requests, projects: requests.div_ceil(100), permille, ..NO_LOAD }.run();
    let forced = requests as f64 / 5.0 / 0.9;
    let longest = wait(&world, 100);
    let mut report = report(&world);
    report.count("longest wait / the wait that the quota forces", format!("{:.2}", longest / forced));
    report.must(longest <= 1.2 * forced + DELAY_OF_A_LOST_ANSWER.as_secs_f64(), || {
        format!("the longest wait is {:.2} times the wait that the quota forces", longest / forced)
    });
    report.must(wait(&world, 98) <= 1.2 * forced, || {
        "more than 2 of 100 requests wait longer than 1.2 times the wait that the quota forces".to_owned()
    });
    let (accepted, started) = (world.models.accepted, world.watch.waits.len() as u64);
    report.must(accepted == requests && started == requests, || {
        format!("{accepted} accepted, {started} started")
    });
    report
}

/// Polls copies that all run at once. Each must be polled within the time that the quota forces, plus two sweeps.
pub fn backlog(copies: u64, projects: u64) -> Report {
    let copy_duration = Duration::from_secs(copies / 5 * 2 + 7200);
    let load = Load { requests: copies, projects, copy_duration, ..NO_LOAD };
    let (world, forced) = (load.run(), load.pages().div_ceil(5));
    let mut report = report(&world);
    let polls = world.models.polls.unwrap_or_default();
    let (ended, longest) = (polls.ended, polls.longest_wait.as_secs());
    report.count("longest time without a poll", format!("{longest} s, of which the quota forces {forced} s"));
    report.must(longest <= forced as i64 + 120 && ended == copies, || {
        format!("{ended} polled to their end; one was not polled for {longest} s")
    });
    report
}

/// Takes each dependency down for six hours: its calls fail or hang.
pub fn outages(seeds: u64) -> Report {
    let kinds: Vec<_> =
        Service::ALL.iter().flat_map(|s| [(*s, Fault::ErrorBefore), (*s, Fault::Hang)]).collect();
    let runs = in_parallel(seeds * kinds.len() as u64, |n| {
        let (service, fault) = kinds[n as usize % kinds.len()];
        let load =
            Load { requests: 300, per_second: 1, projects: 5, seed: n / kinds.len() as u64, ..NO_LOAD };
        let calm = load.run();
        let down = Load { outage: Some((service, fault)), ..load }.run();
        let calls = |world: &World| (world.count(Kind::Copy) as u64 + world.watch.publications) as f64;
        let traffic = calls(&down) / calls(&calm);
        let minutes = (down.age().as_secs_f64() - (OUTAGE_STARTS + OUTAGE_LASTS).as_secs_f64()) / 60.0;
        (service, fault, minutes, traffic, down.watch.violations)
    });
    let mut report = Report::default();
    for (service, fault, minutes, traffic, violations) in runs {
        report.count(
            &format!("{service:?} {fault:?}"),
            format!("all ended {minutes:.0} min after, traffic {traffic:.2} of normal"),
        );
        // Without the bus, copies still start and end; only the announcements wait.
        let late = if service == Service::Bus { 3.0 } else { 60.0 };
        report.must(traffic <= 2.0 && minutes <= late && violations.is_empty(), || {
            format!("{service:?} {fault:?}: {minutes:.0} min after, traffic {traffic:.2}: {violations:?}")
        });
    }
    report
}

/// Returns the seconds that so many of 100 requests wait at most.
fn wait(world: &World, percent: usize) -> f64 {
    let waits = &world.watch.waits;
    let place = waits.len().saturating_sub(1) * percent / 100;
    waits.get(place).map_or(f64::MAX, SignedDuration::as_secs_f64)
}

fn report(world: &World) -> Report {
    let mut report = Report { violations: world.watch.violations.clone(), ..Report::default() };
    report.count("accepted", world.models.accepted);
    report.count("simulated hours", world.age().as_secs() / 3600);
    for percent in [50, 99, 100] {
        report.count(&format!("{percent} of 100 wait at most"), format!("{:.0} s", wait(world, percent)));
    }
    report.count("CopyProjectVersion calls", world.count(Kind::Copy));
    report.count("DescribeProjectVersions calls", world.count(Kind::Describe));
    report.count("ledger writes", world.count(Kind::Create) + world.count(Kind::Save));
    report.count("announcements published", world.watch.publications);
    report
}

#[derive(Clone, Debug)]
struct Load {
    requests: u64,
    /// How many requests arrive a second; 0 if all arrive at once.
    per_second: u64,
    /// How many destination projects there are.
    projects: u64,
    copy_duration: Duration,
    /// Of 1,000 calls of CopyProjectVersion, how many have each fault.
    permille: Vec<(Fault, u64)>,
    outage: Option<(Service, Fault)>,
    seed: u64,
}

impl Load {
    /// Runs two instances of start-copy and one of check-copies, with a quota of 5 calls a second of each operation.
    fn run(&self) -> World {
        in_virtual_time(async {
            let rules = rules(&[("START_TIMEOUT_SECONDS", "31536000"), ("COPY_TIMEOUT_SECONDS", "604800")]);
            let shared = Shared::new(&rules, self.seed);
            shared.with(|world| {
                world.latency = Latency::Varying;
                world.models.polls = Some(Polls::default());
                world.models.calls_per_second = Some(5);
                world.models.usual_course.duration = self.copy_duration;
                let from = later(world.now, OUTAGE_STARTS);
                let until = later(from, OUTAGE_LASTS);
                let outages = self.outage.map(|(service, fault)| Outage { service, from, until, fault });
                world.storm = Storm {
                    permille: self.permille.clone(),
                    only_copies: true,
                    outages: outages.into_iter().collect(),
                    until: jiff::Timestamp::MAX,
                };
            });
            let deployment =
                Deployment { patience: Duration::from_secs(365 * 24 * 3600), ..Deployment::usual(&rules) };
            deployment.run(&shared, self.requests()).await;
            shared.with(|world| world.watch.waits.sort_unstable());
            shared.into_world()
        })
    }

    /// How many calls of DescribeProjectVersions, at 100 versions a page, show every copy once.
    fn pages(&self) -> u64 {
        let mut copies = BTreeMap::<_, u64>::new();
        self.requests().into_iter().for_each(|(_, request)| *copies.entry(request.project).or_default() += 1);
        copies.values().map(|copies| copies.div_ceil(100)).sum()
    }

    fn requests(&self) -> Vec<(Duration, Request)> {
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
