//! What the fuzzer found worth keeping, once more: no panic, no disagreement.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proofs::hostile::targets::ALL;

#[test]
fn every_kept_input_of_every_target_holds() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in ALL {
        let folder = corpora.join(name);
        let files: Vec<_> = fs::read_dir(&folder).expect(name).map(|file| file.expect(name).path()).collect();
        assert!(files.len() >= 10, "{name} has {} inputs", files.len());
        for file in files {
            let input = fs::read(&file).expect(name);
            let result = std::panic::catch_unwind(|| target(&input));
            assert!(result.is_ok(), "{}", file.display());
        }
    }
}

#[test]
fn every_corpus_has_its_target() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folders = fs::read_dir(corpora).expect("corpora").map(|folder| folder.expect("a folder").file_name());
    let folders: BTreeSet<_> = folders.map(|name| name.to_string_lossy().into_owned()).collect();
    assert_eq!(folders, ALL.iter().map(|(name, _)| (*name).to_owned()).collect());
}
