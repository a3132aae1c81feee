//! Every experiment sees what the sandbox's defaults say, and notices at least one thing that is otherwise.

use model_copier::live_check::answer::Verdict::{self, AsAssumed, Otherwise, Skipped, Unknown};
use model_copier::live_check::experiments::{EXPERIMENTS, experiment_of};
use model_copier::live_check::run::Level;
use sandbox::{CopyEnd, Effect, Fault, PolicyConditions, Settings, Status};

use super::{Accounts, begun, bucket};

#[tokio::test]
async fn every_experiment_is_as_assumed_under_the_defaults() {
    for experiment in EXPERIMENTS.iter().filter(|it| !it.needs_stack()) {
        let accounts = Accounts::new().await;
        let before = accounts.inventory();
        let begun = begun(experiment.level(), &[experiment.row]);
        let answers = accounts.run(&begun).await;
        let seen = &answers.rows[0];
        assert_eq!(seen.verdict, AsAssumed, "{seen:#?}");
        assert!(seen.parts.iter().all(|part| part.verdict != Skipped), "{seen:#?}");
        let copies = seen.calls.iter().filter(|call| call.operation == "CopyProjectVersion");
        let copies: u32 = copies.filter(|call| call.error.is_none()).map(|call| call.count).sum();
        assert!(copies <= experiment.copies.max(1), "row {}: {copies} copies", experiment.row);
        assert!(accounts.clean(&begun).await.is_empty());
        assert_eq!(accounts.inventory(), before, "row {}", experiment.row);
    }
}

/// What is switched on.
enum Switch {
    Choice(fn(&mut Settings)),
    Fault(Fault),
    /// The bucket has this file.
    File(Option<&'static str>),
}

#[tokio::test]
async fn every_experiment_notices_what_is_otherwise() {
    use Switch::Choice;
    let mut noticed = Vec::new();
    for (row, switch, verdict) in switches() {
        let mut accounts = Accounts::new().await;
        match switch {
            Choice(choose) => {
                let mut settings = accounts.sandbox.settings();
                choose(&mut settings);
                accounts.sandbox.set_settings(settings);
            }
            Switch::Fault(fault) => accounts.sandbox.fault(fault),
            Switch::File(key) => accounts.bucket = bucket(key).await,
        }
        let level = experiment_of(row).unwrap().level();
        let answers = accounts.run(&begun(level, &[row])).await;
        assert_eq!(answers.rows[0].verdict, verdict, "{:#?}", answers.rows);
        noticed.push(row);
    }
    let unnoticed = EXPERIMENTS.iter().filter(|it| !it.needs_stack() && !noticed.contains(&it.row));
    assert_eq!(unnoticed.map(|it| it.row).collect::<Vec<_>>(), [0_u8; 0]);
}

fn switches() -> Vec<(u8, Switch, Verdict)> {
    use Switch::Choice;
    const COPY: &str = "rekognition:CopyProjectVersion";
    const DESCRIBE: &str = "rekognition:DescribeProjectVersions";
    const PUT: &str = "rekognition:PutProjectPolicy";
    let error = |action: &str, code: &str| Fault::new(action, Effect::error(code));
    let fault = |fault: Fault| Switch::Fault(fault);
    let ended =
        |status| Effect::EndCopy(CopyEnd { status: Status::read(status), status_message: None, after: None });
    vec![
        (1, Choice(|it| it.taken_name_error = "ConflictException".to_owned()), Otherwise),
        (1, fault(error(COPY, "ThrottlingException").on_call(2)), Unknown),
        (2, Choice(|it| it.uncopyable_error = "NotReadyException".to_owned()), Otherwise),
        (3, fault(Fault { after: 4, ..error(COPY, "TooBusyException") }), Otherwise),
        (4, fault(error(COPY, "AccessDeniedException")), Otherwise),
        (5, Choice(|it| it.policy_delay = jiff::SignedDuration::from_mins(20)), Otherwise),
        (7, Choice(|it| it.describe_delay = jiff::SignedDuration::from_mins(11)), Otherwise),
        (8, fault(error(DESCRIBE, "AccessDeniedException")), Unknown),
        (9, fault(error(COPY, "KMSAccessDeniedException")), Unknown),
        (10, Choice(|it| it.copying = jiff::SignedDuration::from_hours(3)), Otherwise),
        (12, fault(error("rekognition:DeleteProjectVersion", "ConflictException")), Otherwise),
        (13, fault(Fault::new(COPY, ended("COPYING_FAILED"))), AsAssumed),
        (13, fault(Fault::new(COPY, Effect::LoseRequest)), Unknown),
        (23, fault(error(PUT, "ConflictException").on_call(3)), Otherwise),
        (33, Choice(|it| it.policy_conditions = PolicyConditions::Ignored), Otherwise),
        (33, Choice(|it| it.policy_conditions = PolicyConditions::NeverHold), Otherwise),
        (33, Choice(|it| it.policy_conditions = PolicyConditions::Refused), Otherwise),
        (34, Choice(|it| it.star_resource = false), Otherwise),
        (35, fault(Fault::new(COPY, ended("COPYING_FAILED"))), Otherwise),
        (35, Choice(|it| it.copying = jiff::SignedDuration::from_secs(20)), Unknown),
        (45, Choice(|it| it.star_resource = false), Otherwise),
        (45, Choice(|it| it.policy_conditions = PolicyConditions::Refused), Otherwise),
        (46, Choice(|it| it.upper_case_effect = true), Otherwise),
        (47, fault(Fault { after: 1, ..error(COPY, "InvalidParameterException") }), Otherwise),
        (48, fault(error(PUT, "AccessDeniedException").on_call(6)), Otherwise),
        (50, Switch::File(None), Otherwise),
        (50, Switch::File(Some("elsewhere/flowers/result.json")), Otherwise),
        (50, fault(Fault::new(COPY, ended("COPYING_FAILED"))), Unknown),
        (49, fault(error(DESCRIBE, "AccessDeniedException").on_call(2)), Otherwise),
    ]
}

/// A record has a word in place of each name and number of a key.
#[tokio::test]
async fn only_the_form_of_a_key_is_recorded() {
    let accounts = Accounts::new().await;
    let answers = accounts.run(&begun(Level::Copies, &[50])).await;
    let parts = &answers.rows[0].parts;
    assert_eq!(parts[0].seen, "PREFIX/PROJECT/VERSION/NUMBER/FOLDER/FILE");
}
