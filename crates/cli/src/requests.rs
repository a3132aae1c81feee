//! Reads requests, of this machine or of a stack, and filters them.

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::ports::Ledger;

use crate::arguments::{Global, parse_account};
use crate::exit::Failure;
use crate::output::Output;
use crate::records::Records;
use crate::request_view::fields_of;
use crate::session::Session;
use crate::stack::Stack;
use crate::stack_ledger::StackLedger;
use crate::when::parse_duration;

/// The arguments that name one request.
#[derive(Args, Clone, Debug)]
pub(crate) struct RequestArguments {
    /// The request's id
    #[arg(value_name = "ID")]
    id: String,
    /// Look in this stack, instead of on this machine
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// The account that sent the request; default: your own
    #[arg(long, value_name = "ACCOUNT", requires = "stack", value_parser = parse_account)]
    requester: Option<String>,
}

impl RequestArguments {
    /// Where the request is, and its key.
    pub(crate) async fn open(self, global: &Global) -> Result<(Place, RecordKey), Failure> {
        let place = Place::open(global, self.stack.as_deref()).await?;
        let requester = self.requester.unwrap_or_else(|| place.session.identity.account.clone());
        Ok((place, RecordKey { requester, request_id: self.id }))
    }
}

/// The filter of `list`: it admits a request that meets every condition.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Only requests that ended without a copy: FAILED, TIMED_OUT and REJECTED
    #[arg(long)]
    failed: bool,
    /// Only requests sent within this time, for instance `7d`
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    since: Option<SignedDuration>,
    /// Only requests for this destination project: its name or its ARN
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// Only requests for a copy of this name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Only requests that this account sent
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    requester: Option<String>,
}

impl Filter {
    fn admits(&self, record: &Record, now: Timestamp) -> bool {
        let (header, fields) = (record.header(), fields_of(record));
        (!self.failed || record.failure().is_some() && record.ended_at().is_some())
            && self.since.is_none_or(|since| now.duration_since(header.requested_at) <= since)
            && self.requester.as_ref().is_none_or(|account| *account == header.key.requester)
            && self.name.as_ref().is_none_or(|name| fields.version_name.as_ref() == Some(name))
            && self.project.as_ref().is_none_or(|wanted| {
                let project = fields.destination_project_arn.as_ref();
                project.is_some_and(|arn| wanted == arn.project_name() || wanted == arn.as_str())
            })
    }
}

/// Where requests are: on this machine, or in a stack.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) session: Session,
    pub(crate) stack: Option<Stack>,
}

impl Place {
    /// The stack of this name; without one, this machine.
    pub(crate) async fn open(global: &Global, stack: Option<&str>) -> Result<Self, Failure> {
        let session = Session::open(global).await?;
        let stack = Stack::read_named(&session, stack).await?;
        Ok(Self { session, stack })
    }

    fn stack_ledger(&self, stack: &Stack) -> Result<StackLedger, Failure> {
        Ok(StackLedger::new(&self.session, stack.output("LedgerTable")?))
    }

    /// The record of a request. A missing record is an error.
    pub(crate) async fn load(&self, key: &RecordKey) -> Result<Record, Failure> {
        let (record, place, flag, more) = match &self.stack {
            None => (self.session.files()?.load(key).await?, "on this machine", String::new(), ""),
            Some(stack) => (
                self.stack_ledger(stack)?.load(key).await?,
                "in this stack",
                format!(" --stack {}", stack.name),
                "; `--requester` names the account that asked",
            ),
        };
        record.ok_or_else(|| {
            Failure::Error(format!(
                "there is no request `{}` of account `{}` in Region `{}` {place}: `model-copier list --all{flag}` lists all \
                 requests{more}",
                key.request_id, key.requester, self.session.identity.region
            ))
        })
    }

    /// The records that have not ended.
    pub(crate) async fn unfinished(&self) -> Result<Records, Failure> {
        match &self.stack {
            None => Ok(self.session.files()?.records(|record| record.next_step().is_some())?.0),
            Some(stack) => self.stack_ledger(stack)?.unfinished().await,
        }
    }

    /// The records that the filter admits, ended or not. Reads them all, and notes how many it read.
    pub(crate) async fn filtered(&self, filter: &Filter, output: &Output) -> Result<Records, Failure> {
        let (filter, now) = (filter.clone(), Timestamp::now());
        let is_wanted = move |record: &Record| filter.admits(record, now);
        let (found, read) = match &self.stack {
            None => self.session.files()?.records(is_wanted)?,
            Some(stack) => self.stack_ledger(stack)?.scan(is_wanted).await?,
        };
        output.note(&format!("{} of {read} requests", found.records.len()));
        Ok(found)
    }
}
