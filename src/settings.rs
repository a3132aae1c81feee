//! The settings of a deployment, read once at start from environment variables. All problems are reported together.

mod forms;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;

use crate::domain::admission::Admission;
use crate::domain::arn::is_account;
use crate::domain::problem::shown;
use crate::domain::project_policy::{Caller, CopierPolicy, PolicyRules};
use crate::domain::rules::Rules;
use crate::domain::times::Times;
use forms::{
    is_bus, is_event_source, is_external_id, is_queue_arn, is_region, is_stack, is_table_or_bucket,
    output_location, partition, role_account,
};

/// Every variable that is read, apart from those of the AWS SDK and of Lambda.
pub const VARIABLES: [&str; 20] = [
    "LEDGER_TABLE",
    "ACCOUNT_ID",
    "EVENT_BUS",
    "EVENT_SOURCE",
    "STACK_NAME",
    "REQUEST_QUEUE_ARN",
    "ALLOWED_SOURCE_ACCOUNTS",
    "TRUSTED_REQUESTERS",
    "ALLOWED_OUTPUT_BUCKETS",
    "ALLOWED_TAG_KEYS",
    "START_TIMEOUT_SECONDS",
    "COPY_TIMEOUT_SECONDS",
    "OVERDUE_AFTER_SECONDS",
    "PERMISSION_TIMEOUT_SECONDS",
    "RETENTION_DAYS",
    "CALLS_PER_SECOND",
    "SOURCE_ACCOUNT_ROLES",
    "COPIER_ROLE_ARNS",
    "EXTERNAL_ID",
    "PROJECT_POLICY_EXPIRES",
];

const LOCATION_FORM: &str =
    "list buckets or `bucket/prefix`, with commas, without `*`, `?` or a slash at the end";
const YEAR: i64 = 365 * 24 * 3600;

/// A deployment's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `LEDGER_TABLE`
    pub ledger_table: String,
    /// `EVENT_BUS`: a name or an ARN.
    pub event_bus: String,
    /// `RETENTION_DAYS`
    pub retention: SignedDuration,
    /// `EXTERNAL_ID`: the external id of the roles in source accounts.
    pub external_id: Option<String>,
    /// `REQUEST_QUEUE_ARN`: the stack's own queue, whose messages may name their requester. Without it, those of
    /// every queue may.
    pub request_queue_arn: Option<String>,
    pub rules: Rules,
}

/// Every problem of the settings, one text each.
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
        // A value that is not Unicode is shown with replacement characters, and refused.
        Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads settings through `lookup`. An empty value counts as none.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, BadSettings> {
        let mut source = Source { lookup, problems: Vec::new() };
        let default_region = source.get("AWS_DEFAULT_REGION");
        let region = source.text(
            "AWS_REGION",
            default_region.as_deref(),
            "the Region of the models, such as us-east-1",
            is_region,
        );
        let account = source.text("ACCOUNT_ID", None, "12 digits, this account's", is_account);
        let event_source = source.text(
            "EVENT_SOURCE",
            Some("rekognition.model-copier"),
            "1 to 256 of letters, digits, `.`, `-`, `_` and `/`, not beginning with `aws.`",
            is_event_source,
        );
        let stack_name = source.text(
            "STACK_NAME",
            Some("rekognition-model-copier"),
            "the stack's name: 1 to 128 of letters, digits and `-`, beginning with a letter",
            is_stack,
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
            // A message can be redriven 28 days after it was sent: 14 on each of two queues.
            retention: SignedDuration::from_hours(24 * source.number("RETENTION_DAYS", 90, 30, 3650)),
            external_id: source.optional(
                "EXTERNAL_ID",
                "what the roles ask for, 2 to 1224 of letters, digits and `_+=,.@:/-`",
                is_external_id,
            ),
            request_queue_arn: source.optional("REQUEST_QUEUE_ARN", "the ARN of an SQS queue", is_queue_arn),
            rules: Rules {
                policies: source.policies(&account, &stack_name),
                admission: Admission {
                    partition: partition(&region).to_owned(),
                    source_accounts: source
                        .accounts("ALLOWED_SOURCE_ACCOUNTS")
                        .unwrap_or_else(|| BTreeSet::from([account.clone()])),
                    trusted_requesters: source.accounts("TRUSTED_REQUESTERS").unwrap_or_default(),
                    output_locations: source.list("ALLOWED_OUTPUT_BUCKETS", LOCATION_FORM, output_location),
                    tag_keys: source.list("ALLOWED_TAG_KEYS", "list keys", |key| Some(key.to_owned())),
                    region,
                    account,
                },
                stack_name,
                times: Times {
                    start_timeout: source.seconds("START_TIMEOUT_SECONDS", day, 60),
                    copy_timeout: source.seconds("COPY_TIMEOUT_SECONDS", day, 60),
                    overdue_after: source.seconds("OVERDUE_AFTER_SECONDS", 2 * 3600, 60),
                    permission_timeout: source.seconds("PERMISSION_TIMEOUT_SECONDS", 900, 300),
                },
                event_source,
                calls_per_second: u32::try_from(source.number("CALLS_PER_SECOND", 5, 1, 1000)).unwrap_or(5),
            },
        };
        if source.problems.is_empty() { Ok(settings) } else { Err(BadSettings(source.problems)) }
    }
}

/// Reads variables, and collects every problem.
struct Source<F> {
    lookup: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Source<F> {
    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// Notes that the variable `name` is `value`, and what to do.
    fn refuse(&mut self, name: &str, value: &str, what_to_do: &str) {
        self.problems.push(format!("`{name}` is {}: {what_to_do}", shown(value)));
    }

    /// Notes that an entry of the list `name` is wrong, and what to do.
    fn refuse_entry(&mut self, name: &str, entry: &str, what_to_do: &str) {
        self.problems.push(format!("`{name}` has {}: {what_to_do}", shown(entry)));
    }

    fn text(
        &mut self,
        name: &str,
        default: Option<&str>,
        allowed: &str,
        is_good: impl Fn(&str) -> bool,
    ) -> String {
        match self.get(name).or_else(|| default.map(str::to_owned)) {
            Some(value) if is_good(&value) => return value,
            Some(value) => self.refuse(name, &value, &format!("set it to {allowed}")),
            None => self.problems.push(format!("`{name}` is not set: set it to {allowed}")),
        }
        String::new()
    }

    fn optional(&mut self, name: &str, allowed: &str, is_good: impl Fn(&str) -> bool) -> Option<String> {
        self.get(name).map(|_| self.text(name, None, allowed, is_good))
    }

    fn number(&mut self, name: &str, default: i64, least: i64, most: i64) -> i64 {
        let Some(value) = self.get(name) else { return default };
        match i64::from_str(&value) {
            Ok(number) if (least..=most).contains(&number) => return number,
            _ => self.refuse(name, &value, &format!("set it to a whole number from {least} to {most}")),
        }
        default
    }

    fn seconds(&mut self, name: &str, default: i64, least: i64) -> SignedDuration {
        SignedDuration::from_secs(self.number(name, default, least, YEAR))
    }

    /// The entries of a list, those that cannot be parsed left out; `None` if the list is not set.
    fn list<T: Ord>(
        &mut self,
        name: &str,
        what_to_do: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<BTreeSet<T>> {
        let value = self.get(name)?;
        let mut items = value.split(',').map(str::trim).filter(|item| !item.is_empty()).peekable();
        if items.peek().is_none() {
            self.refuse(name, &value, "list entries, with commas, or leave it out");
        }
        let mut parsed = BTreeSet::new();
        for item in items {
            match parse(item) {
                Some(one) => drop(parsed.insert(one)),
                None => self.refuse_entry(name, item, what_to_do),
            }
        }
        Some(parsed)
    }

    fn accounts(&mut self, name: &str) -> Option<BTreeSet<String>> {
        let parse = |text: &str| is_account(text).then(|| text.to_owned());
        self.list(name, "list accounts of 12 digits, with commas", parse)
    }

    fn policies(&mut self, own: &str, stack: &str) -> PolicyRules {
        let principals = self.role_arns("COPIER_ROLE_ARNS").into_iter().map(|(_, arn)| arn).collect();
        let mut policies = PolicyRules {
            roles: BTreeMap::new(),
            policy: CopierPolicy {
                name: CopierPolicy::name_of(own, stack),
                principals,
                expires: self.flag("PROJECT_POLICY_EXPIRES", true),
            },
            caller: Caller::Functions,
        };
        let name = "SOURCE_ACCOUNT_ROLES";
        for (account, arn) in self.role_arns(name) {
            if account == own {
                self.refuse_entry(name, &arn, "leave this account's own out");
            } else if let Some(other) = policies.roles.insert(account, arn.clone()) {
                let both = format!("{} and {}", shown(&other), shown(&arn));
                self.problems.push(format!("`{name}` has {both}: list one role an account"));
            }
        }
        if !policies.roles.is_empty() && policies.policy.principals.is_empty() {
            let text = "`COPIER_ROLE_ARNS` is not set: set it to the ARNs of the roles of start-copy and check-copies";
            self.problems.push(text.to_owned());
        }
        policies
    }

    /// ARNs of roles, each with its account.
    fn role_arns(&mut self, name: &str) -> BTreeSet<(String, String)> {
        let parse = |arn: &str| Some((role_account(arn)?.to_owned(), arn.to_owned()));
        self.list(name, "list ARNs of IAM roles, with commas", parse).unwrap_or_default()
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.get(name).as_deref() {
            Some("true") => return true,
            Some("false") => return false,
            Some(other) => self.refuse(name, other, "set it to true or false"),
            None => {}
        }
        default
    }
}

#[cfg(test)]
mod tests;
