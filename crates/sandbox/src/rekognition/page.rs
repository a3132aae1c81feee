//! Pages: newest first, with tokens that mean nothing to anybody but us.

use crate::error::AwsError;

/// What comes after what: the number of an ARN, then its text.
pub(super) type Key = (u64, String);

/// A page of `items`, which come newest first, and the token of the next.
///
/// `scope` ties a token to the operation and its filters: a token of another listing is refused.
pub(super) fn page<T>(
    items: impl IntoIterator<Item = (Key, T)>,
    max: Option<usize>,
    default_max: usize,
    token: Option<&str>,
    scope: &str,
) -> Result<(Vec<T>, Option<String>), AwsError> {
    let after = match token.filter(|token| !token.is_empty()) {
        Some(token) => Some(read(token, scope).ok_or_else(|| {
            AwsError::new("InvalidPaginationTokenException", "The pagination token is not valid here.")
        })?),
        None => None,
    };
    let max = max.unwrap_or(default_max);
    let mut items =
        items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key < after)).peekable();
    let mut page = Vec::new();
    let mut last = None;
    while page.len() < max
        && let Some((key, item)) = items.next()
    {
        last = Some(key);
        page.push(item);
    }
    let next = items.peek().and(last).map(|key| write(&key, scope));
    Ok((page, next))
}

fn write((number, text): &Key, scope: &str) -> String {
    let scope = fingerprint(scope);
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{scope:016x}{number:016x}{hex}")
}

fn read(token: &str, scope: &str) -> Option<Key> {
    let number = |at| u64::from_str_radix(token.get(at)?, 16).ok();
    let hex = token.get(32..)?;
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
    let text = String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
    (number(0..16)? == fingerprint(scope)).then_some((number(16..32)?, text))
}

/// FNV-1a: the same in every build, unlike the standard library's hashes.
fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(count: u64) -> Vec<(Key, u64)> {
        (0..count).rev().map(|n| ((n, format!("x{n}")), n)).collect()
    }

    #[test]
    fn pages_follow_each_other_without_a_gap_and_the_last_has_no_token() {
        let mut token = None;
        let mut seen = Vec::new();
        loop {
            let (page, next) = page(items(7), Some(3), 100, token.as_deref(), "s").unwrap();
            seen.extend(page);
            match next {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, [6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(page(items(3), Some(3), 100, None, "s").unwrap().1, None);
    }

    #[test]
    fn what_is_added_between_two_pages_moves_nothing() {
        let (_, token) = page(items(4), Some(2), 100, None, "s").unwrap();
        assert_eq!(page(items(9), Some(2), 100, token.as_deref(), "s").unwrap().0, [1, 0]);
    }

    #[test]
    fn a_foreign_or_made_up_token_is_refused() {
        let (_, token) = page(items(4), Some(2), 100, None, "s").unwrap();
        let token = token.unwrap();
        let (cut, beheaded) = (token.get(..35).unwrap(), token.get(1..).unwrap());
        for (token, scope) in [(token.as_str(), "other"), ("x", "s"), ("ü", "s"), (cut, "s"), (beheaded, "s")]
        {
            let error = page(items(4), None, 100, Some(token), scope).unwrap_err();
            assert_eq!(error.code, "InvalidPaginationTokenException");
        }
    }
}
