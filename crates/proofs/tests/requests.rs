//! Bad requests and bad wrappings get the problem they should, and a second opinion agrees on every one, and on
//! thousands of variations of a good one.

use proofs::chance::Chance;
use proofs::hostile::bad::{Bad, good, messages, requests};
use proofs::hostile::oracle::Oracle;
use proofs::hostile::oracle::wrapping::{self, Wrapped};
use proofs::hostile::{BUCKET, problems, strict};
use proofs::request::{ACCOUNT, SOURCE};
use rekognition_model_copier::domain::envelope::{self, Opened};
use rekognition_model_copier::domain::problem::Problem;

fn oracle() -> Oracle {
    Oracle::new(SOURCE, ACCOUNT, &[BUCKET])
}

#[test]
fn a_good_request_has_no_problem() {
    assert_eq!(problems(&good(), &strict()), vec![]);
    assert!(oracle().allows(&good()));
}

#[test]
fn more_than_a_thousand_bad_requests_get_the_problem_they_should() {
    let (rules, oracle, all) = (strict(), oracle(), requests());
    check(&all, |bad| (problems(&bad.text, &rules), !oracle.allows(&bad.text)));
    assert!(all.len() >= 1000, "{}", all.len());
}

#[test]
fn bad_wrappings_get_the_problem_they_should() {
    let source = &strict().event_source;
    check(&messages(), |bad| {
        let problems = match envelope::open(&bad.text, source) {
            Opened::Request(letter) => letter.problems,
            Opened::Announcement => vec![],
        };
        (problems, wrapping::open(&bad.text, source) == Wrapped::Broken)
    });
}

/// Holds every bad input against what the shipped code finds wrong with it, and whether the second opinion refuses it.
fn check(all: &[Bad], judge: impl Fn(&Bad) -> (Vec<Problem>, bool)) {
    let mut wrong = Vec::new();
    for bad in all {
        let (found, refused) = judge(bad);
        let hit = found.iter().any(|problem| problem.field == bad.field && problem.code == bad.code);
        if !hit || !refused {
            let found: Vec<_> = found.iter().map(|problem| (&problem.field, problem.code)).collect();
            let text: String = bad.text.chars().take(900).collect();
            let wanted = (&bad.field, bad.code);
            wrong.push(format!("{wanted:?}, found {found:?}, second opinion refuses: {refused}: {text}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        all.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
}

#[test]
fn the_second_opinion_agrees_on_variations_of_a_good_request() {
    let (rules, oracle) = (strict(), oracle());
    let (good, bad) = (good(), requests());
    let mut chance = Chance::new(1);
    let mut allowed = 0;
    for _ in 0..20_000 {
        let mut text: Vec<char> = match chance.once_in(3) {
            true => chance.one(&bad).text.chars().take(70_000).collect(),
            false => good.chars().collect(),
        };
        for _ in 0..=chance.below(2) {
            let at = chance.below(text.len() as u64 + 1) as usize;
            let other = *chance
                .one(&['a', '0', 'Z', '"', '\\', '{', '}', ',', ':', ' ', '-', '\u{e9}', 'u', '\0', '/']);
            match chance.below(4) {
                0 => text.insert(at, other),
                1 if at < text.len() => text[at] = other,
                2 if at < text.len() => drop(text.remove(at)),
                _ if at + 3 < text.len() => text.swap(at, at + 3),
                _ => {}
            }
        }
        let text: String = text.into_iter().collect();
        let (ours, theirs) = (problems(&text, &rules).is_empty(), oracle.allows(&text));
        assert_eq!(ours, theirs, "{text}\n{:?}", problems(&text, &rules));
        allowed += u32::from(ours);
    }
    assert!(allowed > 1000, "only {allowed} were good: nothing was compared");
}
