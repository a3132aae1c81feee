//! The searches by name, spread over the processors.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use jiff::SignedDuration;
use rekognition_model_copier::domain::times::LEASE;

use crate::crashes::{Aim, Pairs};
use crate::load::{Load, Outcome};
use crate::mutants::{self, Fate};
use crate::report::Result;
use crate::simulation::{self, Outcome as Life};
use crate::weather::{Fault, Kind, Service};
use crate::{crashes, report, scenario};

/// What there is.
pub const USAGE: &str = "crashes [PAIRS [FIRST]] | quick SEEDS | mutants [PART-OF-A-NAME] | simulation SEEDS [FIRST] | seed SEED | load REQUESTS | backlog COPIES [PROJECTS] | outages SEEDS";

/// Runs the search that the command line asks for.
pub fn main(usage: &str, run: impl Fn(&[&str]) -> Option<Result>) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let write = arguments.iter().any(|argument| argument == "--write");
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--write").collect();
    let Some(result) = run(&words) else {
        eprintln!("usage: {usage} [--write]");
        return ExitCode::from(2);
    };
    println!("{result}");
    if write && let Err(error) = report::write(&result) {
        eprintln!("docs/reliability.md can't be written: {error}");
        return ExitCode::FAILURE;
    }
    if result.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The number at this place of a command, or else `default`; `None` if it is none.
pub fn number(words: &[&str], place: usize, default: u64) -> Option<u64> {
    words.get(place).map_or(Some(default), |word| word.parse().ok())
}

/// Runs a search; `None` if there is none of that name.
pub fn run(words: &[&str]) -> Option<Result> {
    let number = |place, default| number(words, place, default);
    timed(words, |name| {
        Some(match name {
            "crashes" => {
                let first = if words.len() > 2 { Some(number(2, 0)?) } else { None };
                crashes(number(1, 0)?, first)
            }
            "mutants" => mutants(words.get(1).copied().unwrap_or_default()),
            "quick" => quick(number(1, 3000)?),
            "simulation" => simulation(number(1, 500)?, number(2, 0)?, simulation::live),
            "load" => load(number(1, 10_000)?),
            "backlog" => {
                let copies = number(1, 10_000)?;
                backlog(copies, number(2, copies.div_ceil(100))?)
            }
            "outages" => outages(number(1, 1)?),
            "seed" => seed(number(1, 0)?, simulation::live),
            _ => return None,
        })
    })
}

/// What the search of the command's name did, with the command and how long it took.
pub fn timed(words: &[&str], search: impl FnOnce(&str) -> Option<Result>) -> Option<Result> {
    let (name, began) = (*words.first()?, Instant::now());
    let result = search(name)?;
    Some(Result { search: name.to_owned(), command: words.join(" "), took: began.elapsed(), ..result })
}

/// Holds a search to its word, in a test.
///
/// # Panics
/// If there is none of that name, or it finds something.
pub fn finds_nothing(run: impl Fn(&[&str]) -> Option<Result>, words: &[&str]) {
    let result = run(words).expect("a search of that name");
    println!("{result}");
    assert_eq!(result.violations, Vec::<String>::new());
}

/// Does `each` for every number below `count`, on every processor; a thread takes what is next.
pub fn in_parallel(count: u64, each: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    each(number);
                }
            });
        }
    });
}

fn locked<T, R>(mutex: &Mutex<T>, use_it: impl FnOnce(&mut T) -> R) -> R {
    use_it(&mut mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn done(what: &str, count: impl ToString) -> (String, String) {
    (what.to_owned(), count.to_string())
}

/// All single faults, and so many pairs of faults: from `first` on, or spread evenly over all there are.
fn crashes(pairs: u64, first: Option<u64>) -> Result {
    let scenarios = scenario::all();
    let mut singles = Vec::new();
    let mut sites = 0;
    for (i, scenario) in scenarios.iter().enumerate() {
        let calm = crashes::run(scenario, Vec::new(), false);
        let once = crashes::aims(&calm.effects);
        sites += calm.effects.len();
        singles.push((i, Vec::new()));
        singles.extend(once.iter().chain(&crashes::lasting(&once)).map(|aim| (i, vec![aim.clone()])));
    }
    let (violations, hits, paired) = (Mutex::new(Vec::new()), AtomicU64::new(0), AtomicU64::new(0));
    let run = |i: usize, aims: Vec<Aim>| {
        let Some(scenario) = scenarios.get(i) else { return };
        // Pairs are aimed at the effects of runs that spare sweeps.
        let run = crashes::run(scenario, aims.clone(), aims.len() == 2);
        let hit = run.aims.iter().filter(|aim| aim.hit.is_some()).count() as u64;
        hits.fetch_add(hit, Ordering::Relaxed);
        let missed = aims.len() == 1 && hit == 0;
        if missed || !run.violations.is_empty() {
            let aims: Vec<_> = aims
                .iter()
                .map(|aim| format!("{:?} at {} for {:?}", aim.fault, aim.at, aim.lasting))
                .collect();
            let text = format!("{scenario:?}, {aims:?}, missed: {missed}: {:?}", run.violations);
            locked(&violations, |all| all.push(text));
        }
    };
    in_parallel(singles.len() as u64, |n| {
        let Some((i, aims)) = singles.get(n as usize) else { return };
        run(*i, aims.clone());
    });
    let all = Pairs::new(&scenarios);
    let (first, step) = first.map_or((0, (all.count() / pairs.max(1)).max(1)), |first| (first, 1));
    in_parallel(pairs, |n| {
        let Some((i, aims)) = all.get(first + n * step) else { return };
        paired.fetch_add(1, Ordering::Relaxed);
        run(i, aims);
    });
    Result {
        done: vec![
            done("scenarios", scenarios.len()),
            done("effects", sites),
            done("single faults", singles.len() - scenarios.len()),
            done("pairs of faults", format!("{} of {}", paired.into_inner(), all.count())),
            done("hits", hits.into_inner()),
        ],
        violations: violations.into_inner().unwrap_or_default(),
        ..Result::default()
    }
}

/// The worlds of so many seeds, each lived once.
pub fn simulation(seeds: u64, first: u64, live: impl Fn(u64, bool) -> Life + Sync) -> Result {
    let (violations, totals) = (Mutex::new(Vec::new()), Mutex::new([0_u64; 3]));
    let statuses = Mutex::new(std::collections::BTreeMap::<&str, u64>::new());
    in_parallel(seeds, |n| {
        let outcome = live(first + n, false);
        locked(&totals, |[effects, requests, days]| {
            *effects += outcome.effects;
            *requests += outcome.requests;
            *days += outcome.lasted.as_secs();
        });
        locked(&statuses, |all| {
            outcome.statuses.iter().for_each(|(status, count)| *all.entry(status).or_default() += count);
        });
        if !outcome.violations.is_empty() {
            locked(&violations, |all| all.push(format!("seed {}: {:?}", first + n, outcome.violations)));
        }
    });
    let [effects, requests, seconds] = totals.into_inner().unwrap_or_default();
    let statuses = statuses.into_inner().unwrap_or_default();
    let statuses: Vec<String> = statuses.iter().map(|(status, count)| format!("{status} {count}")).collect();
    Result {
        done: vec![
            done("seeds", format!("{first} to {}", (first + seeds).saturating_sub(1))),
            done("requests", requests),
            done("effects", effects),
            done("simulated hours", seconds / 3600),
            done("announced", statuses.join(", ")),
        ],
        violations: violations.into_inner().unwrap_or_default(),
        ..Result::default()
    }
}

/// One seed, told effect by effect, and lived twice.
pub fn seed(seed: u64, live: impl Fn(u64, bool) -> Life) -> Result {
    let (first, again) = (live(seed, true), live(seed, false));
    let mut violations = first.violations;
    if first.history != again.history {
        violations.push("another history the second time".to_owned());
    }
    Result { done: vec![done("history", format!("{:016x}", first.history))], violations, ..Result::default() }
}

const NO_LOAD: Load = Load {
    requests: 0,
    per_second: 0,
    projects: 1,
    takes: std::time::Duration::from_secs(1800),
    permille: Vec::new(),
    outage: None,
    seed: 1,
};

fn counted(outcome: &Outcome) -> Vec<(String, String)> {
    let of = |kind: Kind| outcome.counts[kind as usize].to_string();
    let wait = |part: usize| {
        let n = outcome.waits.len().saturating_sub(1) * part / 100;
        outcome.waits.get(n).map_or(0, |wait| wait.as_secs()).to_string() + " s"
    };
    vec![
        done("accepted", outcome.accepted),
        done("simulated hours", outcome.lasted.as_secs() / 3600),
        done("waits, median", wait(50)),
        done("99%", wait(99)),
        done("longest", wait(100)),
        done("CopyProjectVersion calls", of(Kind::Copy)),
        done("DescribeProjectVersions calls", of(Kind::Describe)),
        done("ledger writes", outcome.counts[Kind::Create as usize] + outcome.counts[Kind::Save as usize]),
        done("announcements published", outcome.publications),
        done("dead letters", outcome.dead),
    ]
}

/// What a request waits whose answer is lost in its last turn, whatever the load: for the end of the lease, for the
/// next sweep, and for the longest back-off if its new call is throttled.
const LOST: SignedDuration = SignedDuration::from_secs(LEASE.as_secs() + 60 + 300);

/// Every request at once, at 5 calls a second, with throttles, lost answers and crashes.
fn load(requests: u64) -> Result {
    let permille = vec![(Fault::Throttle, 100), (Fault::ErrorAfter, 10), (Fault::KilledAfter, 1)];
    let outcome = Load { requests, projects: requests.div_ceil(100), permille, ..NO_LOAD }.run();
    let forced = requests as f64 / 5.0 / 0.9;
    let longest = outcome.waits.last().map_or(0.0, |wait| wait.as_secs_f64());
    let ratio = longest / forced;
    let mut violations = outcome.violations.clone();
    if longest > 1.2 * forced + LOST.as_secs_f64() {
        violations.push(format!("the longest wait is {ratio:.2} times what the quota forces"));
    }
    let most = outcome.waits.len() * 98 / 100;
    if outcome.waits.get(most).is_none_or(|wait| wait.as_secs_f64() > 1.2 * forced) {
        violations.push("98 of 100 wait longer than 1.2 times what the quota forces".to_owned());
    }
    if outcome.accepted != requests || outcome.waits.len() as u64 != requests {
        violations.push(format!("{} accepted, {} started", outcome.accepted, outcome.waits.len()));
    }
    let mut all = counted(&outcome);
    all.push(done("longest wait / what the quota forces", format!("{ratio:.2}")));
    Result { done: all, violations, ..Result::default() }
}

/// Copies in so many projects, all pending at once: each is looked at in the time that the quota forces, plus two sweeps.
fn backlog(copies: u64, projects: u64) -> Result {
    let takes = std::time::Duration::from_secs(copies / 5 * 2 + 7200);
    let load = Load { requests: copies, projects, takes, ..NO_LOAD };
    let (outcome, forced) = (load.run(), load.pages().div_ceil(5));
    let (ended, longest) = (outcome.looks.0, outcome.looks.1.as_secs());
    let mut violations = outcome.violations.clone();
    if longest > forced as i64 + 120 || ended != copies {
        violations.push(format!("{ended} looked at to their end; one was not looked at for {longest} s"));
    }
    let mut all = counted(&outcome);
    all.push(done("longest without a look", format!("{longest} s, of which the quota forces {forced} s")));
    Result { done: all, violations, ..Result::default() }
}

/// Each dependency down for six hours, in two ways.
fn outages(seeds: u64) -> Result {
    use std::time::Duration;
    let hours = Duration::from_secs(6 * 3600);
    let plain = |seed| Load { requests: 300, per_second: 1, projects: 5, seed, ..NO_LOAD };
    let mut plans = Vec::new();
    for seed in 0..seeds {
        for service in Service::ALL {
            for fault in [Fault::ErrorBefore, Fault::Hang] {
                plans.push((service, fault, seed));
            }
        }
    }
    let (violations, lines) = (Mutex::new(Vec::new()), Mutex::new(std::collections::BTreeMap::new()));
    in_parallel(plans.len() as u64, |n| {
        let Some((service, fault, seed)) = plans.get(n as usize).copied() else { return };
        let calm = plain(seed).run();
        let down =
            Load { outage: Some((service, fault, Duration::from_secs(120), hours)), ..plain(seed) }.run();
        let calls = |outcome: &Outcome| outcome.counts[Kind::Copy as usize] + outcome.publications;
        let traffic = calls(&down) as f64 / calls(&calm) as f64;
        let after = down.lasted.as_secs_f64() - 120.0 - hours.as_secs_f64();
        let text = format!("{service:?} {fault:?}");
        locked(&lines, |all| {
            let worst = all.entry(text.clone()).or_insert((0.0_f64, 0.0_f64));
            *worst = (worst.0.max(after / 60.0), worst.1.max(traffic));
        });
        // A bus that is down keeps nothing from being started and ended: only its news wait.
        let late = if service == Service::Bus { 3.0 } else { 60.0 };
        if traffic > 2.0 || after / 60.0 > late {
            let what = format!("{text}, seed {seed}: {:.0} min after, traffic {traffic:.2}", after / 60.0);
            locked(&violations, |all| all.push(what));
        }
        if !down.violations.is_empty() {
            locked(&violations, |all| all.push(format!("{text}, seed {seed}: {:?}", down.violations)));
        }
    });
    let lines = lines.into_inner().unwrap_or_default();
    let all = lines.iter().map(|(what, (minutes, traffic))| {
        done(what, format!("all ended {minutes:.0} min after, traffic {traffic:.2} of normal"))
    });
    Result {
        done: all.collect(),
        violations: violations.into_inner().unwrap_or_default(),
        ..Result::default()
    }
}

/// The calm scenarios, every single fault, those of policies lasting, too, and some seeds, up to the first violation.
fn quick(seeds: u64) -> Result {
    let scenarios = scenario::all();
    let mut plans: Vec<(usize, Vec<Aim>)> = (0..scenarios.len()).map(|i| (i, Vec::new())).collect();
    for (i, scenario) in scenarios.iter().enumerate() {
        let effects = crashes::run(scenario, Vec::new(), false).effects;
        let once = crashes::aims(&effects);
        let kind = |aim: &Aim| effects.get(aim.at as usize - 1);
        let of_policies = |aim: &Aim| matches!(kind(aim), Some(Kind::Policy | Kind::ChangePolicy));
        let long = crashes::lasting(&once).into_iter().filter(of_policies);
        plans.extend(long.chain(once.iter().cloned()).map(|aim| (i, vec![aim])));
    }
    let found = Mutex::new(Vec::new());
    let first = |what: String| locked(&found, |all: &mut Vec<String>| all.push(what));
    let more = || locked(&found, |all| all.is_empty());
    in_parallel(plans.len() as u64 + seeds, |n| {
        if !more() {
            return;
        }
        let Some((i, aims)) = plans.get(n as usize) else {
            let outcome = simulation::live(n - plans.len() as u64, false);
            if let Some(violation) = outcome.violations.first() {
                first(format!("seed {}: {violation}", n - plans.len() as u64));
            }
            return;
        };
        let Some(scenario) = scenarios.get(*i) else { return };
        let run = crashes::run(scenario, aims.clone(), false);
        if let Some(violation) = run.violations.first() {
            let aim = aims.first().map(|aim| format!(", {:?} at effect {}", aim.fault, aim.at));
            first(format!("`{scenario:?}`{}: {violation}", aim.unwrap_or_default()));
        }
    });
    let violations = found.into_inner().unwrap_or_default();
    Result { done: vec![done("runs", plans.len() as u64 + seeds)], violations, ..Result::default() }
}

/// Every mutant, in turn.
fn mutants(part: &str) -> Result {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    let place = std::path::absolute(std::path::Path::new(&target).join("mutants")).unwrap_or_default();
    let mut result = Result::default();
    if let Err(error) = mutants::lay_out(&place) {
        result.violations.push(format!("the mutants' workspace can't be laid out: {error}"));
        return result;
    }
    let mut killed = 0;
    let chosen: Vec<_> = mutants::ALL.iter().filter(|mutant| mutant.name.contains(part)).collect();
    for mutant in &chosen {
        let fate = mutant.try_it(&place).unwrap_or_else(|error| Fate::Invalid(error.to_string()));
        let line = match (&fate, mutant.harmless) {
            (Fate::Killed(by), _) => {
                killed += 1;
                format!("| {} | killed | {by} |", mutant.name)
            }
            (Fate::Survived, Some(why)) => format!("| {} | harmless | {why} |", mutant.name),
            (fate, _) => {
                result.violations.push(format!("`{}` {fate:?}", mutant.name));
                format!("| {} | {fate:?} | |", mutant.name)
            }
        };
        println!("{line}");
    }
    result.done = vec![done("mutants", chosen.len()), done("killed", killed)];
    result
}
