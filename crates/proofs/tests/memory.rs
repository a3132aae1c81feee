//! Tests the memory of a sweep over very many copies. The allocator counts every byte that the sweep allocates; the world does
//! not grow meanwhile.

use std::time::Duration;

use jiff::SignedDuration;
use peak_alloc::PeakAlloc;
use proofs::deployment::in_virtual_time;
use proofs::process::Process;
use proofs::request::{Request, project, rules};
use proofs::world::Shared;
use rekognition_model_copier::Rules;
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::domain::record::Step;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const COPIES: usize = 100_000;
const MAX_BYTES: usize = 128 * 1024 * 1024;

#[test]
fn a_sweep_over_a_hundred_thousand_copies_holds_less_than_128_megabytes() {
    in_virtual_time(async {
        let rules = rules(&[]);
        let shared = Shared::new(&rules, 1);
        shared.with(|world| {
            world.models.course.duration = Duration::from_secs(7200);
            let accepted = Request::new("a").accept(&rules, world.now);
            for number in 0..COPIES {
                let mut accepted = accepted.clone();
                accepted.header.key.request_id = number.to_string();
                accepted.copy.destination_project_arn = project(number / 100);
                accepted.copy.version_name = format!("copy-{number}");
                world.put_copying(accepted);
            }
            // The index is built before the measurement.
            world.table.due(Step::Poll, world.now, None, world.now);
        });
        // At this rate, the sweep has time for every copy.
        let rules = Rules { calls_per_second: 50, ..rules };
        let copier = Process::start(&shared, SignedDuration::ZERO, rules);
        let budget = Budget::for_sweep(Duration::from_secs(600));

        ALLOCATED.reset_peak_usage();
        let before = ALLOCATED.current_usage();
        let report = copier.sweep("sweep", budget).await;
        let held = ALLOCATED.peak_usage() - before;

        println!("{} copies, {} calls, {} KiB", report.copying, report.describe_calls, held / 1024);
        assert_eq!((report.copying, report.describe_calls), (COPIES, COPIES / 100));
        assert!(held < MAX_BYTES, "{held} bytes");
        assert!(held > COPIES * 100, "{held} bytes are too few: the allocator does not count");
    });
}
