//! A run that dies at any step, or whose answer is lost at any call, leaves nothing that `clean` does not find.

use std::task::Poll;

use jiff::SignedDuration;
use model_copier::confirm::Confirmation;
use model_copier::live_check::answer::Verdict;
use model_copier::live_check::answers::Answers;
use model_copier::live_check::clean::clean;
use model_copier::live_check::run::{Level, Run};
use sandbox::{Effect, Fault, Settings};

use super::{Accounts, begun, dies_during, quiet, run};

/// Rows that make projects, policies in both accounts, and copies.
fn runs() -> [Run; 2] {
    [begun(Level::Copies, &[1, 4, 23]), begun(Level::TwoAccounts, &[34])]
}

async fn accounts() -> Accounts {
    let accounts = Accounts::new().await;
    let copying = SignedDuration::from_secs(20);
    accounts.sandbox.set_settings(Settings { copying, ..accounts.sandbox.settings() });
    accounts
}

/// Runs until the process dies after so many sleeps. Whether it did.
async fn run_and_die(accounts: &Accounts, begun: &Run, sleeps: usize) -> bool {
    let (lab, dies) = accounts.lab(accounts.begin(begun), accounts.clients(), sleeps);
    dies_during(dies, run(&lab)).await
}

#[tokio::test]
async fn clean_leaves_nothing_of_a_run_that_died_before_any_call() {
    for begun in runs() {
        die_everywhere(1, &begun, async |accounts, sleeps| run_and_die(accounts, &begun, sleeps).await).await;
    }
}

/// Has a process die after any number of sleeps, in steps, until it no longer dies. `clean` then leaves nothing.
async fn die_everywhere(step: usize, begun: &Run, work: impl AsyncFn(&Accounts, usize) -> bool) {
    for sleeps in (0..).step_by(step) {
        let accounts = accounts().await;
        let before = accounts.inventory();
        let died = work(&accounts, sleeps).await;
        assert!(accounts.clean(begun).await.is_empty(), "after {sleeps} sleeps");
        assert_eq!(accounts.inventory(), before, "after {sleeps} sleeps");
        if !died {
            assert!(sleeps > 4);
            break;
        }
    }
}

#[tokio::test]
async fn clean_leaves_nothing_of_a_run_whose_answer_was_lost() {
    for begun in runs() {
        'calls: for call in 1.. {
            // A call that did not work, one that did, and one that did in a process that died before it read the answer.
            let lost =
                [(Effect::LoseRequest, u64::MAX), (Effect::LoseAnswer, u64::MAX), (Effect::LoseAnswer, call)];
            for (lost, calls) in lost {
                let accounts = accounts().await;
                let before = accounts.inventory();
                accounts.sandbox.fault(Fault::new("*", lost).on_call(call));
                run_and_lose(&accounts, &begun, calls).await;
                let is_struck = accounts.sandbox.call_count() as u64 >= call;
                accounts.sandbox.clear_faults();
                assert!(accounts.clean(&begun).await.is_empty(), "call {call}");
                assert_eq!(accounts.inventory(), before, "call {call}");
                if !is_struck {
                    assert!(call > 8);
                    break 'calls;
                }
            }
        }
    }
}

/// Runs to the end, or until the process dies after so many calls.
async fn run_and_lose(accounts: &Accounts, begun: &Run, calls: u64) {
    let (lab, _) = accounts.lab(accounts.begin(begun), accounts.clients(), usize::MAX);
    let mut run = Box::pin(run(&lab));
    let is_dead = || accounts.sandbox.call_count() as u64 >= calls;
    std::future::poll_fn(|context| match is_dead() {
        true => Poll::Ready(()),
        false => run.as_mut().poll(context),
    })
    .await;
}

#[tokio::test]
async fn a_run_that_died_is_resumed_to_its_end() {
    let begun = begun(Level::Copies, &[1, 4, 23]);
    let die_and_resume = async |accounts: &Accounts, sleeps| {
        let died = run_and_die(accounts, &begun, sleeps).await;
        let (lab, _) = accounts.lab(accounts.open(&begun), accounts.clients(), usize::MAX);
        run(&lab).await;
        let answers = Answers::of(&lab.journal.borrow());
        let rows: Vec<_> = answers.rows.iter().map(|row| (row.row, row.verdict)).collect();
        assert_eq!(rows, [1, 4, 23].map(|row| (row, Verdict::AsAssumed)), "after {sleeps} sleeps");
        died
    };
    die_everywhere(3, &begun, die_and_resume).await;
}

#[tokio::test]
async fn a_clean_that_died_is_run_again() {
    let begun = begun(Level::Copies, &[1, 4, 23]);
    let run_and_clean = async |accounts: &Accounts, sleeps| {
        accounts.run(&begun).await;
        let (lab, dies) = accounts.lab(accounts.open(&begun), accounts.clients(), sleeps);
        dies_during(dies, async { clean(&lab, &quiet(), Confirmation::for_test()).await }).await
    };
    die_everywhere(1, &begun, run_and_clean).await;
}

/// A line that was cut off when the process died announced no call.
#[tokio::test]
async fn a_journal_that_was_cut_off_is_read_to_its_last_whole_line() {
    let accounts = accounts().await;
    let begun = begun(Level::Free, &[46]);
    let before = accounts.inventory();
    accounts.run(&begun).await;
    let path = accounts.folder.path().join(&begun.id).join("journal.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}{{\"at\":\"2026-")).unwrap();
    assert!(accounts.clean(&begun).await.is_empty());
    assert_eq!(accounts.inventory(), before);
    assert!(std::fs::read_to_string(&path).unwrap().starts_with(&whole));
}

/// What somebody else has, under a name that the run has not made, stays.
#[tokio::test]
async fn the_trained_model_whose_name_was_asked_for_stays() {
    let accounts = accounts().await;
    let begun = begun(Level::Copies, &[1]);
    let before = accounts.inventory();
    // The answer to the copy under the trained model's name is lost, so that `clean` has to look at the name.
    let fault = Fault::new("rekognition:CopyProjectVersion", Effect::LoseAnswer);
    accounts.sandbox.fault(fault.containing("\"VersionName\":\"flowers.2026-11-01\""));
    accounts.run(&begun).await;
    assert!(accounts.clean(&begun).await.is_empty());
    assert_eq!(accounts.inventory(), before);
}
