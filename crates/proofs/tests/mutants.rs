//! The mutants still fit the code that they change.

use proofs::mutants::{ALL, sources};

#[test]
fn every_mutant_has_exactly_one_place_in_the_sources() {
    for mutant in ALL {
        let text = std::fs::read_to_string(sources().join(mutant.file)).unwrap();
        assert!(mutant.apply(&text).is_some(), "{}", mutant.name);
    }
}

#[test]
fn at_least_thirty_mutants_are_not_taken_for_harmless() {
    assert!(ALL.iter().filter(|mutant| mutant.harmless.is_none()).count() >= 30);
}
