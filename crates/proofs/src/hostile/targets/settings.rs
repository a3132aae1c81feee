use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::request::ACCOUNT;
use regex::Regex;
use rekognition_model_copier::settings::{Settings, VARIABLES};

use super::{is_account, text};

static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[+-]?[0-9]+$").expect("a pattern"));
static SOURCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z0-9._/-]{1,256}$").expect("a pattern"));
static TABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9._-]{3,255}$").expect("a pattern"));
static REGION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[a-z0-9-]*-[a-z0-9-]*$").expect("a pattern"));
static EXTERNAL_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_+=,.@:/-]{2,1224}$").expect("a pattern"));
static BUS: LazyLock<Regex> = LazyLock::new(|| {
    let name = "[A-Za-z0-9._/-]{1,256}";
    Regex::new(&format!(r"(?s)^({name}|arn:[^:]*:events:[^:]*:[0-9]{{12}}:event-bus/{name})$"))
        .expect("a pattern")
});
static ROLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)^arn:[^:]*:iam::([0-9]{12}):role/.+$").expect("a pattern"));

type Environment = BTreeMap<String, String>;

/// An environment: lines of a variable's first letters, `=` and a value, over a good one. Accepted if and only if a
/// second opinion finds nothing wrong, and then read as that reads it; else every problem names its variable.
pub fn settings(data: &[u8]) {
    let text = &text(data);
    let mut environment = Environment::from(
        [("AWS_REGION", "us-east-1"), ("LEDGER_TABLE", "ledger"), ("ACCOUNT_ID", ACCOUNT)]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    for line in text.split('\n') {
        let Some((start, value)) = line.split_once('=') else { continue };
        let names = VARIABLES.iter().chain(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let name = names.copied().find(|name| name.starts_with(start));
        environment.insert(name.unwrap_or("OTHER").to_owned(), value.to_owned());
    }
    let read = Settings::read(|name| environment.get(name).cloned());
    environment.retain(|_, value| !value.is_empty());
    match read {
        Ok(settings) => {
            assert!(is_good(&environment), "{environment:?}");
            compare(&settings, &environment);
        }
        Err(bad) => {
            assert!(!is_good(&environment), "{environment:?}: {bad}");
            for problem in &bad.0 {
                let names = VARIABLES.iter().chain(&["AWS_REGION"]);
                let named = names.into_iter().any(|name| problem.starts_with(&format!("`{name}` ")));
                assert!(named && !problem.contains(char::is_control), "{environment:?}: {problem}");
            }
        }
    }
}

fn list(environment: &Environment, name: &str) -> Option<Vec<String>> {
    let items = environment.get(name)?.split(',').map(|item| item.trim().to_owned());
    Some(items.filter(|item| !item.is_empty()).collect())
}

fn is_good(environment: &Environment) -> bool {
    let get = |name: &str| environment.get(name).map(String::as_str);
    let list = |name: &str| list(environment, name).unwrap_or_default();
    let number = |name: &str, least: i128, most: i128| {
        get(name).is_none_or(|value| {
            let number = value.parse::<i128>().ok().filter(|_| NUMBER.is_match(value));
            number.is_some_and(|number| (least..=most).contains(&number))
        })
    };
    let times = [
        ("START_TIMEOUT_SECONDS", 60),
        ("COPY_TIMEOUT_SECONDS", 60),
        ("OVERDUE_AFTER_SECONDS", 60),
        ("PERMISSION_TIMEOUT_SECONDS", 0),
    ];
    let roles = list("SOURCE_ACCOUNT_ROLES");
    let accounts: Option<Vec<String>> =
        roles.iter().map(|arn| ROLE.captures(arn).map(|found| found[1].to_owned())).collect();
    let one_each = accounts.is_some_and(|accounts| {
        accounts.iter().collect::<BTreeSet<_>>().len() == accounts.len()
            && !accounts.iter().any(|account| Some(account.as_str()) == get("ACCOUNT_ID"))
    });
    let own_roles = list("COPIER_ROLE_ARNS");
    let lists =
        ["ALLOWED_SOURCE_ACCOUNTS", "ALLOWED_OUTPUT_BUCKETS", "SOURCE_ACCOUNT_ROLES", "COPIER_ROLE_ARNS"];
    get("AWS_REGION").or(get("AWS_DEFAULT_REGION")).is_some_and(|region| REGION.is_match(region))
        && lists.iter().all(|name| get(name).is_none() || !list(name).is_empty())
        && list("ALLOWED_OUTPUT_BUCKETS").iter().all(|bucket| TABLE.is_match(bucket))
        && get("EXTERNAL_ID").is_none_or(|id| EXTERNAL_ID.is_match(id))
        && get("LEDGER_TABLE").is_some_and(|name| TABLE.is_match(name))
        && get("EVENT_BUS").is_none_or(|bus| BUS.is_match(bus))
        && get("ACCOUNT_ID").is_some_and(is_account)
        && get("EVENT_SOURCE").is_none_or(|source| SOURCE.is_match(source) && !source.starts_with("aws."))
        && list("ALLOWED_SOURCE_ACCOUNTS").iter().all(|account| is_account(account))
        && times.iter().all(|(name, least)| number(name, *least, 31_536_000))
        && number("RETENTION_DAYS", 1, 3650)
        && number("CALLS_PER_SECOND", 1, 1000)
        && one_each
        && own_roles.iter().all(|arn| ROLE.is_match(arn))
        && (roles.is_empty() || !own_roles.is_empty())
        && get("ALLOW_PROJECT_WIDE_GRANTS").is_none_or(|flag| flag == "true" || flag == "false")
}

/// What good settings come to.
fn compare(settings: &Settings, environment: &Environment) {
    let get = |name: &str, otherwise: &str| {
        environment.get(name).map_or_else(|| otherwise.to_owned(), String::to_owned)
    };
    let number = |name: &str, otherwise: i64| {
        environment
            .get(name)
            .map_or(otherwise, |value| value.trim_start_matches('+').parse().expect("a number"))
    };
    let set = |name: &str| list(environment, name).map(BTreeSet::from_iter);
    let rules = &settings.rules;
    let (admission, granting, times) = (&rules.admission, &rules.granting, &rules.times);
    assert_eq!(settings.ledger_table, get("LEDGER_TABLE", ""));
    assert_eq!(settings.event_bus, get("EVENT_BUS", "default"));
    assert_eq!(settings.external_id.as_ref(), environment.get("EXTERNAL_ID"));
    assert_eq!(settings.retention.as_hours(), number("RETENTION_DAYS", 90) * 24);
    assert_eq!(rules.event_source, get("EVENT_SOURCE", "rekognition.model-copier"));
    assert_eq!(i64::from(rules.calls_per_second), number("CALLS_PER_SECOND", 5));
    let account = get("ACCOUNT_ID", "");
    assert_eq!(admission.region, get("AWS_REGION", &get("AWS_DEFAULT_REGION", "")));
    assert_eq!(admission.account, account);
    let own = BTreeSet::from([account]);
    assert_eq!(admission.source_accounts, set("ALLOWED_SOURCE_ACCOUNTS").unwrap_or(own));
    assert_eq!(admission.output_buckets, set("ALLOWED_OUTPUT_BUCKETS"));
    let seconds = [times.start_timeout, times.copy_timeout, times.overdue_after, times.permission_timeout];
    let expected = [
        number("START_TIMEOUT_SECONDS", 86_400),
        number("COPY_TIMEOUT_SECONDS", 86_400),
        number("OVERDUE_AFTER_SECONDS", 7200),
        number("PERMISSION_TIMEOUT_SECONDS", 900),
    ];
    assert_eq!(seconds.map(|time| time.as_secs()), expected);
    assert_eq!(
        granting.roles.values().cloned().collect::<BTreeSet<_>>(),
        set("SOURCE_ACCOUNT_ROLES").unwrap_or_default()
    );
    assert!(granting.roles.iter().all(|(account, arn)| arn.contains(&format!(":iam::{account}:"))));
    assert_eq!(granting.principals, set("COPIER_ROLE_ARNS").unwrap_or_default());
    assert_eq!(granting.project_wide, get("ALLOW_PROJECT_WIDE_GRANTS", "") == "true");
}
