//! What a deployment may set, read once at start from the environment. All problems are reported together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;

use crate::Rules;
use crate::domain::admission::Admission;
use crate::domain::arn::is_account;
use crate::domain::grant::Granting;
use crate::domain::problem::shown;
use crate::domain::times::Times;

/// Every variable that is read, besides those of the AWS SDK and of Lambda.
pub const VARIABLES: [&str; 17] = [
    "LEDGER_TABLE",
    "ACCOUNT_ID",
    "STACK_NAME",
    "EVENT_BUS",
    "EVENT_SOURCE",
    "ALLOWED_SOURCE_ACCOUNTS",
    "ALLOWED_OUTPUT_BUCKETS",
    "START_TIMEOUT_SECONDS",
    "COPY_TIMEOUT_SECONDS",
    "OVERDUE_AFTER_SECONDS",
    "PERMISSION_TIMEOUT_SECONDS",
    "RETENTION_DAYS",
    "CALLS_PER_SECOND",
    "SOURCE_ACCOUNT_ROLES",
    "COPIER_ROLE_ARNS",
    "EXTERNAL_ID",
    "ALLOW_PROJECT_WIDE_GRANTS",
];

const YEAR: i64 = 365 * 24 * 3600;

/// A deployment's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `LEDGER_TABLE`
    pub ledger_table: String,
    /// `EVENT_BUS`: a name or an ARN.
    pub event_bus: String,
    /// `STACK_NAME`
    pub stack_name: String,
    /// `RETENTION_DAYS`
    pub retention: SignedDuration,
    /// `EXTERNAL_ID`: what the roles in source accounts ask for.
    pub external_id: Option<String>,
    /// Everything else.
    pub rules: Rules,
}

/// All that is wrong with the settings, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSettings(pub Vec<String>);

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bad settings: {}", self.0.len(), self.0.join("; "))
    }
}

impl std::error::Error for BadSettings {}

impl Settings {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, BadSettings> {
        // What is no Unicode is no good setting either, and is shown as one.
        Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads settings from wherever `lookup` finds them. An empty value is as good as none.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, BadSettings> {
        let mut source = Source { lookup, problems: Vec::new() };
        let region = source.region();
        let account = source.text("ACCOUNT_ID", None, "12 digits, this account's", is_account);
        let event_source = source.text(
            "EVENT_SOURCE",
            Some("rekognition.model-copier"),
            "1 to 256 of letters, digits, `.`, `-`, `_` and `/`, not beginning with `aws.`",
            is_event_source,
        );
        let day = 24 * 3600;
        let settings = Self {
            ledger_table: source.text(
                "LEDGER_TABLE",
                None,
                "the name of the ledger's table, 3 to 255 of letters, digits, `.`, `-` and `_`",
                is_table_or_bucket,
            ),
            event_bus: source.text(
                "EVENT_BUS",
                Some("default"),
                "an event bus: a name, 1 to 256 of letters, digits, `.`, `-`, `_` and `/`, or an ARN",
                is_bus,
            ),
            stack_name: source.text(
                "STACK_NAME",
                Some("rekognition-model-copier"),
                "the name of a stack, 1 to 128 of letters, digits and `-`",
                is_stack_name,
            ),
            retention: SignedDuration::from_hours(24 * source.number("RETENTION_DAYS", 90, 1, 3650)),
            external_id: source.external_id(),
            rules: Rules {
                granting: source.granting(&account),
                admission: Admission {
                    partition: partition(&region).to_owned(),
                    source_accounts: source.accounts(&account),
                    output_buckets: source.buckets(),
                    region,
                    account,
                },
                times: Times {
                    start_timeout: source.seconds("START_TIMEOUT_SECONDS", day, 60),
                    copy_timeout: source.seconds("COPY_TIMEOUT_SECONDS", day, 60),
                    overdue_after: source.seconds("OVERDUE_AFTER_SECONDS", 2 * 3600, 60),
                    permission_timeout: source.seconds("PERMISSION_TIMEOUT_SECONDS", 900, 0),
                },
                event_source,
                calls_per_second: u32::try_from(source.number("CALLS_PER_SECOND", 5, 1, 1000)).unwrap_or(5),
            },
        };
        if source.problems.is_empty() { Ok(settings) } else { Err(BadSettings(source.problems)) }
    }
}

struct Source<F> {
    lookup: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Source<F> {
    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    fn text(
        &mut self,
        name: &str,
        default: Option<&str>,
        allowed: &str,
        is_good: impl Fn(&str) -> bool,
    ) -> String {
        match self.get(name).or_else(|| default.map(str::to_owned)) {
            Some(value) if is_good(&value) => value,
            Some(value) => {
                self.problems.push(format!("`{name}` is {}: set it to {allowed}", shown(&value)));
                String::new()
            }
            None => {
                self.problems.push(format!("`{name}` is not set: set it to {allowed}"));
                String::new()
            }
        }
    }

    fn region(&mut self) -> String {
        let fallback = self.get("AWS_DEFAULT_REGION");
        self.text("AWS_REGION", fallback.as_deref(), "the Region of the models, such as us-east-1", is_region)
    }

    fn external_id(&mut self) -> Option<String> {
        let allowed = "what the roles ask for, 2 to 1224 of letters, digits and `_+=,.@:/-`";
        self.get("EXTERNAL_ID").map(|_| self.text("EXTERNAL_ID", None, allowed, is_external_id))
    }

    fn number(&mut self, name: &str, default: i64, least: i64, most: i64) -> i64 {
        let Some(value) = self.get(name) else { return default };
        match i64::from_str(&value) {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                let text =
                    format!("`{name}` is {}: set it to a whole number from {least} to {most}", shown(&value));
                self.problems.push(text);
                default
            }
        }
    }

    fn seconds(&mut self, name: &str, default: i64, least: i64) -> SignedDuration {
        SignedDuration::from_secs(self.number(name, default, least, YEAR))
    }

    /// `None` if it is left out, which is not the same as a list of nothing.
    fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.get(name)?;
        let items: Vec<String> =
            value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect();
        if items.is_empty() {
            self.problems
                .push(format!("`{name}` is {}: list something, with commas, or leave it out", shown(&value)));
        }
        Some(items)
    }

    fn accounts(&mut self, own: &str) -> BTreeSet<String> {
        let name = "ALLOWED_SOURCE_ACCOUNTS";
        let accounts = self.list(name).unwrap_or_else(|| vec![own.to_owned()]);
        for account in accounts.iter().filter(|account| !is_account(account) && !account.is_empty()) {
            self.problems
                .push(format!("`{name}` has {}: list accounts of 12 digits, with commas", shown(account)));
        }
        accounts.into_iter().collect()
    }

    fn granting(&mut self, own: &str) -> Granting {
        let mut granting = Granting {
            roles: BTreeMap::new(),
            principals: self.role_arns("COPIER_ROLE_ARNS").into_iter().map(|(_, arn)| arn).collect(),
            project_wide: self.flag("ALLOW_PROJECT_WIDE_GRANTS"),
        };
        let name = "SOURCE_ACCOUNT_ROLES";
        for (account, arn) in self.role_arns(name) {
            if account == own {
                self.problems.push(format!("`{name}` has {}: leave this account's own out", shown(&arn)));
            } else if let Some(other) = granting.roles.insert(account, arn.clone()) {
                let both = format!("{} and {}", shown(&other), shown(&arn));
                self.problems.push(format!("`{name}` has {both}: list one role an account"));
            }
        }
        if !granting.roles.is_empty() && granting.principals.is_empty() {
            let text = "`COPIER_ROLE_ARNS` is not set: set it to the ARNs of the roles of start-copy and check-copies";
            self.problems.push(text.to_owned());
        }
        granting
    }

    /// ARNs of roles, each with its account.
    fn role_arns(&mut self, name: &str) -> Vec<(String, String)> {
        let mut roles = Vec::new();
        for arn in self.list(name).unwrap_or_default() {
            match role_account(&arn) {
                Some(account) => roles.push((account.to_owned(), arn)),
                None => {
                    let text = format!("`{name}` has {}: list ARNs of IAM roles, with commas", shown(&arn));
                    self.problems.push(text);
                }
            }
        }
        roles
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.get(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                self.problems.push(format!("`{name}` is {}: set it to true or false", shown(other)));
                false
            }
        }
    }

    fn buckets(&mut self) -> Option<BTreeSet<String>> {
        let name = "ALLOWED_OUTPUT_BUCKETS";
        let buckets = self.list(name)?;
        for bucket in buckets.iter().filter(|bucket| !is_table_or_bucket(bucket)) {
            self.problems.push(format!("`{name}` has {}: list names of buckets, with commas", shown(bucket)));
        }
        Some(buckets.into_iter().collect())
    }
}

fn is_region(text: &str) -> bool {
    text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
fn is_external_id(text: &str) -> bool {
    (2..=1224).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b))
}

/// A table has a name of the form that a request's `outputConfig.s3Bucket` has, too.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
fn is_table_or_bucket(text: &str) -> bool {
    (3..=255).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>
fn is_bus(text: &str) -> bool {
    let name = match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "events", _, account, bus] if is_account(account) => bus.strip_prefix("event-bus/"),
        _ => Some(text),
    };
    name.is_some_and(|name| {
        (1..=256).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/'))
    })
}

/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>
fn is_stack_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_event_source(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && !text.starts_with("aws.")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/'))
}

/// The account in `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
fn role_account(arn: &str) -> Option<&str> {
    match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "iam", "", account, role]
            if is_account(account) && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Some(account)
        }
        _ => None,
    }
}

fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests;
