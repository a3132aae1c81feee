//! The Condition of a statement, with the
//! [operators](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html) that
//! make sense for a copy: `String…`, `Arn…`, `Bool`, `Date…` and `Null`, with `IfExists`, `ForAnyValue:` and
//! `ForAllValues:`. The others are refused.

use std::{cmp::Ordering, collections::BTreeMap};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Malformed, OneOrMany, malformed,
    wildcard::{arn_matches, matches},
};

/// One operator with one key.
#[derive(Debug)]
pub(super) struct Condition {
    operator: Operator,
    is_negated: bool,
    /// `IfExists`
    if_exists: bool,
    /// `ForAllValues:`
    for_all: bool,
    /// In lower case.
    key: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    /// A comparison of dates: the value in the call must be in one of these orders to the value in the policy.
    Date(&'static [Ordering]),
    Null,
}

impl Operator {
    /// The operator with this name, without `Not`.
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "StringEquals" => Self::Equals,
            "StringEqualsIgnoreCase" | "Bool" => Self::EqualsIgnoreCase,
            "StringLike" => Self::Like,
            "ArnEquals" | "ArnLike" => Self::Arn,
            "DateLessThan" => Self::Date(&[Ordering::Less]),
            "DateLessThanEquals" => Self::Date(&[Ordering::Less, Ordering::Equal]),
            "DateGreaterThan" => Self::Date(&[Ordering::Greater]),
            "DateGreaterThanEquals" => Self::Date(&[Ordering::Greater, Ordering::Equal]),
            "DateEquals" => Self::Date(&[Ordering::Equal]),
            "Null" => Self::Null,
            _ => return None,
        })
    }

    fn compares(self, in_policy: &str, in_call: &str) -> bool {
        match self {
            Self::Equals | Self::Null => in_policy == in_call,
            Self::EqualsIgnoreCase => in_policy.to_lowercase() == in_call.to_lowercase(),
            Self::Like => matches(in_policy, in_call),
            Self::Arn => arn_matches(in_policy, in_call),
            Self::Date(orders) => match (date(in_policy), date(in_call)) {
                (Some(in_policy), Some(in_call)) => orders.contains(&in_call.cmp(&in_policy)),
                _ => false,
            },
        }
    }
}

/// Reads ISO 8601, a date without a time, or seconds since 1970.
fn date(text: &str) -> Option<Timestamp> {
    let seconds = || text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let day = || format!("{text}T00:00:00Z").parse().ok();
    text.parse().ok().or_else(day).or_else(seconds)
}

impl Condition {
    /// Whether the condition holds for these values of the keys.
    pub(super) fn holds(&self, context: &BTreeMap<String, Vec<String>>) -> bool {
        let in_call = context.get(&self.key).map(Vec::as_slice).unwrap_or_default();
        if self.operator == Operator::Null {
            let is_absent = if in_call.is_empty() { "true" } else { "false" };
            return self.values.iter().any(|value| value.eq_ignore_ascii_case(is_absent));
        }
        if in_call.is_empty() {
            return self.if_exists || self.is_negated || self.for_all;
        }
        // A negated operator with several values means: none of them.
        let holds_for = |in_call: &String| {
            self.values.iter().any(|value| self.operator.compares(value, in_call)) != self.is_negated
        };
        if self.for_all { in_call.iter().all(holds_for) } else { in_call.iter().any(holds_for) }
    }
}

/// Reads a condition: values by operator and key.
pub(super) fn read(
    operators: BTreeMap<String, BTreeMap<String, OneOrMany<Value>>>,
) -> Result<Vec<Condition>, Malformed> {
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let unknown =
            || Malformed(format!("`Condition` has the operator `{name}`, which the sandbox does not have"));
        let (set, plain) = name.split_once(':').unwrap_or(("", &name));
        let (plain, if_exists) = plain.strip_suffix("IfExists").map_or((plain, false), |plain| (plain, true));
        let negated = ["StringNot", "ArnNot", "DateNotEquals"];
        let is_negated = negated.iter().any(|prefix| plain.starts_with(prefix));
        let positive = if is_negated { plain.replacen("Not", "", 1) } else { plain.to_owned() };
        let operator = Operator::parse(&positive).ok_or_else(unknown)?;
        let is_known = match operator {
            Operator::Null => set.is_empty() && !if_exists,
            _ => matches!(set, "" | "ForAllValues" | "ForAnyValue"),
        };
        if !is_known {
            return Err(unknown());
        }
        for (key, values) in keys {
            let values = values.read("Condition")?.into_iter().map(|value| match value {
                Value::String(text) => Ok(text),
                Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
                _ => malformed(format!("`Condition` `{name}` gives `{key}` no text, flag or number")),
            });
            conditions.push(Condition {
                operator,
                is_negated,
                if_exists,
                for_all: set == "ForAllValues",
                values: values.collect::<Result<_, _>>()?,
                key: key.to_lowercase(),
            });
        }
    }
    Ok(conditions)
}
