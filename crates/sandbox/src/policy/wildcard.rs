//! `*` and `?` as policies use them, and ARNs compared part by part.

/// Whether `text` matches `pattern`, in which `*` stands for any characters and `?` for one. Linear in space and, for
/// the sizes policies have, in time.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go back to: after the last `*`, with one more character given to it.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(one) if *one == '?' || one == c => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after_star, taken)) => {
                    retry = Some((after_star, taken + 1));
                    p = after_star;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}

/// Whether an ARN matches a pattern, each of its six parts for itself: a `*` does not reach over a colon. What is no
/// ARN matches nothing.
pub(super) fn arn_matches(pattern: &str, arn: &str) -> bool {
    let (pattern, arn): (Vec<&str>, Vec<&str>) =
        (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
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
            ("*", "anything", true),
            ("a*c", "abbbc", true),
            ("a*c", "abcb", false),
            ("a*b*c", "a--b--b--c", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("version/*", "version/flowers/1", true),
            ("**x", "yyx", true),
            ("ä?", "äß", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_star_in_an_arn_does_not_reach_over_a_colon() {
        assert!(arn_matches("arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x"));
        assert!(!arn_matches("arn:*:role/x", "arn:aws:iam::111122223333:role/x"));
    }
}
