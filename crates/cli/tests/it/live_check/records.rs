//! A record tells nothing of whose accounts it is of, and replays against the sandbox.

use model_copier::live_check::answer::Verdict;
use model_copier::live_check::answers::Answers;
use model_copier::live_check::experiments::experiment_of;
use model_copier::live_check::report;
use model_copier::live_check::run::Level;
use sandbox::Settings;

use super::{Accounts, begun};

#[tokio::test]
async fn a_record_is_published_without_an_identifier_of_the_run() {
    let accounts = Accounts::new().await;
    let begun = begun(Level::Copies, &[]);
    let answers = accounts.run(&begun).await;
    let text = answers.publishable(&begun).unwrap();
    assert_eq!(serde_json::from_str::<Answers>(&text).unwrap(), answers);
    for own in ["444455556666", "111122223333", "flowers", "live-check-", "arn:", "0123abcd"] {
        assert!(!text.contains(own), "{own}");
    }
    for (what, identifier) in [
        ("an account id", "999988887777"),
        ("an ARN", "arn:aws:kms:us-east-1:1:key/x"),
        ("the id of a key or role", "AKIAIOSFODNN7EXAMPLE"),
        ("the id of a key or role", "AROAJQABLZS4A3QDU576Q"),
        ("the id of a key or role", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("the id of a key or role", "mrk-1234abcd12ab34cd56ef1234567890ab"),
        ("the run's id", "live-check-0123abcd-x"),
        ("a name of yours", "flowers-production-models"),
    ] {
        let mut answers = answers.clone();
        answers.rows[0].parts[0].seen = identifier.to_owned();
        let error = answers.publishable(&begun).unwrap_err().to_string();
        assert!(error.contains(what), "{identifier}: {error}");
    }
}

#[tokio::test]
async fn a_record_replays_against_the_sandbox() {
    let begun = begun(Level::Copies, &[1, 46]);
    let sandbox = Accounts::new().await.run(&begun).await;
    // What an account might have answered.
    let made_up = Accounts::new().await;
    let settings = Settings {
        taken_name_error: "ConflictException".to_owned(),
        upper_case_effect: true,
        ..made_up.sandbox.settings()
    };
    made_up.sandbox.set_settings(settings);
    let record = made_up.run(&begun).await;
    assert_eq!(sandbox.differences(&sandbox), [""; 0]);
    let differences = sandbox.differences(&record);
    assert_eq!(differences.len(), 6, "{differences:#?}");
    assert!(
        differences.contains(&"row 46, ALLOW: `MalformedPolicyDocumentException`, not `accepted`".to_owned()),
        "{differences:#?}"
    );
    assert!(
        differences.contains(
            &"row 1, while it is copied: `ResourceInUseException`, not `ConflictException`".to_owned()
        ),
        "{differences:#?}"
    );
}

/// `RECORD=answers.json` tells where the sandbox answers otherwise than an account did.
#[tokio::test]
async fn the_sandbox_answers_as_a_record_does() {
    let path = std::env::var_os("RECORD");
    let record: Answers = match &path {
        Some(path) => serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap(),
        None => Accounts::new().await.run(&begun(Level::Free, &[])).await,
    };
    let mut differences = Vec::new();
    for row in record.rows.iter().map(|row| row.row) {
        let level = experiment_of(row).unwrap().level();
        let sandbox = Accounts::new().await.run(&begun(level, &[row])).await;
        differences.extend(sandbox.differences(&record));
    }
    assert!(record.rows.len() > 1 && differences.is_empty(), "{differences:#?}");
}

#[tokio::test]
async fn a_report_says_what_is_otherwise_and_what_to_change() {
    let accounts = Accounts::new().await;
    let settings = Settings { upper_case_effect: true, ..accounts.sandbox.settings() };
    accounts.sandbox.set_settings(settings);
    let answers = accounts.run(&begun(Level::Free, &[])).await;
    let otherwise = answers.rows.iter().filter(|row| row.verdict == Verdict::Otherwise);
    assert_eq!(otherwise.map(|row| row.row).collect::<Vec<_>>(), [46]);
    let page = report::markdown(&answers);
    assert!(page.contains("Observed on 2026-11-24 in us-east-1"), "{page}");
    assert!(page.contains("ALLOW: accepted |\n"), "{page}");
    assert!(page.contains("\n## What to change\n\n- 46: "), "{page}");
    assert!(page.contains("Not tested: 1, 2,"), "{page}");
}
