//! Hostile input: each bad request gets the problem it must get, the request's schema agrees on variations, and every
//! fuzz target holds on its kept inputs and on mutations of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proofs::chance::Chance;
use proofs::hostile::bad::{Bad, good, messages, requests};
use proofs::hostile::{ALL, problems};
use proofs::request::rules;
use rekognition_model_copier::domain::envelope::{self, Content};
use rekognition_model_copier::domain::problem::{Problem, ProblemCode};
use serde_json::Value;

/// Fails unless each input gets its problem.
fn check(all: &[Bad], find: impl Fn(&str) -> Vec<Problem>) {
    let is_it = |bad: &Bad, problem: &Problem| problem.field == bad.field && problem.code == bad.code;
    let wrong = all.iter().filter(|bad| !find(&bad.text).iter().any(|problem| is_it(bad, problem)));
    let wrong: Vec<_> = wrong
        .map(|bad| {
            format!("{:?} {}\n{:?}", bad.code, bad.field, bad.text.chars().take(900).collect::<String>())
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        all.len(),
        wrong[..wrong.len().min(9)].join("\n")
    );
}

#[test]
fn a_good_request_has_no_problem() {
    assert_eq!(problems(&good()), vec![]);
}

#[test]
fn more_than_a_thousand_bad_requests_get_the_problem_they_should() {
    let all = requests();
    assert!(all.len() >= 1000, "{}", all.len());
    check(&all, problems);
}

#[test]
fn bad_wrappings_get_the_problem_they_should() {
    let source = rules(&[]).event_source;
    check(&messages(), |text| match envelope::open(text, &source) {
        Content::Request(request) => request.problems,
        Content::Ignored(_) => vec![],
    });
}

/// Whether a schema cannot say it.
fn is_beyond_a_schema(problem: &Problem) -> bool {
    use ProblemCode::{Account, Bucket, Duplicate, Mismatch, Partition, Region, Requester, TooLarge};
    matches!(
        problem.code,
        Account | Bucket | Duplicate | Mismatch | Partition | Region | Requester | TooLarge
    ) || problem.field.starts_with("tags.")
}

#[test]
fn the_shipped_schema_agrees_on_variations_of_requests() {
    let schema = serde_json::from_str(include_str!("../../../schemas/request.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let bad = requests();
    let mut chance = Chance::new(1);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..5_000 {
        let text = if chance.once_in(3) { chance.one(&bad).text.clone() } else { good() };
        let text = String::from_utf8_lossy(&mutated(text.into_bytes(), &mut chance)).into_owned();
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let is_valid = value.is_some_and(|value| schema.is_valid(&value));
        let problems = problems(&text);
        if problems.is_empty() {
            accepted += 1;
            assert!(is_valid, "accepted against the schema: {text}");
        } else if is_valid {
            assert!(problems.iter().all(is_beyond_a_schema), "valid and refused: {text}\n{problems:?}");
        } else {
            refused += 1;
        }
    }
    assert!(accepted > 200 && refused > 200, "{accepted} {refused}");
}

/// The input with one or two bytes changed, inserted, removed or swapped.
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
fn every_target_holds_on_its_kept_inputs_and_on_mutations_of_them() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folders = fs::read_dir(&corpora).unwrap().map(|folder| folder.unwrap().file_name());
    let folders: BTreeSet<_> = folders.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(folders, ALL.iter().map(|(name, _)| (*name).to_owned()).collect());
    let mut chance = Chance::new(1);
    for (name, target) in ALL {
        let mut is_accepted = false;
        for file in fs::read_dir(corpora.join(name)).unwrap() {
            let kept = fs::read(file.unwrap().path()).unwrap();
            for round in 0..20 {
                let input = if round == 0 { kept.clone() } else { mutated(kept.clone(), &mut chance) };
                let held = std::panic::catch_unwind(|| target(&input));
                assert!(held.is_ok(), "{name}: {:?}", String::from_utf8_lossy(&input));
                is_accepted |= round == 0 && held.is_ok_and(|accepted| accepted);
            }
        }
        assert!(is_accepted, "{name}: none of the kept inputs is accepted: they are out of date");
    }
}
