//! The search `hangs`: each dependency hangs, or takes nine seconds a call. Every sweep must end in time and report, and must do
//! the work that does not need that dependency.

use std::time::Duration;

use jiff::SignedDuration;
use proofs::deployment::{CHECK_COPIES_TIMEOUT, MINUTE, in_virtual_time};
use proofs::process::{COPY_TIMEOUT, Process};
use proofs::request::{Request, project, rules};
use proofs::scenario::PUTTING;
use proofs::weather::{BUS, Dependency, Kind, LEDGER, SOURCE_ACCOUNT};
use proofs::world::models::refusal;
use proofs::world::{Shared, World};
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::check_copies::Report;
use rekognition_model_copier::domain::aws_answer::CopyAnswer;
use tokio::time::{Instant, sleep};

const COPY: Dependency = &[Kind::Copy];
const DESCRIBE: Dependency = &[Kind::Describe];

const HANGS: Duration = Duration::from_secs(1_000_000);
const NINE_SECONDS: Duration = Duration::from_secs(9);

/// Puts 24 projects with a running copy, 20 starts that are due, and 6 starts whose answer was lost.
fn add_work(world: &mut World) {
    let throttled = CopyAnswer::Refused(refusal("ThrottlingException"));
    let lost = CopyAnswer::Unanswered { reason: "reset".to_owned() };
    for (name, count, answer) in
        [("copying", 24, None), ("due", 20, Some(throttled)), ("lost", 6, Some(lost))]
    {
        for n in 0..count {
            let request = Request { project: project(n), ..Request::new(&format!("{name}{n}")) };
            let accepted = request.accept(&world.rules, world.now);
            match answer.clone() {
                None => world.put_copying(accepted),
                Some(answer) => world.put_answered(accepted, answer),
            }
        }
    }
}

/// Runs two sweeps, ten minutes later, and returns the first report.
async fn sweep(dependency: Dependency, delay: Duration, settings: &[(&str, &str)]) -> Report {
    let rules = rules(settings);
    let shared = Shared::new(&rules, 1);
    shared.with(|world| {
        world.models.course.duration = Duration::from_secs(7200);
        // The client gives up a copy call itself.
        let delay = if dependency == COPY { delay.min(COPY_TIMEOUT) } else { delay };
        world.slowed = (dependency, delay);
        add_work(world);
    });
    sleep(Duration::from_secs(600)).await;
    let copier = Process::start(&shared, SignedDuration::ZERO, rules);
    let mut reports = Vec::new();
    for n in 0..2 {
        let began = Instant::now();
        reports.push(copier.sweep(&format!("sweep-{n}"), Budget::for_sweep(CHECK_COPIES_TIMEOUT)).await);
        let took = began.elapsed();
        assert!(took <= Duration::from_secs(68), "{dependency:?} {delay:?}: {took:?}");
        sleep(MINUTE.saturating_sub(took)).await;
    }
    reports.swap_remove(0)
}

#[test]
fn every_sweep_ends_in_time_and_reports() {
    for dependency in [LEDGER, COPY, DESCRIBE, SOURCE_ACCOUNT, BUS] {
        for delay in [HANGS, NINE_SECONDS] {
            in_virtual_time(sweep(dependency, delay, &PUTTING));
        }
    }
}

#[test]
fn a_sweep_does_the_work_that_does_not_need_the_dependency() {
    for delay in [HANGS, NINE_SECONDS] {
        for (dependency, started, copying) in [
            (DESCRIBE, Some(20), None),
            (COPY, None, Some(24)),
            (BUS, Some(20), Some(24)),
            (SOURCE_ACCOUNT, Some(20), Some(24)),
        ] {
            let report = in_virtual_time(sweep(dependency, delay, &[]));
            let is_done = started.is_none_or(|started| report.counts.started == started)
                && copying.is_none_or(|copying| report.copying == copying);
            assert!(is_done, "{dependency:?} {delay:?}: {report:?}");
        }
    }
}
