//! The copier: the ports, the rules, and the few moves that both use cases share.

use futures_util::future::join_all;
use jiff::Timestamp;
use tracing::{Span, error, error_span, info, warn};

use crate::check_copies::Round;
use crate::domain::admission::Admission;
use crate::domain::decide::grant::ungranted;
use crate::domain::decide::name;
use crate::domain::decide::start::{Answered, answered, may_call};
use crate::domain::grant::Granting;
use crate::domain::model::Version;
use crate::domain::outbox::Outgoing;
use crate::domain::record::Record;
use crate::domain::refusal::CopyAnswer;
use crate::domain::times::Times;
use crate::grants::Turns;
use crate::pace::Pace;
use crate::ports::{ANNOUNCEMENTS_PER_CALL, Bus, Clock, Ledger, Rekognition, Unavailable, Which};

/// What a deployment decides.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Whom it serves.
    pub admission: Admission,
    /// How long things may take.
    pub times: Times,
    /// The `source` of its announcements.
    pub event_source: String,
    /// How many calls of one Rekognition operation it makes a second.
    pub calls_per_second: u32,
    /// What it grants itself in other accounts.
    pub granting: Granting,
}

/// The ports and the rules.
#[derive(Debug)]
pub struct Copier<L, R, B, C> {
    pub(crate) ledger: L,
    pub(crate) rekognition: R,
    pub(crate) bus: B,
    pub(crate) clock: C,
    pub(crate) rules: Rules,
    pub(crate) copy_pace: Pace,
    pub(crate) look_pace: Pace,
    pub(crate) policy_read_pace: Pace,
    pub(crate) policy_change_pace: Pace,
    pub(crate) turns: Turns,
    pub(crate) round: Round,
}

impl<L: Ledger, R: Rekognition, B: Bus, C: Clock> Copier<L, R, B, C> {
    /// A copier in this world, by these rules.
    pub fn new(ledger: L, rekognition: R, bus: B, clock: C, rules: Rules) -> Self {
        let pace = || Pace::per_second(rules.calls_per_second);
        Self {
            ledger,
            rekognition,
            bus,
            clock,
            copy_pace: pace(),
            look_pace: pace(),
            policy_read_pace: pace(),
            policy_change_pace: pace(),
            turns: Turns::default(),
            round: Round::default(),
            rules,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Calls CopyProjectVersion for a record whose lease is ours, and writes what came of it. `None` if
    /// somebody else has taken the record further.
    pub(crate) async fn attempt(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        let Some(copy) = record.copy.as_ref().filter(|_| may_call(&record, self.now())) else {
            warn!("left a start to its successor: the lease is too old to call");
            return Ok(Some(record));
        };
        // INVARIANT: nothing is called without the grant, so that whatever keeps it from us is a definite "not now".
        if let Err(why) = self.grant(&record).await {
            info!(?why, "not granted");
            let role = self.rules.granting.role_for(&record);
            return self.write(ungranted(record, &why, role, self.now(), &self.rules.times)).await;
        }
        let answer = self.rekognition.copy(copy).await;
        match &answer {
            CopyAnswer::Accepted(_) => {}
            CopyAnswer::Refused(refusal) => {
                info!(code = refusal.code, reason = refusal.message, "refused");
            }
            CopyAnswer::Unanswered { reason } => warn!(reason, "unanswered"),
        }
        let next = match answered(record, answer, self.now(), &self.rules.times) {
            Answered::Write(record) => record,
            Answered::LookUpName(record) => {
                let seen = self.version_named(&record).await;
                name::taken(record, seen.as_ref(), self.now(), &self.rules.times)
            }
        };
        self.write(next).await
    }

    /// Writes a record that was taken further. `None` if somebody else was faster.
    pub(crate) async fn write(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        let written = self.ledger.save(record).await?;
        match &written {
            Some(record) => log(record),
            None => info!("overtaken: somebody else has taken the record further"),
        }
        Ok(written)
    }

    /// Publishes what the records have in their outboxes, and marks what was published. Returns the records
    /// as they are then, and how many marks the ledger did not take.
    ///
    /// In rounds of one announcement a record: a record's next one goes out only after the one before.
    pub(crate) async fn publish(&self, records: Vec<Record>) -> (Vec<Record>, usize) {
        self.publish_until(records, Timestamp::MAX).await
    }

    /// The same, asking nothing of the bus from `until` on.
    pub(crate) async fn publish_until(&self, records: Vec<Record>, until: Timestamp) -> (Vec<Record>, usize) {
        let mut published = vec![0; records.len()];
        let mut round: Vec<usize> = (0..records.len()).collect();
        loop {
            let letters: Vec<(usize, &Outgoing)> = round
                .iter()
                .filter_map(|&i| Some((i, records.get(i)?.outbox.get(*published.get(i)?)?)))
                .collect();
            if letters.is_empty() {
                break;
            }
            let mut results = Vec::new();
            // One call between two looks at the clock.
            for call in letters.chunks(ANNOUNCEMENTS_PER_CALL) {
                if self.now() >= until {
                    break;
                }
                let letters: Vec<&Outgoing> = call.iter().map(|(_, letter)| *letter).collect();
                results.extend(self.bus.publish(&letters).await);
            }
            round.clear();
            for ((i, letter), result) in letters.iter().zip(results) {
                match result {
                    Ok(()) => {
                        round.push(*i);
                        published.iter_mut().skip(*i).take(1).for_each(|count| *count += 1);
                    }
                    Err(error) => {
                        let span = records.get(*i).map_or_else(Span::none, about);
                        let announced = letter.status.as_str();
                        span.in_scope(|| error!(%error, announced, "an announcement was not taken"));
                    }
                }
            }
        }
        let marks = records.into_iter().zip(published).map(|(record, count)| self.mark(record, count));
        let (records, errors): (_, Vec<usize>) = join_all(marks).await.into_iter().unzip();
        (records, errors.iter().sum())
    }

    /// INVARIANT: marked after it was published, never before. A mark that fails, which is counted, publishes again.
    async fn mark(&self, record: Record, count: usize) -> (Record, usize) {
        if count == 0 {
            return (record, 0);
        }
        match self.ledger.save(record.clone().published(count)).await {
            Ok(Some(marked)) => (marked, 0),
            Ok(None) => (record, 0),
            Err(error) => {
                about(&record).in_scope(|| error!(%error, "a published announcement could not be marked"));
                (record, 1)
            }
        }
    }

    /// The version that has the record's name; `None` if there is none or it could not be read.
    async fn version_named(&self, record: &Record) -> Option<Version> {
        let copy = record.copy.as_ref()?;
        self.look_pace.turn().await;
        let names = [copy.version_name.clone()];
        match self.rekognition.versions(&copy.destination_project_arn, Which::Named(&names)).await {
            Ok(found) => {
                found.versions.into_iter().find(|version| version.arn.version_name() == copy.version_name)
            }
            Err(error) => {
                warn!(%error, "a taken name could not be looked up");
                None
            }
        }
    }
}

/// The span around what is done for a record: every line in it says which one it is about, and where that stood.
///
/// An error's span, so that it is there at every level of logging.
pub(crate) fn about(record: &Record) -> Span {
    let copy = record.copy.as_ref();
    error_span!(
        "record",
        request = %record.key,
        correlationId = record.correlation_id,
        status = record.status(),
        sourceProjectVersionArn = copy.map(|copy| copy.source_project_version_arn.as_str()),
        destinationProjectArn = copy.map(|copy| copy.destination_project_arn.as_str()),
        versionName = copy.map(|copy| copy.version_name.as_str()),
        projectVersionArn = record.project_version_arn().map(|arn| arn.as_str()),
    )
}

/// One line for every state a record enters.
pub(crate) fn log(record: &Record) {
    let failure = record.failure().map(|failure| failure.code.as_str());
    about(record)
        .in_scope(|| info!(revision = record.revision, attempts = record.attempts, failure, "record"));
}
