//! Tests of hostile input: each invalid request gets its problem, the JSON Schema agrees with the code on varied requests, and
//! every fuzz target holds for its stored inputs and mutations of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proofs::chance::Chance;
use proofs::hostile::invalid::{self, Invalid, valid_request};
use proofs::hostile::{ALL, problems};
use proofs::request::rules;
use rekognition_model_copier::domain::envelope::{self, Content};
use rekognition_model_copier::domain::problem::{Problem, ProblemCode};
use serde_json::Value;

#[test]
fn the_valid_request_has_no_problem() {
    assert_eq!(problems(&valid_request()), vec![]);
}

#[test]
fn each_of_over_a_thousand_invalid_requests_and_messages_gets_its_problem() {
    let all = invalid::all();
    assert!(all.len() >= 1000, "{}", all.len());
    let source = rules(&[]).event_source;
    for Invalid { text, field, code } in &all {
        let problems = match envelope::open(text, &source) {
            Content::Request(request) if request.problems.is_empty() => problems(&request.text),
            Content::Request(request) => request.problems,
            Content::Ignored(_) => vec![],
        };
        let is_found = problems.iter().any(|problem| problem.field == *field && problem.code == *code);
        let shown: String = text.chars().take(900).collect();
        assert!(is_found, "{code:?} of `{field}` is not in {problems:?}: {shown:?}");
    }
}

/// Whether a JSON Schema cannot express the rule.
fn is_beyond_a_schema(problem: &Problem) -> bool {
    use ProblemCode::{Account, Bucket, Mismatch, Partition, Region, Requester, TooLarge};
    matches!(problem.code, Account | Bucket | Mismatch | Partition | Region | Requester | TooLarge)
        || problem.field.starts_with("tags.")
}

#[test]
fn the_schema_agrees_with_the_code_on_varied_requests() {
    let schema = serde_json::from_str(include_str!("../../../schemas/request.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let invalid = invalid::all();
    let mut chance = Chance::new(1);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..5_000 {
        let text = if chance.once_in(3) { chance.one(&invalid).text.clone() } else { valid_request() };
        let text = String::from_utf8_lossy(&mutated(text.into_bytes(), &mut chance)).into_owned();
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let is_valid = value.is_some_and(|value| schema.is_valid(&value));
        let problems = problems(&text);
        if problems.is_empty() {
            accepted += 1;
            assert!(is_valid, "accepted, but invalid by the schema: {text}");
        } else if is_valid {
            // The schema sees only one of two equal members.
            let is_repeated = problems.iter().any(|problem| problem.code == ProblemCode::Duplicate);
            assert!(
                is_repeated || problems.iter().all(is_beyond_a_schema),
                "refused, but valid by the schema: {text}\n{problems:?}"
            );
        } else {
            refused += 1;
        }
    }
    assert!(accepted > 200 && refused > 200, "{accepted} {refused}");
}

/// Changes, inserts, removes or swaps one or two bytes.
fn mutated(mut input: Vec<u8>, chance: &mut Chance) -> Vec<u8> {
    for _ in 0..=chance.below(2) {
        let at = chance.below(input.len() as u64 + 1) as usize;
        let other = *chance.one(b"a0Z\"\\{}[],: -u\0/\n\xff\xc3\xa9");
        match chance.below(4) {
            0 => input.insert(at, other),
            1 if at < input.len() => input[at] = other,
            2 if at < input.len() => drop(input.remove(at)),
            _ if at + 3 < input.len() => input.swap(at, at + 3),
            _ => {}
        }
    }
    input
}

#[test]
fn every_target_holds_for_its_stored_inputs_and_mutations_of_them() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folders = fs::read_dir(&corpora).unwrap().map(|folder| folder.unwrap().file_name());
    let folders: BTreeSet<_> = folders.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(folders, ALL.iter().map(|(name, _)| (*name).to_owned()).collect());
    let mut chance = Chance::new(1);
    for (name, target) in ALL {
        let mut is_accepted = false;
        for file in fs::read_dir(corpora.join(name)).unwrap() {
            let stored = fs::read(file.unwrap().path()).unwrap();
            for round in 0..20 {
                let input = if round == 0 { stored.clone() } else { mutated(stored.clone(), &mut chance) };
                let held = std::panic::catch_unwind(|| target(&input));
                assert!(held.is_ok(), "{name}: {:?}", String::from_utf8_lossy(&input));
                is_accepted |= round == 0 && held.is_ok_and(|accepted| accepted);
            }
        }
        assert!(is_accepted, "{name}: no stored input is accepted: they are out of date");
    }
}
