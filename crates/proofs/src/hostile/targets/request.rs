use rekognition_model_copier::domain::request::{CopyRequest, Draft};

use super::{ORACLE, RULES, text};
use crate::hostile::problems;

/// A request: served if and only if the second opinion would, and what is served reads the same again.
pub fn request(data: &[u8]) {
    let text = &text(data);
    let problems = problems(text, &RULES);
    assert_eq!(problems.is_empty(), ORACLE.allows(text), "{text:?}: {problems:?}");
    for problem in &problems {
        let named = problem.message.starts_with(&format!("`{}` ", problem.field));
        assert!(named && !problem.message.contains(char::is_control), "{text:?}: {problem:?}");
    }
    let draft = Draft::parse(text);
    let Some(copy) = draft.complete() else { return };
    let json = serde_json::to_string(&copy).expect("a request can be written");
    assert_eq!(serde_json::from_str::<CopyRequest>(&json).ok().as_ref(), Some(&copy), "{json}");
    // A request that is written is a request.
    assert_eq!(Draft::parse(&json).complete().as_ref(), Some(&copy), "{json}");
}
