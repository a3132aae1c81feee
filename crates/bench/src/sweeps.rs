//! Part `sweeps`: the use cases in a world that counts, and the real check-copies before a crowd.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::model::ModelStatus;
use rekognition_model_copier::domain::record::{Copying, Record, State};
use rekognition_model_copier::domain::times::after;
use rekognition_model_copier::ports::Clock;
use rekognition_model_copier::start_copy::QueueMessage;
use rekognition_model_copier::{Copier, check_copies::Report};
use serde_json::Value;
use tokio::time::Instant;

use crate::page::{fill, goal, path, table, today};
use crate::world::{Calls, World};
use crate::{Outcome, crowd};

/// What one sweep came to.
pub(crate) struct Swept {
    pub(crate) calls: Calls,
    pub(crate) lasted: Duration,
    pub(crate) report: Report,
}

pub(crate) async fn measure() -> Outcome<()> {
    let mut rows = Vec::new();
    let mut fewest = true;
    for (pending, versions) in
        [(1, 1), (10, 1000), (11, 100), (25, 100), (100, 100), (100, 1000), (1000, 1000), (2000, 5000)]
    {
        let swept = in_virtual_time(move || sweep(pending, 1, versions, 0))?;
        let bound = pending.div_ceil(10).min(versions.div_ceil(100));
        fewest &= swept.calls.describe <= bound && swept.calls.writes == 0 && swept.calls.reads == 0;
        rows.push(row(&format!("{pending} of {versions}, 1"), &swept, &bound.to_string()));
    }
    let all = in_virtual_time(|| sweep(10_000, 100, 100, 0))?;
    rows.push(row("10,000, 100 each in 100", &all, "100"));
    let ended = in_virtual_time(|| sweep(1000, 10, 100, 1))?;
    rows.push(row("1,000, 100 each in 10, all just copied", &ended, "10"));
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

    let life = in_virtual_time(|| lives(10))?;
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
        goal("ledger writes for copies merely copying", "0", writes.to_string(), writes == 0 && reads == 0),
        goal("ledger writes in a whole life", "≤ 5", format!("{per_life}"), per_life <= 5.0),
    ];
    fill(
        "sweeps",
        &format!(
            "Counted on {}, at the ports; the pending copies are the newest versions of their projects. Time is \
             virtual: a call of Describe is taken to last 60 ms, one of the ledger 5 ms.\n\n{}\nA life of a request \
             without trouble, ten of them in one batch: {} writes, {} reads, {} PutEvents calls with {} events, {} \
             calls of CopyProjectVersion.\n\nThe crowd of 10,000 is looked at by the real program, over HTTP and at \
             the real pace: {} queries, {} bytes of log.\n\n{}",
            today(),
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
    cells.push(format!("{:.1} s", swept.lasted.as_secs_f64()));
    cells
}

/// Runs in a time of its own, which passes when everybody waits.
pub(crate) fn in_virtual_time<T: Send + 'static, F: Future<Output = Outcome<T>>>(
    work: impl FnOnce() -> F + Send + 'static,
) -> Outcome<T> {
    let run = move || -> Outcome<T> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        runtime.block_on(work())
    };
    std::thread::spawn(run).join().map_err(|_| "the measurement panicked")?
}

/// One sweep over `pending` copies, spread over `projects` with `versions` each, of which one in `ended` (none for
/// 0) has just been copied.
pub(crate) async fn sweep(pending: usize, projects: usize, versions: usize, ended: usize) -> Outcome<Swept> {
    let (world, copier) = World::with_copier();
    if pending > 0 {
        populate(&world, &copier, pending, projects, versions).await?;
    }
    if ended > 0 {
        world.complete(ended);
    }
    // The copies have been under way for a while.
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.forget_calls();
    let began = Instant::now();
    let until = after(world.now(), SignedDuration::from_secs(55));
    let report = copier.sweep("a sweep", until).await;
    Ok(Swept { calls: world.calls(), lasted: began.elapsed(), report })
}

async fn populate(
    world: &World,
    copier: &Copier<World, World, World, World>,
    pending: usize,
    projects: usize,
    versions: usize,
) -> Outcome<()> {
    // One real request, and then many like it.
    copier.take_in_invocation(&request()?, "an invocation").await.0?;
    let first = world.records().pop().ok_or("no record")?;
    let State::Copying(copying) = first.state.clone() else {
        return Err("the first copy was not started".into());
    };
    for number in 0..projects {
        let project = format!("arn:aws:rekognition:us-east-1:444455556666:project/p{number}/1761991200000");
        let project = ProjectArn::parse(&project)?;
        let mine = pending / projects;
        for n in (0..versions).rev() {
            let name = format!("v{n}");
            let arn = format!(
                "arn:aws:rekognition:us-east-1:444455556666:project/p{number}/version/{name}/1763978400000"
            );
            let arn = ProjectVersionArn::parse(&arn)?;
            if n >= mine {
                world.add_version(&project, arn, ModelStatus::CopyingCompleted);
                continue;
            }
            world.add_version(&project, arn.clone(), ModelStatus::CopyingInProgress);
            let mut record = Record {
                state: State::Copying(Copying { project_version_arn: arn, ..copying.clone() }),
                ..first.clone()
            };
            record.key.request_id = format!("{number}/{n}");
            if let Some(copy) = &mut record.copy {
                copy.destination_project_arn = project.clone();
                copy.version_name = name;
            }
            world.put(record);
        }
    }
    // The first one would be a project more.
    world.forget(&first.key);
    Ok(())
}

/// The calls of `count` requests that arrive in one batch, are copied and end, the sweeps included.
pub(crate) async fn lives(count: usize) -> Outcome<Calls> {
    let (world, copier) = World::with_copier();
    let bodies: Vec<(String, String)> = (0..count)
        .map(|n| {
            Ok((
                format!("m{n}"),
                request()?
                    .replace("release-2026-11-02", &format!("r{n}"))
                    .replace("\"flowers.2026-11-02\"", &format!("\"v{n}\"")),
            ))
        })
        .collect::<Outcome<_>>()?;
    let messages: Vec<QueueMessage<'_>> = bodies.iter().map(|(id, body)| QueueMessage { id, body }).collect();
    let batch = copier.take_in_batch(&messages, "an invocation").await;
    if batch.counts.started != count {
        return Err(format!("not every copy was started: {:?}", batch.counts).into());
    }
    for minute in 0..3 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        if minute == 2 {
            world.complete(1);
        }
        copier.sweep(&format!("sweep {minute}"), after(world.now(), SignedDuration::from_secs(55))).await;
    }
    match world
        .records()
        .iter()
        .filter(|record| record.status() == "COMPLETED" && record.outbox.is_empty())
        .count()
    {
        ended if ended == count => Ok(world.calls()),
        ended => Err(format!("{ended} of {count} requests have ended").into()),
    }
}

fn request() -> Outcome<String> {
    Ok(std::fs::read_to_string(path("events/copy-requested.json"))?)
}
