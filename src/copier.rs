//! The copier: its access to AWS and the clock (the world), a deployment's rules, and the operations that start-copy
//! and check-copies share.

use jiff::{SignedDuration, Timestamp};
use tracing::{Span, error_span, info};

use crate::domain::record::{Accepted, Header, Record};
use crate::domain::rules::Rules;
use crate::domain::times::CLOCK_TOLERANCE;
use crate::poll_rotation::PollRotation;
use crate::ports::{Clock, Ledger, Unavailable, World};
use crate::rate_limit::{RateLimit, RateLimits};
use crate::unread_projects::UnreadProjects;

/// The most concurrent calls of one kind. Rate limits bound the calls per second; this bounds connections.
pub(crate) const MAX_CONCURRENT_CALLS: usize = 8;

/// A world, the rules, and the state that one instance keeps between invocations.
#[derive(Debug)]
pub struct Copier<W> {
    pub(crate) world: W,
    pub(crate) rules: Rules,
    pub(crate) copy_rate: RateLimit,
    pub(crate) describe_rate: RateLimit,
    pub(crate) policy_list_rates: RateLimits,
    pub(crate) policy_change_rates: RateLimits,
    pub(crate) poll_rotation: PollRotation,
    pub(crate) unread_projects: UnreadProjects,
}

impl<W: World> Copier<W> {
    /// A copier in this world, by these rules.
    pub fn new(world: W, rules: Rules) -> Self {
        let calls = rules.calls_per_second;
        Self {
            world,
            copy_rate: RateLimit::per_second(calls),
            describe_rate: RateLimit::per_second(calls),
            policy_list_rates: RateLimits::per_second(calls),
            policy_change_rates: RateLimits::per_second(calls),
            poll_rotation: PollRotation::default(),
            unread_projects: UnreadProjects::default(),
            rules,
        }
    }

    /// Its world.
    pub fn world(&self) -> &W {
        &self.world
    }

    /// Its rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock().now()
    }

    /// If the clocks of the copier and of the ledger differ by more than five minutes: how far the copier's is behind
    /// (negative: ahead). Then nothing may be decided by it.
    ///
    /// AWS does not refuse the calls of such a function, because the SDK signs them with the service's time.
    pub(crate) fn clock_skew(&self) -> Option<SignedDuration> {
        let skew = self.world.ledger().clock_skew();
        (skew.abs() > CLOCK_TOLERANCE).then_some(skew)
    }

    /// Saves a record in its new state. `None` if another writer was faster.
    pub(crate) async fn save(&self, accepted: Accepted) -> Result<Option<Record>, Unavailable> {
        let saved = self.world.ledger().save(accepted.into()).await?;
        match &saved {
            Some(record) => log_state(record),
            None => info!("overtaken: another writer was faster"),
        }
        Ok(saved)
    }
}

/// The span around all work for a record. Its level is ERROR, so that it exists at every log level.
pub(crate) fn record_span(record: &Record) -> Span {
    span(record.header(), record.status_word(), record.accepted())
}

/// The same for an accepted request.
pub(crate) fn accepted_span(accepted: &Accepted) -> Span {
    span(&accepted.header, accepted.status_word(), Some(accepted))
}

fn span(header: &Header, status: &str, accepted: Option<&Accepted>) -> Span {
    let copy = accepted.map(|accepted| &accepted.copy);
    let started = accepted.and_then(Accepted::started_copy).map(|copy| &copy.project_version_arn);
    error_span!(
        "record",
        request = %header.key,
        correlationId = header.correlation_id,
        status,
        sourceProjectVersionArn = copy.map(|copy| copy.source_project_version_arn.as_str()),
        destinationProjectArn = copy.map(|copy| copy.destination_project_arn.as_str()),
        versionName = copy.map(|copy| copy.version_name.as_str()),
        projectVersionArn = started.map(|arn| arn.as_str()),
    )
}

/// Writes one line for every state that a record enters.
pub(crate) fn log_state(record: &Record) {
    let failure = record.failure().map(|failure| failure.code.as_str());
    let attempts = record.accepted().map(|accepted| accepted.attempts);
    record_span(record).in_scope(|| info!(revision = record.header().revision, attempts, failure, "record"));
}
