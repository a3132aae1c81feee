//! Every field with its edges, and every way to get it wrong.

use super::*;
use crate::domain::examples::BARE;
use crate::domain::schemas::{accepts, request_schema};
use serde_json::{Value, json};

/// The problems of the example after `change`, as `field code`.
fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut request = serde_json::from_str(BARE).unwrap();
    change(&mut request);
    told(&request.to_string())
}

fn told(text: &str) -> Vec<String> {
    Draft::parse(text).problems.iter().map(|p| format!("{} {:?}", p.field, p.code)).collect()
}

#[test]
fn every_constraint_has_its_edge() {
    let table: &[(&str, Value, &str)] = &[
        ("/versionName", json!("v".repeat(255)), ""),
        ("/versionName", json!("v".repeat(256)), "versionName Length"),
        ("/versionName", json!(""), "versionName Length"),
        ("/versionName", json!("a b"), "versionName Pattern"),
        ("/versionName", json!("v\n"), "versionName Pattern"),
        ("/versionName", json!(1), "versionName WrongType"),
        ("/versionName", Value::Null, "versionName Missing"),
        ("/sourceProjectArn", json!("arn"), "sourceProjectArn Length"),
        ("/destinationProjectArn", json!("arn:aws:s3:::a-bucket-of-mine"), "destinationProjectArn Pattern"),
        ("/outputConfig", json!({}), "outputConfig.s3Bucket Missing"),
        ("/outputConfig", json!("bucket"), "outputConfig WrongType"),
        ("/outputConfig/s3Bucket", json!("ab"), "outputConfig.s3Bucket Length"),
        ("/outputConfig/s3Bucket", json!("a".repeat(255)), ""),
        ("/outputConfig/s3Bucket", json!("a".repeat(256)), "outputConfig.s3Bucket Length"),
        ("/outputConfig/s3Bucket", json!("a/b"), "outputConfig.s3Bucket Pattern"),
        ("/outputConfig/s3KeyPrefix", json!("é".repeat(1024)), ""),
        ("/outputConfig/s3KeyPrefix", json!("p".repeat(1025)), "outputConfig.s3KeyPrefix Length"),
        ("/outputConfig/s3Prefix", json!("p"), "outputConfig.s3Prefix Unknown"),
        ("/kmsKeyId", json!("alias/flowers"), ""),
        ("/kmsKeyId", json!(""), "kmsKeyId Length"),
        ("/kmsKeyId", json!("-key"), "kmsKeyId Pattern"),
        ("/kmsKeyId", json!("k".repeat(2049)), "kmsKeyId Length"),
        ("/tags", json!({ "clé": "a b/c" }), ""),
        ("/tags", json!({ "a": "" }), ""),
        ("/tags", json!({ "": "a" }), "tags. Length"),
        ("/tags", json!({ "aws:a": "a" }), "tags.aws:a Pattern"),
        ("/tags", json!({ "a": "💐" }), "tags.a Pattern"),
        ("/tags", json!({ "a": "a".repeat(256) }), ""),
        ("/tags", json!({ "a": "a".repeat(257) }), "tags.a Length"),
        ("/tags", json!({ "a": 1 }), "tags.a WrongType"),
        ("/tags", json!(["a"]), "tags WrongType"),
        ("/requestId", json!("r".repeat(129)), "requestId Length"),
        ("/requestId", json!("r\u{0}"), "requestId Pattern"),
        ("/correlationId", json!("\u{2028}"), "correlationId Pattern"),
        ("/context", json!({ "a": [1, { "b": null }] }), ""),
        ("/context", json!("text"), "context WrongType"),
        ("/context", json!({ "a": "x".repeat(4_088) }), ""),
        ("/context", json!({ "a": "x".repeat(4_089) }), "context TooLarge"),
        ("/versionname", json!("v"), "versionname Unknown"),
    ];
    let schema = request_schema();
    for (pointer, value, expected) in table {
        let mut request: Value = serde_json::from_str(BARE).unwrap();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[member] = value.clone();
        assert_eq!(told(&request.to_string()).join(", "), *expected, "{pointer} = {value}");
        let is_beyond_a_schema =
            ["tags. Length", "tags.aws:a Pattern", "tags.a Pattern", "context TooLarge"].contains(expected);
        let is_valid = accepts(&schema, &request);
        assert_eq!(is_valid, expected.is_empty() || is_beyond_a_schema, "{pointer} = {value}, by the schema");
    }
}

#[test]
fn all_problems_are_named_at_once() {
    let found = problems(|request| {
        *request = json!({ "versionName": "a b", "tags": { "aws:x": "💐" }, "colour": "red" });
    });
    assert_eq!(
        found,
        [
            "sourceProjectArn Missing",
            "sourceProjectVersionArn Missing",
            "destinationProjectArn Missing",
            "versionName Pattern",
            "outputConfig Missing",
            "tags.aws:x Pattern",
            "tags.aws:x Pattern",
            "colour Unknown",
        ]
    );
}

#[test]
fn two_hundred_tags_are_the_most() {
    let tags = |n: usize| Value::Object((0..n).map(|i| (format!("t{i}"), json!("v"))).collect());
    assert!(problems(|request| request["tags"] = tags(200)).is_empty());
    assert_eq!(problems(|request| request["tags"] = tags(201)), ["tags TooLarge"]);
}

#[test]
fn a_field_given_twice_is_a_problem_in_either_spelling() {
    let twice = BARE.replacen('{', r#"{"VersionName": "flowers.2026-11-02","#, 1);
    assert_eq!(told(&twice), ["versionName Duplicate"]);
    let tag_twice = BARE.replacen('{', r#"{"tags": {"a": "1", "a": "2", "a": "3"},"#, 1);
    assert_eq!(told(&tag_twice), ["tags.a Duplicate"]);
}

#[test]
fn a_version_of_another_project_is_a_contradiction() {
    let found = problems(|request| {
        let arn = request["sourceProjectArn"].as_str().unwrap().replace("flowers", "trees");
        request["sourceProjectArn"] = json!(arn);
    });
    assert_eq!(found, ["sourceProjectVersionArn Mismatch"]);
}

#[test]
fn what_is_no_request_at_all_is_one_problem() {
    let deep = "[".repeat(1000);
    for (text, expected) in [
        ("", "request NotJson"),
        ("this is no JSON", "request NotJson"),
        ("{\"a\":1} trailing", "request NotJson"),
        ("\u{feff}{}", "request NotJson"),
        ("[]", "request NotAnObject"),
        ("null", "request NotAnObject"),
        ("1e999", "request NotJson"),
        (&deep, "request NotAnObject"),
    ] {
        assert_eq!(told(text), [expected], "{}", text.chars().take(20).collect::<String>());
    }
    assert_eq!(told(&" ".repeat(65_536)), ["request NotJson"]);
    assert_eq!(told(&" ".repeat(65_537)), ["request TooLarge"]);
}

#[test]
fn a_context_comes_back_byte_for_byte() {
    let context = r#"{ "b": 1.50, "a": 12345678901234567890123, "c": "é" }"#;
    let text = BARE.replacen('{', &format!(r#"{{"context": {context},"#), 1);
    let same = Draft::parse(&text).context;
    assert_eq!(same.as_ref().unwrap().as_str(), context);
    assert_eq!(same, Draft::parse(&text).context);
    assert_ne!(same, Draft::parse(&text.replace("1.50", "1.5")).context);
}

#[test]
fn a_context_that_usual_readers_do_not_take_is_refused() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    for (context, expected) in [
        (deep.as_str(), "context TooLarge"),
        (r#"{"a": 1e999}"#, "context TooLarge"),
        (r#"{"a": -1e999}"#, "context TooLarge"),
        (r#"{"a": "\ud800"}"#, "context TooLarge"),
        (r#"{"a": 1, "a": 2}"#, "context Duplicate"),
        (r#"{"x": [{"a": 1, "a": 1}]}"#, "context Duplicate"),
    ] {
        let text = BARE.replacen('{', &format!(r#"{{"context": {context},"#), 1);
        assert_eq!(told(&text), [expected], "{context:.40}");
    }
}
