//! The report of a search, and the loop that runs a search on every processor.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What the search did: names and figures.
    pub(crate) figures: Vec<(String, String)>,
    pub violations: Vec<String>,
}

impl Report {
    pub fn count(&mut self, name: &str, figure: impl ToString) {
        self.figures.push((name.to_owned(), figure.to_string()));
    }

    /// Adds a violation unless `holds`.
    pub fn must(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(violation());
        }
    }

    /// Fails a test if the search found a violation.
    ///
    /// # Panics
    /// If it found one.
    pub fn expect_no_violation(self) {
        println!("{self}");
        assert_eq!(self.violations, Vec::<String>::new());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} violations", self.violations.len())?;
        for (name, figure) in &self.figures {
            writeln!(f, "  {name}: {figure}")?;
        }
        for violation in self.violations.iter().take(50) {
            writeln!(f, "  VIOLATION {violation}")?;
        }
        Ok(())
    }
}

/// Calls `each` for every number below `count`, on every processor. The results have no order.
///
/// # Panics
/// If `each` does.
pub fn in_parallel<T: Send>(count: u64, each: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let work = || {
        let numbers = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        numbers.take_while(|number| *number < count).map(&each).collect::<Vec<T>>()
    };
    thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a search that does not panic")).collect()
    })
}
