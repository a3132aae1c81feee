//! The fingerprint of a request's content: it tells a redelivery from another request under the same id.
//!
//! The copier hashes the request's JSON, without its envelope and before validation. Other settings or another release
//! therefore give the same fingerprint. The hash covers a canonical form: field names, also those in `outputConfig`, in
//! lowerCamelCase; names in `tags` and `context` as written; keys sorted; numbers as written; no `requestId`. If the
//! text is not a JSON object, repeats a key or is nested too deeply, the copier hashes the text as it is.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::json::{Object, lower_camel_case};

/// How many levels deep values may be nested: serde_json's own limit.
const MAX_DEPTH: usize = 127;

/// The fingerprint of the text of a request: 64 hexadecimal digits.
pub fn fingerprint(text: &str) -> String {
    let hashed = match canonicalize_request(text) {
        Some(canonical) => format!("request\n{canonical}"),
        None => format!("text\n{text}"),
    };
    Sha256::digest(hashed).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a JSON value with its keys sorted, without white space, and with its numbers as written. `None` if an object
/// in it repeats a key, if it is nested too deeply, or if a part of it cannot be read.
pub fn canonicalize(value: &RawValue) -> Option<String> {
    canonicalize_to_depth(value, MAX_DEPTH)
}

fn canonicalize_request(text: &str) -> Option<String> {
    let object = Object::parse("request", text).ok()?;
    let mut members = canonicalize_members(&object, lower_camel_case, |name, value| match name {
        "requestId" => Some(String::new()),
        "outputConfig" => canonicalize_output_config(value),
        _ => canonicalize(value),
    })?;
    members.remove("requestId");
    Some(join(members))
}

fn canonicalize_output_config(value: &RawValue) -> Option<String> {
    match Object::within("outputConfig", value) {
        Ok(object) => {
            canonicalize_members(&object, lower_camel_case, |_, value| canonicalize(value)).map(join)
        }
        Err(_) => canonicalize(value),
    }
}

fn join(members: BTreeMap<String, String>) -> String {
    members.iter().map(|(name, value)| format!("{name:?}:{value}\n")).collect()
}

/// The members by name; `None` if two of them have one name.
fn canonicalize_members(
    object: &Object<'_>,
    rename: impl Fn(&str) -> String,
    canonicalize: impl Fn(&str, &RawValue) -> Option<String>,
) -> Option<BTreeMap<String, String>> {
    let mut members = BTreeMap::new();
    for (name, value) in object.members() {
        let name = rename(name);
        let value = canonicalize(&name, value)?;
        if members.insert(name, value).is_some() {
            return None;
        }
    }
    Some(members)
}

fn canonicalize_to_depth(value: &RawValue, depth: usize) -> Option<String> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{' | b'[') if depth == 0 => None,
        Some(b'{') => {
            let object = Object::within("", value).ok()?;
            let one_deeper = |_: &str, value: &RawValue| canonicalize_to_depth(value, depth - 1);
            let members = canonicalize_members(&object, str::to_owned, one_deeper)?;
            let members: String = members.iter().map(|(name, value)| format!("{name:?}:{value},")).collect();
            Some(format!("{{{members}}}"))
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let one_deeper = |value: &&RawValue| Some(canonicalize_to_depth(value, depth - 1)? + ",");
            let values: String = values.iter().map(one_deeper).collect::<Option<_>>()?;
            Some(format!("[{values}]"))
        }
        Some(b'"') => Some(format!("{:?}", serde_json::from_str::<String>(text).ok()?)),
        _ => Some(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::examples::BARE;

    fn same(one: &str, other: &str) -> bool {
        fingerprint(one) == fingerprint(other)
    }

    #[test]
    fn order_and_spelling_of_fields_and_the_request_id_do_not_matter() {
        let one = r#"{"versionName": "a", "outputConfig": {"s3Bucket": "b", "s3KeyPrefix": "c"}, "tags": {"x": "1", "y": "2"}}"#;
        let other = r#"{"Tags": {"y":"2","x":"1"}, "OutputConfig":{"S3KeyPrefix":"c","S3Bucket":"b"},"VersionName":"\u0061"}"#;
        assert!(same(one, other));
        assert!(same(BARE, &BARE.replace("sourceProjectArn", "SourceProjectArn")));
        assert!(same(r#"{"a": 1, "requestId": "x"}"#, r#"{"RequestId": "y", "a": 1}"#));
        assert!(same(r#"{"a": 1, "requestId": "x"}"#, r#"{"a": 1}"#));
    }

    #[test]
    fn every_other_difference_counts() {
        for (one, other) in [
            (r#"{"tags": {"team": "a"}}"#, r#"{"tags": {"Team": "a"}}"#),
            (r#"{"context": {"team": "a"}}"#, r#"{"context": {"Team": "a"}}"#),
            (r#"{"context": {"n": 18446744073709551617}}"#, r#"{"context": {"n": 18446744073709551618}}"#),
            (r#"{"context": {"n": 1}}"#, r#"{"context": {"n": 1.0}}"#),
            (r#"{"context": {"n": 0.1}}"#, r#"{"context": {"n": 0.10000000000000000555}}"#),
            (r#"{"context": {"a": [1, 2]}}"#, r#"{"context": {"a": [2, 1]}}"#),
            (r#"{"a": "1"}"#, r#"{"a": 1}"#),
            (r#"{"a": null}"#, "{}"),
            (r#"{"a": {"b": 1}}"#, r#"{"a": {"b": [1]}}"#),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn text_that_has_no_canonical_form_counts_as_it_is() {
        let deep = |n: usize| format!(r#"{{"context": {{"a": {}{}}}}}"#, "[".repeat(n), "]".repeat(n));
        for text in ["no JSON", r#"{"a": 1, "a": 1}"#, r#"{"A": 1, "a": 1}"#, "[1]", &deep(30_000)] {
            assert!(same(text, text));
            assert!(!same(text, &format!("{text} ")), "{:.40}", text);
        }
        assert!(same(&deep(100), &format!("{} ", deep(100))));
    }

    #[test]
    fn repeated_keys_are_found_at_every_depth() {
        let canonical = |text: &str| canonicalize(serde_json::from_str::<&RawValue>(text).unwrap());
        assert_eq!(canonical(r#"{"a": [{"b": 1, "b": 2}]}"#), None);
        assert_eq!(canonical(r#"{"a": [{"b": 1}, {"b": 2}]}"#).unwrap(), r#"{"a":[{"b":1,},{"b":2,},],}"#);
    }
}
