//! What a search did, and how it uses every processor.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// What a search went through, and what it found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was counted, each with its figure.
    pub done: Vec<(String, String)>,
    /// What must never be.
    pub violations: Vec<String>,
}

impl Report {
    /// Adds a figure.
    pub fn count(&mut self, what: &str, figure: impl ToString) {
        self.done.push((what.to_owned(), figure.to_string()));
    }

    /// Adds a violation unless `holds`.
    pub fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(what());
        }
    }

    /// Holds the search to its word, in a test.
    ///
    /// # Panics
    /// If it found something.
    pub fn finds_nothing(self) {
        println!("{self}");
        assert_eq!(self.violations, Vec::<String>::new());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} violations", self.violations.len())?;
        for (what, figure) in &self.done {
            writeln!(f, "  {what}: {figure}")?;
        }
        for violation in self.violations.iter().take(50) {
            writeln!(f, "  VIOLATION {violation}")?;
        }
        Ok(())
    }
}

/// Does `each` for every number below `count`, on every processor. The results are in no order.
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
