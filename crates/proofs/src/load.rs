//! The searches `load`, `backlog` and `outages`: whether the copier keeps up with many requests, and recovers without help.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::times::LEASE_DURATION;

use crate::chance::Chance;
use crate::deployment::{Deployment, Requests};
use crate::report::{Report, in_parallel};
use crate::request::{Request, project, rules};
use crate::weather::{BUS, DEPENDENCIES, Fault, Kind, Outage, Weather};
use crate::world::{BEGINNING, Latency, World};

/// How much longer a request may wait whose answer is lost: until the lease ends, until the next sweep, and for the longest
/// backoff if its new call is throttled.
const DELAY_OF_A_LOST_ANSWER: SignedDuration = SignedDuration::from_secs(LEASE_DURATION.as_secs() + 60 + 300);

const OUTAGE_STARTS: Duration = Duration::from_secs(120);
const OUTAGE_LASTS: Duration = Duration::from_secs(6 * 3600);
const HALF_AN_HOUR: Duration = Duration::from_secs(1800);

/// Sends every request at once, at 5 calls a second, with throttled calls, lost answers and killed functions.
pub fn at_once(requests: u64) -> Report {
    let permille = vec![(Fault::Throttle, 100), (Fault::ErrorAfter, 10), (Fault::KilledAfter, 1)];
    let weather = Weather { permille, only: Some(Kind::Copy), until: Timestamp::MAX, ..Weather::default() };
    let world = run(&spread(requests, 0, requests.div_ceil(100), 1), HALF_AN_HOUR, weather);
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
    let requests = spread(copies, 0, projects, 1);
    let copy_duration = Duration::from_secs(copies / 5 * 2 + 7200);
    let world = run(&requests, copy_duration, Weather::default());
    let mut report = report(&world);
    let mut of_project = BTreeMap::<_, u64>::new();
    requests.iter().for_each(|(_, request)| *of_project.entry(&request.project).or_default() += 1);
    // A call shows 100 versions.
    let forced = of_project.values().map(|copies| copies.div_ceil(100)).sum::<u64>().div_ceil(5);
    let (ended, longest) = (world.watch.polled_to_end, world.watch.longest_without_poll.as_secs());
    report.count("longest time without a poll", format!("{longest} s, of which the quota forces {forced} s"));
    report.must(longest <= forced as i64 + 120 && ended == copies, || {
        format!("{ended} polled to their end; one was not polled for {longest} s")
    });
    report
}

/// Takes each dependency down for six hours: its calls fail or hang.
pub fn outages(seeds: u64) -> Report {
    let kinds: Vec<_> =
        DEPENDENCIES.iter().flat_map(|d| [(*d, Fault::ErrorBefore), (*d, Fault::Hang)]).collect();
    let runs = in_parallel(seeds * kinds.len() as u64, |n| {
        let (dependency, fault) = kinds[n as usize % kinds.len()];
        let requests = spread(300, 1, 5, n / kinds.len() as u64);
        let calm = run(&requests, HALF_AN_HOUR, Weather::default());
        let from = BEGINNING + OUTAGE_STARTS;
        let outage = Outage { dependency, from, until: from + OUTAGE_LASTS, fault };
        let weather = Weather { outages: vec![outage], ..Weather::default() };
        let down = run(&requests, HALF_AN_HOUR, weather);
        let calls = |world: &World| (world.count(Kind::Copy) as u64 + world.watch.publications) as f64;
        let traffic = calls(&down) / calls(&calm);
        let minutes = (down.age().as_secs_f64() - (OUTAGE_STARTS + OUTAGE_LASTS).as_secs_f64()) / 60.0;
        (dependency, fault, minutes, traffic, down.watch.violations)
    });
    let mut report = Report::default();
    for (dependency, fault, minutes, traffic, violations) in runs {
        let outage = format!("{dependency:?} {fault:?}");
        let result = format!("all ended {minutes:.0} min after, traffic {traffic:.2} of normal");
        // Without the bus, copies still start and end; only the announcements wait.
        let late = if dependency == BUS { 3.0 } else { 60.0 };
        report.must(traffic <= 2.0 && minutes <= late && violations.is_empty(), || {
            format!("{outage}: {result}: {violations:?}")
        });
        report.count(&outage, result);
    }
    report
}

/// Returns requests for random projects, so many a second; 0 if all arrive at once.
fn spread(requests: u64, per_second: u64, projects: u64, seed: u64) -> Requests {
    let mut chance = Chance::new(seed);
    let request = |i: u64| {
        let project = project(chance.below(projects) as usize);
        let arrives = Duration::from_millis((i * 1000).checked_div(per_second).unwrap_or(0));
        (arrives, Request { project, ..Request::new(&i.to_string()) })
    };
    (0..requests).map(request).collect()
}

/// Runs two instances of start-copy and one of check-copies, with a quota of 5 calls a second of each operation.
fn run(requests: &Requests, copy_duration: Duration, weather: Weather) -> World {
    let rules = rules(&[("START_TIMEOUT_SECONDS", "31536000"), ("COPY_TIMEOUT_SECONDS", "604800")]);
    let patience = Duration::from_secs(365 * 24 * 3600);
    let deployment = Deployment { patience, ..Deployment::usual(rules) };
    let mut world = deployment.run(requests, |world| {
        world.latency = Latency::Varying;
        world.models.calls_per_second = Some(5);
        world.models.course.duration = copy_duration;
        world.weather = weather;
    });
    world.watch.waits.sort_unstable();
    world
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
