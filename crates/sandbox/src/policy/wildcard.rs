//! The wildcards of policies: `*` stands for any characters and `?` for one.

use regex::Regex;

pub(super) fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern == text;
    }
    let regex = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!(r"(?s)\A{regex}\z")).is_ok_and(|regex| regex.is_match(text))
}

/// Compares the six parts of an ARN one by one, so that a `*` matches no colon between them. A text that is no ARN matches
/// nothing.
pub(super) fn arn_matches(pattern: &str, arn: &str) -> bool {
    let parts = |text| str::splitn(text, 6, ':').collect::<Vec<_>>();
    let (pattern, arn) = (parts(pattern), parts(arn));
    pattern.len() == 6 && arn.len() == 6 && pattern.iter().zip(&arn).all(|(part, text)| matches(part, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_in_policies() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*c", "abbb\nc", true),
            ("a*c", "abcb", false),
            ("a*b*c", "a--b--b--c", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a.c*", "abc", false),
            ("ä?", "äß", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(arn_matches("arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x"));
        assert!(!arn_matches("arn:*:role/x", "arn:aws:iam::111122223333:role/x"));
    }
}
