//! The fuzz target `request`: a request without an envelope.

use rekognition_model_copier::domain::request::{CopyRequest, Draft};

use super::{problems, text};

/// Reads a request. Each problem's message begins with its field and has no control character. A request without problems
/// round-trips through JSON.
pub(super) fn request(data: &[u8]) -> bool {
    let text = &text(data);
    let problems = problems(text);
    for problem in &problems {
        let named = problem.message.starts_with(&format!("`{}` ", problem.field));
        assert!(named && !problem.message.contains(char::is_control), "{text:?}: {problem:?}");
    }
    let Some(copy) = Draft::parse(text).complete() else {
        assert!(!problems.is_empty(), "{text:?}");
        return false;
    };
    let json = serde_json::to_string(&copy).expect("a request can be written");
    assert_eq!(serde_json::from_str::<CopyRequest>(&json).ok().as_ref(), Some(&copy), "{json}");
    assert_eq!(Draft::parse(&json).complete().as_ref(), Some(&copy), "{json}");
    problems.is_empty()
}
