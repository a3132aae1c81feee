//! The fuzz target `settings`: the environment of a function.

use std::collections::BTreeMap;

use rekognition_model_copier::settings::{Settings, VARIABLES};

use super::text;
use crate::request::ACCOUNT;

const YEAR: i64 = 365 * 24 * 3600;

/// Reads an environment. Each line has the first letters of a variable, `=` and a value, and changes a valid environment. Each
/// problem's message begins with its variable and has no control character. Accepted settings are within their limits.
pub(super) fn settings(data: &[u8]) -> bool {
    let mut environment = BTreeMap::from(
        [("AWS_REGION", "us-east-1"), ("LEDGER_TABLE", "ledger"), ("ACCOUNT_ID", ACCOUNT)]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    for line in text(data).split('\n') {
        let Some((start, value)) = line.split_once('=') else { continue };
        let name = VARIABLES.iter().chain(&["AWS_REGION"]).find(|name| name.starts_with(start));
        environment.insert((*name.unwrap_or(&"OTHER")).to_owned(), value.to_owned());
    }
    let settings = match Settings::read(|name| environment.get(name).cloned()) {
        Ok(settings) => settings,
        Err(bad) => {
            for problem in &bad.0 {
                let mut names = VARIABLES.iter().chain(&["AWS_REGION"]);
                let is_named = names.any(|name| problem.starts_with(&format!("`{name}` ")));
                assert!(is_named && !problem.contains(char::is_control), "{environment:?}: {problem}");
            }
            return false;
        }
    };
    let (times, retention) = (settings.rules.times, settings.retention.as_hours());
    let times = [times.start_timeout, times.copy_timeout, times.overdue_after, times.permission_timeout];
    assert!(times.iter().all(|time| (0..=YEAR).contains(&time.as_secs())), "{environment:?}");
    assert!((24 * 30..=24 * 3650).contains(&retention) && retention % 24 == 0, "{environment:?}");
    assert!((1..=1000).contains(&settings.rules.calls_per_second), "{environment:?}");
    for (account, arn) in &settings.rules.policies.roles {
        assert!(arn.contains(&format!(":iam::{account}:role/")) && account != ACCOUNT, "{arn}");
    }
    let listed = environment.get("ALLOWED_OUTPUT_BUCKETS");
    for location in settings.rules.admission.output_locations.iter().flatten() {
        assert!(listed.is_some_and(|all| all.contains(&location.to_string())), "{environment:?}");
    }
    true
}
