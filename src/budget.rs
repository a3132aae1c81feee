//! The time limits of one invocation: how long it starts new work, and when it has to end.
//!
//! INVARIANT: every invocation ends and reports before Lambda's time-out, even when a service hangs. So all its calls
//! run under [`Budget::run`], which drops them at the end. CopyProjectVersion must not be dropped, because its
//! outcome would be unknown. It is sent only while [`Budget::has_time_to_copy`].

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// How long one attempt of an AWS call may take.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long work that has started may take: one call with its time-out, and the writes around it.
const TIME_TO_FINISH: Duration = Duration::from_secs(15);
/// The time that an invocation keeps for its report.
const TIME_TO_REPORT: Duration = Duration::from_secs(2);
/// How long a sweep starts new work, so that it ends before the next sweep.
const SWEEP_BUDGET: Duration = Duration::from_secs(55);

/// The time limits of one invocation, in real time: Lambda ends it by real time, whatever the copier's clock says.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    begun: Instant,
    no_new_work_from: Instant,
    end: Instant,
}

impl Budget {
    /// The budget of an invocation that Lambda ends in `time_left`.
    pub fn new(time_left: Duration) -> Self {
        let begun = Instant::now();
        let end = begun + time_left.saturating_sub(TIME_TO_REPORT);
        Self { begun, no_new_work_from: begun + time_left.saturating_sub(TIME_TO_FINISH), end }
    }

    /// The budget of a sweep.
    pub fn for_sweep(time_left: Duration) -> Self {
        let budget = Self::new(time_left);
        Self { no_new_work_from: budget.no_new_work_from.min(budget.begun + SWEEP_BUDGET), ..budget }
    }

    /// Whether new work may start.
    pub fn may_begin(&self) -> bool {
        Instant::now() < self.no_new_work_from
    }

    /// Whether CopyProjectVersion may be sent: its attempt ends in time.
    pub fn has_time_to_copy(&self) -> bool {
        Instant::now() + CALL_TIMEOUT <= self.end
    }

    /// A budget of the first third of the time for new work.
    pub fn first_third(&self) -> Self {
        let third = self.begun + self.no_new_work_from.saturating_duration_since(self.begun) / 3;
        Self { no_new_work_from: third, end: third, ..*self }
    }

    /// A budget that leaves time for a call of CopyProjectVersion.
    pub fn before_copy(&self) -> Self {
        Self { end: self.end.checked_sub(CALL_TIMEOUT).unwrap_or(self.begun), ..*self }
    }

    /// Runs `work` until it is done or the time is over; `None` if it was dropped.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.end, work).await.ok()
    }

    /// How long the invocation has lasted.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, sleep};

    #[tokio::test(start_paused = true)]
    async fn a_sweep_begins_no_new_work_after_55_seconds() {
        let budget = Budget::for_sweep(Duration::from_secs(300));
        advance(Duration::from_millis(54_999)).await;
        assert!(budget.may_begin());
        advance(Duration::from_millis(1)).await;
        assert!(!budget.may_begin());
    }

    #[tokio::test(start_paused = true)]
    async fn work_ends_two_seconds_before_the_time_out() {
        let budget = Budget::new(Duration::from_secs(20));
        assert_eq!(budget.run(sleep(Duration::from_secs(60))).await, None);
        assert_eq!(budget.elapsed(), Duration::from_secs(18));
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_is_sent_only_if_its_attempt_ends_in_time() {
        let budget = Budget::new(Duration::from_secs(20));
        assert_eq!(budget.before_copy().run(sleep(Duration::from_secs(60))).await, None);
        assert!(budget.has_time_to_copy());
        advance(Duration::from_millis(2)).await;
        assert!(!budget.has_time_to_copy());
    }

    #[tokio::test(start_paused = true)]
    async fn an_invocation_without_time_begins_nothing() {
        let budget = Budget::for_sweep(Duration::ZERO);
        assert!(!budget.may_begin() && !budget.has_time_to_copy());
        assert_eq!(budget.run(sleep(Duration::from_secs(1))).await, None);
    }
}
