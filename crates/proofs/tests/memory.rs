//! What a sweep holds when very much is pending: all of it is counted that is allocated from its first read to its
//! last, beside a world that stays as it is.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use peak_alloc::PeakAlloc;
use proofs::crashes::in_virtual_time;
use proofs::process::Process;
use proofs::request::{Request, project, rules};
use proofs::world::models::Destiny;
use proofs::world::{Shared, World};
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::domain::aws_answer::CopyAnswer;
use rekognition_model_copier::domain::decisions::copy_answer::{AnswerDecision, copy_answer};
use rekognition_model_copier::domain::intake::{Message, WayIn, read_message};
use rekognition_model_copier::domain::record::{Accepted, Record, Step};
use rekognition_model_copier::{Copier, Rules};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const COPIES: usize = 100_000;
const MOST: usize = 128 * 1024 * 1024;

/// A request that is taken in.
fn taken_in(rules: &Rules, now: Timestamp) -> Accepted {
    let request = Request::new("a");
    let message = Message { text: &request.body(), id: &request.id, way_in: WayIn::Queue };
    let record = read_message(message, rules, "owner", now).expect("a request").record;
    let Record::Accepted(accepted) = record else { panic!("rejected") };
    accepted
}

/// Puts a copy under way into the ledger and into Custom Labels.
fn copying(world: &mut World, rules: &Rules, mut accepted: Accepted, number: usize) {
    accepted.header.key.request_id = number.to_string();
    accepted.copy.destination_project_arn = project(number / 100);
    accepted.copy.version_name = format!("copy-{number}");
    let arn = world.models.judge(&accepted.copy, world.now).expect("accepted");
    let decision = copy_answer(accepted, CopyAnswer::Accepted(arn), None, world.now, rules);
    let AnswerDecision::Save(mut accepted) = decision else { panic!("not started") };
    accepted.header.outbox.clear();
    world.table.create(&accepted.into(), world.now);
}

#[test]
fn a_sweep_over_a_hundred_thousand_copies_holds_less_than_128_megabytes() {
    in_virtual_time(async {
        let rules = rules(&[]);
        let shared = Shared::new(&rules, 1);
        shared.with(|world| {
            world.keep_effects = false;
            world.models.per_second = None;
            world.models.usual = Destiny { takes: Duration::from_secs(7200), ..Destiny::default() };
            let accepted = taken_in(&rules, world.now);
            (0..COPIES).for_each(|number| copying(world, &rules, accepted.clone(), number));
            // Lets the index come after the records.
            world.table.due(Step::Poll, world.now, None, world.now);
        });
        let process = Process::new(&shared, SignedDuration::ZERO);
        // So that there is time for all of them.
        let rules = Rules { calls_per_second: 50, ..rules };
        let copier = Copier::new(process.ports(), rules);
        let budget = Budget::for_sweep(Duration::from_secs(600));

        ALLOCATED.reset_peak_usage();
        let before = ALLOCATED.current_usage();
        let report = copier.sweep("sweep", budget).await;
        let held = ALLOCATED.peak_usage() - before;

        println!("{} copies, {} calls, {} KiB", report.copying, report.describe_calls, held / 1024);
        assert_eq!((report.copying, report.describe_calls), (COPIES, COPIES / 100));
        assert!(held < MOST, "{held} bytes");
        assert!(held > COPIES * 100, "{held} bytes: nothing was counted");
    });
}
