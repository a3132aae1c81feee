//! The pages of a listing, newest item first.

use uuid::Uuid;

use crate::answer::AwsError;

/// The order of the items: the number of an ARN, then a text.
pub(super) type Key = (u64, String);

/// The largest number of items on a page, if a request does not say it.
const MAX: usize = 100;

/// A page of at most `max` of these items, and the token of the next page.
///
/// `scope` names the operation and its filters. A token of another scope is refused.
pub(super) fn page<T>(
    items: impl IntoIterator<Item = (Key, T)>,
    max: Option<usize>,
    token: Option<&str>,
    scope: &str,
) -> Result<(Vec<T>, Option<String>), AwsError> {
    let max = max.unwrap_or(MAX);
    // A token is the scope's hash and the key of the last item, so that new items move no page.
    let scope = Uuid::new_v5(&Uuid::NAMESPACE_OID, scope.as_bytes()).simple().to_string();
    let read = |token: &str| {
        let (number, text) = token.strip_prefix(&scope)?.split_once(':')?;
        Some((number.parse::<u64>().ok()?, text.to_owned()))
    };
    let invalid =
        || AwsError::new("InvalidPaginationTokenException", "The pagination token is not valid here.");
    let token = token.filter(|token| !token.is_empty());
    let after = token.map(|token| read(token).ok_or_else(invalid)).transpose()?;
    let is_left = |key: &Key| after.as_ref().is_none_or(|after| key < after);
    let mut items: Vec<_> = items.into_iter().filter(|(key, _)| is_left(key)).collect();
    items.sort_by(|(a, _), (b, _)| b.cmp(a));
    let is_last = items.len() <= max;
    items.truncate(max);
    let next = items.last().filter(|_| !is_last).map(|((number, text), _)| format!("{scope}{number}:{text}"));
    Ok((items.into_iter().map(|(_, item)| item).collect(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(count: u64) -> Vec<(Key, u64)> {
        (0..count).map(|n| ((n, format!("x{n}")), n)).collect()
    }

    #[test]
    fn pages_follow_each_other_without_a_gap_and_the_last_has_no_token() {
        let (mut token, mut seen) = (None, Vec::new());
        loop {
            // Items that are added between two pages move nothing.
            let count = if token.is_none() { 7 } else { 9 };
            let (page, next) = page(items(count), Some(3), token.as_deref(), "s").unwrap();
            seen.extend(page);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, [6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(page(items(3), Some(3), None, "s").unwrap().1, None);
    }

    #[test]
    fn a_token_of_another_listing_or_a_made_up_one_is_refused() {
        let token = page(items(4), Some(2), None, "s").unwrap().1.unwrap();
        let (cut, beheaded) = (token.get(..32).unwrap(), token.get(1..).unwrap());
        for (token, scope) in [(token.as_str(), "other"), ("x", "s"), ("ü", "s"), (cut, "s"), (beheaded, "s")]
        {
            let error = page(items(4), None, Some(token), scope).unwrap_err();
            assert_eq!(error.code, "InvalidPaginationTokenException");
        }
    }
}
