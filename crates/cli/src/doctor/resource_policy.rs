//! Reads from a resource policy whether it admits EventBridge. It understands the statements of template.yaml only.

use serde_json::Value;

pub(super) struct ResourcePolicy(Value);

impl ResourcePolicy {
    /// Reads a document. Text that is not JSON counts as a policy without statements.
    pub(super) fn read(document: &str) -> Self {
        Self(serde_json::from_str(document).unwrap_or_default())
    }

    /// Whether it allows EventBridge this action for this rule, or for any rule if none is given.
    pub(super) fn admits_rule(&self, action: &str, rule: Option<&str>) -> bool {
        let is_for_rule = |statement: &Value| {
            let sources = strings(statement, "/Condition/ArnLike/aws:SourceArn");
            rule.is_none_or(|rule| sources.iter().any(|pattern| matches(pattern, rule)))
        };
        self.statements("Allow", action).any(|statement| {
            strings(statement, "/Principal/Service").contains(&"events.amazonaws.com")
                && is_for_rule(statement)
        })
    }

    /// Whether it denies this action to everybody but this rule and others that it names.
    pub(super) fn denies_all_but(&self, action: &str, rule: &str) -> bool {
        self.statements("Deny", action).any(|statement| {
            let sources = strings(statement, "/Condition/ArnNotLike/aws:SourceArn");
            statement.get("Principal").is_some_and(|who| who == "*")
                && sources.iter().any(|pattern| matches(pattern, rule))
        })
    }

    fn statements(&self, effect: &str, action: &str) -> impl Iterator<Item = &Value> {
        let statements = match self.0.get("Statement") {
            Some(Value::Array(statements)) => statements.as_slice(),
            one => one.map_or(&[] as &[_], std::slice::from_ref),
        };
        statements.iter().filter(move |statement| {
            let actions = strings(statement, "/Action");
            statement.get("Effect").is_some_and(|of| of == effect)
                && actions.iter().any(|pattern| matches(pattern, action))
        })
    }
}

/// The string or the list of strings at this place.
fn strings<'a>(statement: &'a Value, place: &str) -> Vec<&'a str> {
    match statement.pointer(place) {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        value => value.and_then(Value::as_str).into_iter().collect(),
    }
}

/// Whether a pattern with `*` matches the whole text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .any(|at| text.get(at..).is_some_and(|tail| matches(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "arn:aws:events:us-east-1:444455556666:rule/staging/model-copy-requests-staging";

    #[test]
    fn a_policy_admits_the_rules_that_its_pattern_matches() {
        let policy = |pattern: &str| {
            ResourcePolicy::read(&format!(
                r#"{{"Statement": [{{"Effect": "Allow", "Principal": {{"Service": "events.amazonaws.com"}},
                "Action": "sqs:SendMessage", "Condition": {{"ArnLike": {{"aws:SourceArn": "{pattern}"}}}}}}]}}"#
            ))
        };
        let ours = "arn:aws:events:us-east-1:444455556666:rule/*model-copy-requests-*";
        assert!(policy(ours).admits_rule("sqs:SendMessage", Some(RULE)));
        assert!(!policy(ours).admits_rule("sqs:ReceiveMessage", Some(RULE)));
        assert!(
            !policy("arn:aws:events:us-east-1:444455556666:rule/other")
                .admits_rule("sqs:SendMessage", Some(RULE))
        );
        assert!(!policy(ours).denies_all_but("sqs:SendMessage", RULE));
        assert!(!ResourcePolicy::read("").admits_rule("sqs:SendMessage", Some(RULE)));
    }

    #[test]
    fn a_star_matches_anything() {
        assert!(matches("a*c*", "abcd") && matches("*", "") && matches("abc", "abc"));
        assert!(!matches("a*c", "abcd") && !matches("abc", "abcd"));
    }
}
