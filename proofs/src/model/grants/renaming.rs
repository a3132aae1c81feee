//! Other numbers for the same requests: the ways to number them under which nothing else changes.

use std::collections::{BTreeMap, BTreeSet};

use super::compact::REQUESTS;

/// Other numbers for the same requests and their versions.
#[derive(Debug)]
pub struct Renaming {
    /// Each request's.
    pub requests: [u8; REQUESTS],
    /// Those of every set of versions, as bits.
    versions: [u8; 1 << (REQUESTS + 1)],
}

impl Renaming {
    /// A request's.
    pub fn request(&self, r: u8) -> u8 {
        self.requests[usize::from(r)]
    }

    /// Those of a set of versions, as bits.
    pub fn versions(&self, bits: u8) -> u8 {
        self.versions[usize::from(bits)]
    }

    /// All ways to number the requests for these versions.
    pub fn all(of: &[u8]) -> Vec<Self> {
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0_u8]];
        orders.into_iter().filter_map(|requests| Self::new(of, requests)).collect()
    }

    /// `None` if it gives two numbers to one version, one to two, or one to a request that is not there.
    fn new(of: &[u8], requests: [u8; REQUESTS]) -> Option<Self> {
        let mut to = BTreeMap::new();
        for (r, version) in of.iter().enumerate() {
            let renamed = *of.get(usize::from(requests[r]))?;
            if *to.entry(*version).or_insert(renamed) != renamed {
                return None;
            }
        }
        let is_one_to_one = to.values().collect::<BTreeSet<_>>().len() == to.len();
        let is_kept = (of.len()..REQUESTS).all(|r| usize::from(requests[r]) == r);
        let mut versions = [0; 1 << (REQUESTS + 1)];
        for (bits, renamed) in versions.iter_mut().enumerate() {
            *renamed =
                to.iter().filter(|(from, _)| bits >> **from & 1 == 1).fold(0, |all, (_, to)| all | 1 << to);
        }
        (is_one_to_one && is_kept).then_some(Self { requests, versions })
    }
}
