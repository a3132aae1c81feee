//! Part `sweeps`: the use cases in a world that counts, and one sweep of the real check-copies over 10,000 copies.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::check_copies::Report;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::intake::{Message, WayIn};
use rekognition_model_copier::domain::model::ModelStatus;
use rekognition_model_copier::domain::record::{Record, State};
use serde_json::Value;

use crate::page::{fill, goal, path, table, today};
use crate::world::{Calls, CountedCopier, DESCRIBE, LEDGER, World};
use crate::{Outcome, crowd};

/// The time-outs of the functions in template.yaml.
const START_COPY_TIMEOUT: Duration = Duration::from_secs(60);
const CHECK_COPIES_TIMEOUT: Duration = Duration::from_secs(70);
/// How far apart sweeps are.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);

/// One sweep: its calls and its report.
pub(crate) struct Swept {
    pub(crate) calls: Calls,
    pub(crate) report: Report,
}

impl Swept {
    pub(crate) fn seconds(&self) -> f64 {
        Duration::from_millis(self.report.sweep_milliseconds).as_secs_f64()
    }
}

/// The copies that a sweep polls.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pending {
    /// How many there are, spread over the projects.
    pub(crate) copies: usize,
    pub(crate) projects: usize,
    /// Versions of each project, of which the copies are the newest.
    pub(crate) versions: usize,
    /// Whether all of them have just completed.
    pub(crate) are_completed: bool,
}

pub(crate) async fn measure() -> Outcome<()> {
    let mut rows = Vec::new();
    let mut fewest = true;
    for (copies, versions) in
        [(1, 1), (10, 1000), (11, 100), (25, 100), (100, 100), (100, 1000), (1000, 1000), (2000, 5000)]
    {
        let pending = Pending { copies, projects: 1, versions, ..Pending::default() };
        let swept = sweep(pending)?;
        let bound = copies.div_ceil(10).min(versions.div_ceil(100));
        fewest &= swept.calls.describe <= bound && swept.calls.writes == 0 && swept.calls.reads == 0;
        rows.push(row(&format!("{copies} of {versions}, 1"), &swept, &bound.to_string()));
    }
    let many = Pending { copies: 10_000, projects: 100, versions: 100, ..Pending::default() };
    rows.push(row("10,000, 100 each in 100", &sweep(many)?, "100"));
    let completed = Pending { copies: 1000, projects: 10, versions: 100, are_completed: true };
    rows.push(row("1,000, 100 each in 10, all just completed", &sweep(completed)?, "10"));
    let head = [
        "pending copies of versions, projects",
        "Describe",
        "fewest",
        "queries",
        "reads",
        "writes",
        "PutEvents",
        "time",
    ];

    let life = lives(10)?;
    let (crowd, calls) = crowd::sweep().await?;
    let count = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Relaxed);
    let (describe, writes, reads) = (count(&calls.describe), count(&calls.writes), count(&calls.reads));
    let reported = |name| crowd.answer.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let forced = (describe - 1) as f64 / 5.0;
    let took = reported("sweepMilliseconds") / 1000.0;
    let everything = reported("copying") == 10_000.0;
    let processor = crowd.processor.as_secs_f64();
    let memory = crowd.peak_memory as f64 / 1_048_576.0;
    let per_life = life.writes as f64 / 10.0;
    let goals = vec![
        goal(
            "Describe calls for n pending of m versions",
            "min(⌈n/10⌉, ⌈m/100⌉)",
            "see above".to_owned(),
            fewest,
        ),
        goal(
            "10,000 pending in 100 projects: Describe calls",
            "≤ 100",
            format!("{describe}"),
            describe <= 100,
        ),
        goal(
            "its time, in the time that 5 calls a second force",
            "≤ 1.2 ×",
            format!("{took:.1} s, {:.2} ×", took / forced),
            took <= 1.2 * forced && everything,
        ),
        goal("its processor time", "< 1 s", format!("{processor:.2} s"), processor < 1.0),
        goal("its memory", "< 64 MB", format!("{memory:.1} MB"), memory < 64.0),
        goal(
            "ledger writes for copies that are still running",
            "0",
            writes.to_string(),
            writes == 0 && reads == 0,
        ),
        goal("ledger writes in a whole life", "≤ 5", format!("{per_life}"), per_life <= 5.0),
    ];
    fill(
        "sweeps",
        &format!(
            "Counted on {}, in fakes of the services. The pending copies are the newest versions of their projects. Time is \
             virtual: a call of DescribeProjectVersions is assumed to last {} ms, a call to the ledger {} ms.\n\n{}\nTen \
             requests that arrive in one batch and meet no fault cause {} writes, {} reads, {} PutEvents calls with {} \
             events and {} calls of CopyProjectVersion, from request to end.\n\nThe goals for 10,000 pending copies are \
             measured with the real program, over HTTP and at the real rate: {} queries, {} bytes of log.\n\n{}",
            today(),
            DESCRIBE.as_millis(),
            LEDGER.as_millis(),
            table(&head, &rows),
            life.writes,
            life.reads,
            life.put_events,
            life.events,
            life.copies,
            count(&calls.queries),
            crowd.logged,
            table(&["goal", "", "measured", "reached"], &goals)
        ),
    )
}

fn row(what: &str, swept: &Swept, fewest: &str) -> Vec<String> {
    let Calls { describe, queries, reads, writes, put_events, .. } = swept.calls;
    let mut cells = vec![what.to_owned(), describe.to_string(), fewest.to_owned()];
    cells.extend([queries, reads, writes, put_events].map(|count| count.to_string()));
    cells.push(format!("{:.1} s", swept.seconds()));
    cells
}

/// One sweep over the pending copies.
pub(crate) fn sweep(pending: Pending) -> Outcome<Swept> {
    in_virtual_time(move || run_sweep(pending))
}

/// The calls of `count` requests that arrive in one batch, are copied and end, with those of the sweeps.
pub(crate) fn lives(count: usize) -> Outcome<Calls> {
    in_virtual_time(move || run_lives(count))
}

/// Runs `work` in virtual time, which passes whenever everything waits.
fn in_virtual_time<T: Send + 'static, F: Future<Output = Outcome<T>>>(
    work: impl FnOnce() -> F + Send + 'static,
) -> Outcome<T> {
    let run = move || -> Outcome<T> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        runtime.block_on(work())
    };
    std::thread::spawn(run).join().map_err(|_| "the measurement panicked")?
}

async fn run_sweep(pending: Pending) -> Outcome<Swept> {
    let (world, copier) = World::with_copier()?;
    if pending.copies > 0 {
        populate(&world, &copier, pending).await?;
    }
    if pending.are_completed {
        world.complete_copies();
    }
    tokio::time::sleep(BETWEEN_SWEEPS).await;
    world.forget_calls();
    let report = copier.sweep("a sweep", Budget::for_sweep(CHECK_COPIES_TIMEOUT)).await;
    Ok(Swept { calls: world.calls(), report })
}

/// Makes the pending copies from one that was requested, and the other versions of their projects.
async fn populate(world: &World, copier: &CountedCopier, pending: Pending) -> Outcome<()> {
    let text = request()?;
    let message = Message { text: &text, id: "an invocation", way_in: WayIn::Invocation };
    copier.start_invocation(message, &Budget::new(START_COPY_TIMEOUT)).await.0?;
    let Some(Record::Accepted(first)) = world.records().pop() else {
        return Err("the first request was not accepted".into());
    };
    // The first one would be in a project of its own.
    world.remove(&first.header.key);
    for p in 0..pending.projects {
        let head = format!("arn:aws:rekognition:us-east-1:444455556666:project/p{p}");
        let project = ProjectArn::parse(&format!("{head}/1761991200000"))?;
        for v in (0..pending.versions).rev() {
            let name = format!("v{v}");
            let arn = ProjectVersionArn::parse(&format!("{head}/version/{name}/1763978400000"))?;
            if v >= pending.copies / pending.projects {
                world.add_version(&project, arn, ModelStatus::CopyingCompleted);
                continue;
            }
            world.add_version(&project, arn.clone(), ModelStatus::CopyingInProgress);
            let mut accepted = first.clone();
            let State::Copying(copying) = &mut accepted.state else {
                return Err("the first copy was not started".into());
            };
            copying.copy.project_version_arn = arn;
            accepted.header.key.request_id = format!("{p}/{v}");
            accepted.copy.destination_project_arn = project.clone();
            accepted.copy.version_name = name;
            world.put(accepted.into())?;
        }
    }
    Ok(())
}

async fn run_lives(count: usize) -> Outcome<Calls> {
    let (world, copier) = World::with_copier()?;
    let request = request()?;
    let texts: Vec<String> = (0..count)
        .map(|n| {
            let text = request.replace("release-2026-11-02", &format!("r{n}"));
            text.replace("\"flowers.2026-11-02\"", &format!("\"v{n}\""))
        })
        .collect();
    let messages: Vec<Message<'_>> =
        texts.iter().map(|text| Message { text, id: "a message", way_in: WayIn::Queue }).collect();
    let batch = copier.start_batch(&messages, "an invocation", &Budget::new(START_COPY_TIMEOUT)).await;
    if batch.counts.started != count {
        return Err(format!("not every copy was started: {:?}", batch.counts).into());
    }
    let mut completed = 0;
    for minute in 0..3 {
        tokio::time::sleep(BETWEEN_SWEEPS).await;
        if minute == 2 {
            world.complete_copies();
        }
        let budget = Budget::for_sweep(CHECK_COPIES_TIMEOUT);
        completed += copier.sweep(&format!("sweep {minute}"), budget).await.counts.completed;
    }
    let unpublished = world.records().iter().filter(|record| record.next_step().is_some()).count();
    if (completed, unpublished) != (count, 0) {
        return Err(format!("{completed} of {count} copies completed, {unpublished} are unpublished").into());
    }
    Ok(world.calls())
}

fn request() -> Outcome<String> {
    Ok(std::fs::read_to_string(path("events/copy-requested.json"))?)
}
