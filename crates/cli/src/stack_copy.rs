//! A request to a stack: publishes it on the stack's bus and follows its record until it has ended.

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use jiff::Timestamp;
use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::settings::Settings;

use crate::announcer::NEW_ID;
use crate::confirm::Confirmation;
use crate::exit::{Exit, Failure, OrFailure};
use crate::request_text::RequestText;
use crate::session::Session;
use crate::stack::Stack;
use crate::stack_ledger::StackLedger;
use crate::waiting::{READ_INTERVAL, Wait};
use crate::when::write_duration;

/// How long start-copy usually needs at most to record a request, with a cold start.
const RECORDED_AFTER: Duration = Duration::from_secs(30);

/// A request to a stack.
pub(crate) struct StackCopy<'a> {
    pub(crate) session: &'a Session,
    pub(crate) stack: &'a Stack,
    pub(crate) settings: &'a Settings,
    pub(crate) request: &'a RequestText,
    pub(crate) wait: Wait<'a>,
}

impl StackCopy<'_> {
    /// Sends the request, unless the stack has it, and follows it until it has ended or the wait is over.
    pub(crate) async fn run(&self, confirmed: Confirmation) -> Result<Exit, Failure> {
        let ledger = StackLedger::new(self.session, &self.settings.ledger_table);
        match ledger.load(&self.request.key()).await? {
            Some(known) => {
                let rejection = self.request.rejection(&known, &self.settings.rules, Timestamp::now())?;
                if let Some(rejection) = rejection {
                    return self.wait.announcer.reject(&rejection, NEW_ID);
                }
                self.wait.announcer.output.note("the stack has this request already");
            }
            None => self.send(confirmed).await?,
        }
        self.follow(&ledger).await
    }

    async fn send(&self, _: Confirmation) -> Result<(), Failure> {
        let bus = &self.settings.event_bus;
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            // The stack's rule accepts every source except the source of its own announcements.
            .source(format!("{}.requests", self.settings.rules.event_source))
            .detail_type(DETAIL_TYPE)
            .detail(self.request.text())
            .build();
        let put = Client::new(&self.session.config.shared).put_events().entries(entry).send().await;
        let failed = format!("the request was not put on event bus `{bus}`");
        let answer = put.or_failure(&failed)?;
        if let Some(code) = answer.entries().iter().find_map(|result| result.error_code()) {
            return Err(Failure::Error(format!("{failed}: {code}")));
        }
        self.wait.announcer.output.note(&format!("sent as request `{}`", self.request.id));
        Ok(())
    }

    async fn follow(&self, ledger: &StackLedger) -> Result<Exit, Failure> {
        let Self { wait, request, .. } = self;
        loop {
            let record = ledger.load(&request.key()).await?;
            if let Some(announcement) = record.as_ref().and_then(Announcement::of) {
                wait.announcer.announce(&announcement)?;
                if announcement.status.is_final() {
                    return Ok(Exit::of(announcement.status));
                }
            }
            let next = || match record {
                Some(_) => format!("to keep waiting, run `{}`", self.follow_command()),
                None => self.describe_missing_record(),
            };
            if let Some(exit) = wait.end(record.as_ref(), next)? {
                return Ok(exit);
            }
            if record.is_none() && wait.elapsed() >= RECORDED_AFTER {
                return Err(Failure::Error(self.describe_missing_record()));
            }
            let status = record.as_ref().map_or("not recorded yet", Record::status_word);
            let elapsed = || write_duration(wait.elapsed().try_into().unwrap_or_default());
            wait.pause(READ_INTERVAL, || format!("{} {status}", elapsed())).await;
        }
    }

    /// What to check if the stack has not recorded the request.
    fn describe_missing_record(&self) -> String {
        let place = |name| self.stack.output(name).unwrap_or("?");
        format!(
            "request `{}` was put on event bus `{}` in Region `{}`, but the stack has no record of it yet: see whether \
             rule `{}` is enabled on that bus, what is in the dead-letter queue `{}`, and what function `{}` logs. \
             `{}` shows the request once it is recorded",
            self.request.id,
            self.settings.event_bus,
            self.session.identity.region,
            place("RequestRule"),
            place("DeadLetterQueueUrl"),
            place("StartCopyFunction"),
            self.follow_command()
        )
    }

    fn follow_command(&self) -> String {
        format!("model-copier show {} --stack {} --follow", self.request.id, self.stack.name)
    }
}
