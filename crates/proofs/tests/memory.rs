//! What a sweep holds when very much is pending: all of it is counted that is allocated from its first read to its
//! last, beside a world that stays as it is.

use std::time::Duration;

use jiff::SignedDuration;
use peak_alloc::PeakAlloc;
use proofs::crashes::in_virtual_time;
use proofs::process::Process;
use proofs::request::{Request, project, rules};
use proofs::world::models::Destiny;
use proofs::world::{Shared, World, later};
use rekognition_model_copier::domain::decide::start::{Answered, answered};
use rekognition_model_copier::domain::intake::{Message, Via, intake};
use rekognition_model_copier::domain::refusal::CopyAnswer;
use rekognition_model_copier::{Copier, Rules};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const COPIES: usize = 100_000;
const MOST: usize = 128 * 1024 * 1024;

/// Puts a copy under way into the ledger and into Custom Labels.
fn copying(world: &mut World, rules: &Rules, number: usize) {
    let request = Request { project: project(number / 100), ..Request::new(&number.to_string()) };
    let message = Message { text: &request.body(), id: &request.id, via: Via::Queue };
    let taken =
        intake(message, &rules.admission, &rules.event_source, "owner", world.now).expect("a request");
    let arn = world.models.judge(taken.record.copy.as_ref().expect("a copy"), world.now).expect("accepted");
    let answer = answered(taken.record, CopyAnswer::Accepted(arn), world.now, &rules.times);
    let Answered::Write(record) = answer else { panic!("not started") };
    world.table.create(&record.published(1), world.now);
}

#[test]
fn a_sweep_over_a_hundred_thousand_copies_holds_less_than_128_megabytes() {
    in_virtual_time(async {
        let rules = rules(&[]);
        let shared = Shared::new(&rules, 1);
        shared.with(|world| {
            world.keep_effects = false;
            world.models.per_second = Some(5);
            world.models.usual = Destiny { takes: Duration::from_secs(7200), ..Destiny::default() };
            (0..COPIES).for_each(|number| copying(world, &rules, number));
            // Lets the index come after the records.
            world.table.due(rekognition_model_copier::domain::record::Step::Look, world.now, None, world.now);
        });
        let process = Process::new(&shared, SignedDuration::ZERO);
        let port = || process.clone();
        let copier = Copier::new(port(), port(), port(), port(), rules);
        let until = later(shared.with(|world| world.now), Duration::from_secs(600));

        ALLOCATED.reset_peak_usage();
        let before = ALLOCATED.current_usage();
        let report = copier.sweep("sweep", until).await;
        let held = ALLOCATED.peak_usage() - before;

        println!("{} copies, {} calls, {} KiB", report.copying, report.describe_calls, held / 1024);
        assert_eq!((report.copying, report.describe_calls), (COPIES, COPIES / 100));
        assert!(held < MOST, "{held} bytes");
        assert!(held > COPIES * 100, "{held} bytes: nothing was counted");
    });
}
