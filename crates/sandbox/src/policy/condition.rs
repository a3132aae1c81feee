//! The Condition of a statement: operators and how they compare. Takes the values of the keys as they are given.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
//!
//! The sandbox has the operators that make sense for who may copy: String…, Arn…, Bool, Date… and Null, with
//! `IfExists`, `ForAnyValue:` and `ForAllValues:`. Numeric…, IpAddress and Binary are refused, rather than guessed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    element::Malformed,
    wildcard::{arn_matches, matches},
};

/// One operator with one key.
#[derive(Debug)]
pub(super) struct Condition {
    every: bool,
    operator: Operator,
    negated: bool,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Bool,
    Before { or_at: bool },
    After { or_at: bool },
    At,
    Null,
}

impl Operator {
    fn named(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "StringEquals" => (Self::Equals, false),
            "StringNotEquals" => (Self::Equals, true),
            "StringEqualsIgnoreCase" => (Self::EqualsIgnoreCase, false),
            "StringNotEqualsIgnoreCase" => (Self::EqualsIgnoreCase, true),
            "StringLike" => (Self::Like, false),
            "StringNotLike" => (Self::Like, true),
            "ArnEquals" | "ArnLike" => (Self::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Self::Arn, true),
            "Bool" => (Self::Bool, false),
            "DateLessThan" => (Self::Before { or_at: false }, false),
            "DateLessThanEquals" => (Self::Before { or_at: true }, false),
            "DateGreaterThan" => (Self::After { or_at: false }, false),
            "DateGreaterThanEquals" => (Self::After { or_at: true }, false),
            "DateEquals" => (Self::At, false),
            "DateNotEquals" => (Self::At, true),
            "Null" => (Self::Null, false),
            _ => return None,
        })
    }

    fn compares(self, wanted: &str, found: &str) -> bool {
        match self {
            Self::Equals | Self::Null => wanted == found,
            Self::EqualsIgnoreCase => wanted.to_lowercase() == found.to_lowercase(),
            Self::Like => matches(wanted, found),
            Self::Arn => arn_matches(wanted, found),
            Self::Bool => wanted.eq_ignore_ascii_case(found),
            Self::Before { or_at } => {
                dates(wanted, found, |wanted, found| found < wanted || or_at && found == wanted)
            }
            Self::After { or_at } => {
                dates(wanted, found, |wanted, found| found > wanted || or_at && found == wanted)
            }
            Self::At => dates(wanted, found, |wanted, found| wanted == found),
        }
    }
}

fn dates(wanted: &str, found: &str, compare: impl Fn(Timestamp, Timestamp) -> bool) -> bool {
    matches!((date(wanted), date(found)), (Some(wanted), Some(found)) if compare(wanted, found))
}

/// ISO 8601, a bare date, or seconds since 1970.
fn date(text: &str) -> Option<Timestamp> {
    let seconds = || text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let day = || format!("{text}T00:00:00Z").parse().ok();
    text.parse().ok().or_else(day).or_else(seconds)
}

impl Condition {
    /// Whether the condition holds for these values of the keys.
    pub(super) fn holds(&self, context: &BTreeMap<String, Vec<String>>) -> bool {
        let found = context.get(&self.key).map(Vec::as_slice).unwrap_or_default();
        if self.operator == Operator::Null {
            let absent = if found.is_empty() { "true" } else { "false" };
            return self.values.iter().any(|wanted| wanted.eq_ignore_ascii_case(absent));
        }
        if found.is_empty() {
            return self.if_exists || self.negated || self.every;
        }
        // A negated operator with several values means: none of them.
        let one = |found: &String| {
            self.values.iter().any(|wanted| self.operator.compares(wanted, found)) != self.negated
        };
        if self.every { found.iter().all(one) } else { found.iter().any(one) }
    }
}

pub(super) fn read(value: &Value) -> Result<Vec<Condition>, Malformed> {
    let malformed = |what: &str| Malformed(format!("`Condition` {what}"));
    let operators = value.as_object().ok_or_else(|| malformed("has to be an object of operators"))?;
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let (every, any, plain) = match name.split_once(':') {
            Some(("ForAllValues", plain)) => (true, false, plain),
            Some(("ForAnyValue", plain)) => (false, true, plain),
            _ => (false, false, name.as_str()),
        };
        let (plain, if_exists) = match plain.strip_suffix("IfExists") {
            Some(plain) => (plain, true),
            None => (plain, false),
        };
        let (operator, negated) = Operator::named(plain)
            .filter(|(operator, _)| *operator != Operator::Null || !(if_exists || every || any))
            .ok_or_else(|| {
                malformed(&format!("has the operator `{name}`, which the sandbox does not have"))
            })?;
        let keys =
            keys.as_object().ok_or_else(|| malformed(&format!("`{name}` has to be an object of keys")))?;
        for (key, values) in keys {
            let values = values_of(values)
                .ok_or_else(|| malformed(&format!("`{name}` gives `{key}` no text, flag or number")))?;
            let key = key.to_lowercase();
            conditions.push(Condition { every, operator, negated, if_exists, key, values });
        }
    }
    Ok(conditions)
}

fn values_of(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Array(values) if !values.is_empty() => values.iter().map(one).collect(),
        single => Some(vec![one(single)?]),
    }
}
