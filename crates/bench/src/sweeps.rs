//! Part `sweeps`: runs the use cases in the simulated world of `crates/proofs`, and one sweep of the real check-copies over
//! 10,000 copies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use proofs::deployment::{CHECK_COPIES_TIMEOUT, MINUTE, START_COPY_TIMEOUT, in_virtual_time};
use proofs::process::Process;
use proofs::request::{accept, project, rules};
use proofs::weather::Kind;
use proofs::world::{Shared, World};
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::check_copies::Report;
use rekognition_model_copier::domain::intake::{Message, WayIn};
use rekognition_model_copier::domain::record::Record;
use serde_json::Value;

use crate::billing::{Stored, query_units, write_units};
use crate::crowd::{self, Crowd};
use crate::page::{fill, goal, goals_table, path, table, today};
use crate::{Outcome, in_real_time};

/// The most bytes of a page of a query.
const BYTES_PER_PAGE: usize = 1_048_576;

/// The result of one sweep.
pub(crate) struct Swept {
    pub(crate) calls: Vec<Kind>,
    pub(crate) report: Report,
    pub(crate) read_units: f64,
}

impl Swept {
    pub(crate) fn seconds(&self) -> f64 {
        Duration::from_millis(self.report.sweep_milliseconds).as_secs_f64()
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        count(&self.calls, kind)
    }
}

fn count(calls: &[Kind], kind: Kind) -> usize {
    calls.iter().filter(|call| **call == kind).count()
}

/// The calls of requests from their arrival to their end.
pub(crate) struct Lives {
    calls: Vec<Kind>,
    events: u64,
    pub(crate) write_units: f64,
}

/// The copies that a sweep polls.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pending {
    /// How many there are, spread over the projects.
    pub(crate) copies: usize,
    pub(crate) projects: usize,
    /// How many versions each project has. The copies are the newest.
    pub(crate) versions: usize,
    /// Whether all of them have just completed.
    pub(crate) are_completed: bool,
}

pub(crate) fn measure() -> Outcome<()> {
    let in_one = |copies, versions| Pending { copies, projects: 1, versions, ..Pending::default() };
    let many = Pending { copies: 10_000, projects: 100, versions: 100, ..Pending::default() };
    let completed = Pending { copies: 1000, projects: 10, versions: 100, are_completed: true };
    let mut rows = Vec::new();
    let mut is_fewest = true;
    for (copies, versions) in
        [(1, 1), (10, 1000), (11, 100), (25, 100), (100, 100), (100, 1000), (1000, 1000), (2000, 5000)]
    {
        let swept = sweep(in_one(copies, versions))?;
        let fewest = copies.div_ceil(10).min(versions.div_ceil(100));
        let touched = swept.count(Kind::Load) + swept.count(Kind::Save);
        is_fewest &= swept.count(Kind::Describe) <= fewest && touched == 0;
        rows.push(row(&format!("{copies} of {versions}, 1"), &swept, fewest));
    }
    rows.push(row("10,000, 100 each in 100", &sweep(many)?, 100));
    rows.push(row("1,000, 100 each in 10, all just completed", &sweep(completed)?, 10));
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
    let writes = count(&life.calls, Kind::Create) + count(&life.calls, Kind::Save);
    let Crowd { life: crowd, calls } = in_real_time(crowd::sweep())?;
    let called = |operation: &str| calls.get(operation).copied().unwrap_or(0);
    let describe = called("DescribeProjectVersions");
    let others: usize = calls.values().sum::<usize>() - describe - called("Query");
    let reported = |name| crowd.answer.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let took = reported("sweepMilliseconds") / 1000.0;
    let in_forced_time = took / ((describe - 1) as f64 / 5.0);
    let is_complete = in_forced_time <= 1.2 && reported("copying") == 10_000.0;
    let processor = crowd.processor.as_secs_f64();
    let memory = crowd.peak_memory as f64 / 1_048_576.0;
    let per_life = writes as f64 / 10.0;
    let all_describes = "10,000 pending in 100 projects: Describe calls";
    let time = "its time, in the time that 5 calls a second force";
    let untouched = "ledger writes for copies that are still running";
    let goals = [
        goal(
            "Describe calls for n pending of m versions",
            "min(⌈n/10⌉, ⌈m/100⌉)",
            "see above".to_owned(),
            is_fewest,
        ),
        goal(all_describes, "≤ 100", describe.to_string(), describe <= 100),
        goal(time, "≤ 1.2 ×", format!("{took:.1} s, {in_forced_time:.2} ×"), is_complete),
        goal("its processor time", "< 1 s", format!("{processor:.2} s"), processor < 1.0),
        goal("its memory", "< 64 MB", format!("{memory:.1} MB"), memory < 64.0),
        goal(untouched, "0", others.to_string(), others == 0),
        goal("ledger writes in a whole life", "≤ 5", per_life.to_string(), per_life <= 5.0),
    ];
    fill(
        "sweeps",
        &format!(
            "Counted on {}, in a simulated AWS. The pending copies are the newest versions of their projects. Time is \
             virtual: a call of DescribeProjectVersions is assumed to last {} ms, a call to the ledger {} ms.\n\n{}\nTen \
             requests that arrive in one batch and meet no fault cause {writes} writes, {} reads, {} PutEvents calls with \
             {} events and {} calls of CopyProjectVersion, from request to end.\n\nThe goals for 10,000 pending copies are \
             measured with the real program, over HTTP and at the real rate: {} queries, {} bytes of log.\n\n{}",
            today(),
            Kind::Describe.latency().as_millis(),
            Kind::Load.latency().as_millis(),
            table(&head, &rows),
            count(&life.calls, Kind::Load),
            count(&life.calls, Kind::Publish),
            life.events,
            count(&life.calls, Kind::Copy),
            called("Query"),
            crowd.logged,
            goals_table(&goals)
        ),
    )
}

fn row(pending: &str, swept: &Swept, fewest: usize) -> Vec<String> {
    let mut cells = vec![pending.to_owned(), swept.count(Kind::Describe).to_string(), fewest.to_string()];
    cells
        .extend([Kind::Due, Kind::Load, Kind::Save, Kind::Publish].map(|kind| swept.count(kind).to_string()));
    cells.push(format!("{:.1} s", swept.seconds()));
    cells
}

/// Runs one sweep over the pending copies, in virtual time.
pub(crate) fn sweep(pending: Pending) -> Outcome<Swept> {
    in_virtual_time(async {
        let rules = rules(&[]);
        let shared = Shared::new(&rules, 0);
        let entry_bytes = shared.with(|world| add_copies(world, pending))?;
        tokio::time::sleep(MINUTE).await;
        shared.with(|world| world.effects.clear());
        let copier = Process::start(&shared, SignedDuration::ZERO, rules);
        let report = copier.sweep("a sweep", Budget::for_sweep(CHECK_COPIES_TIMEOUT)).await;
        let calls = shared.with(|world| std::mem::take(&mut world.effects));
        let read_units = query_units(count(&calls, Kind::Due), entry_bytes);
        Ok(Swept { calls, report, read_units })
    })
}

/// Adds the pending copies and the older versions of their projects. Returns the bytes of the copies' entries in the index.
fn add_copies(world: &mut World, pending: Pending) -> Outcome<usize> {
    let first = accept(&request(0)?, &world.rules, world.now);
    for p in 0..pending.projects {
        for v in (0..pending.versions).rev() {
            let mut accepted = first.clone();
            accepted.header.key.request_id = format!("{p}/{v}");
            accepted.copy.destination_project_arn = project(p);
            accepted.copy.version_name = format!("v{v}");
            let is_pending = v < pending.copies / pending.projects;
            world.models.course.duration = match (is_pending, pending.are_completed) {
                (false, _) => Duration::ZERO,
                (true, true) => MINUTE / 2,
                (true, false) => Duration::from_secs(7200),
            };
            if is_pending {
                world.put_copying(accepted);
            } else {
                world.models.copy(&accepted.copy, world.now).map_err(|refusal| refusal.code)?;
            }
        }
    }
    let Some(record) = world.table.records().next() else { return Ok(0) };
    let entry = Stored::of(record)?.entry;
    world.table.page_size = BYTES_PER_PAGE / entry;
    Ok(entry * pending.copies)
}

/// Runs requests that arrive in one batch from their arrival to their end, with the sweeps in between, in virtual time.
pub(crate) fn lives(requests: usize) -> Outcome<Lives> {
    in_virtual_time(async {
        let rules = rules(&[]);
        let shared = Shared::new(&rules, 0);
        let units = Arc::new(Mutex::new(0.0));
        let total = Arc::clone(&units);
        let mut stored = HashMap::new();
        shared.with(|world| {
            world.on_write = Box::new(move |record| {
                let new = Stored::of(record).unwrap_or_default();
                let old = stored.insert(record.header().key.clone(), new).unwrap_or_default();
                *total.lock().unwrap_or_else(PoisonError::into_inner) += write_units(old, new);
            });
        });
        let copier = Process::start(&shared, SignedDuration::ZERO, rules);
        let texts: Vec<String> = (0..requests).map(request).collect::<Outcome<_>>()?;
        let message = |text| Message { text, id: "a message", way_in: WayIn::Queue };
        let messages: Vec<Message<'_>> = texts.iter().map(String::as_str).map(message).collect();
        copier.start_batch(&messages, "an invocation", &Budget::new(START_COPY_TIMEOUT)).await;
        for minute in 0..3 {
            tokio::time::sleep(MINUTE).await;
            copier.sweep(&format!("sweep {minute}"), Budget::for_sweep(CHECK_COPIES_TIMEOUT)).await;
        }
        let units = *units.lock().unwrap_or_else(PoisonError::into_inner);
        shared.with(|world| {
            let is_completed = |record: &&Record| record.status_word() == "COMPLETED";
            let completed = world.table.records().filter(is_completed).count();
            if (completed, world.table.unfinished) != (requests, 0) {
                return Err(format!("{completed} of {requests} copies completed").into());
            }
            let calls = std::mem::take(&mut world.effects);
            Ok(Lives { calls, events: world.watch.publications, write_units: units })
        })
    })
}

/// Returns the example request under another id and version name.
fn request(number: usize) -> Outcome<String> {
    let text = std::fs::read_to_string(path("events/copy-requested.json"))?;
    let text = text.replace("release-2026-11-02", &format!("r{number}"));
    let text = text.replace("\"team\": \"flowers\"", &format!("\"mark\": \"r{number}\""));
    Ok(text.replace("\"flowers.2026-11-02\"", &format!("\"v{number}\"")))
}
