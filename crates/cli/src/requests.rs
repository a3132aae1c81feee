//! Reads requests, of this machine or of a stack, and filters them.

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::ports::Ledger;

use crate::arguments::{Global, parse_account};
use crate::exit::Failure;
use crate::file_ledger::FileLedger;
use crate::output::Output;
use crate::records::Records;
use crate::request_view::RequestFields;
use crate::session::Session;
use crate::stack::Stack;
use crate::stack_ledger::StackLedger;
use crate::when::parse_duration;

/// The arguments that name one request.
#[derive(Args, Clone, Debug)]
pub(crate) struct RequestArguments {
    /// The request's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Look in this stack, instead of on this machine
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// The account that sent the request; default: your own
    #[arg(long, value_name = "ACCOUNT", requires = "stack", value_parser = parse_account)]
    pub(crate) requester: Option<String>,
}

/// One request, and where its record is.
#[derive(Debug)]
pub(crate) struct KnownRequest {
    pub(crate) session: Session,
    pub(crate) stack: Option<Stack>,
    pub(crate) key: RecordKey,
    requests: Requests,
}

impl RequestArguments {
    /// Opens the ledger that has the request.
    pub(crate) async fn open(self, global: &Global) -> Result<KnownRequest, Failure> {
        let session = Session::open(global).await?;
        let stack = Stack::read_named(&session, self.stack.as_deref()).await?;
        let requester = self.requester.unwrap_or_else(|| session.identity.account.clone());
        let key = RecordKey { requester, request_id: self.id };
        let requests = Requests::open(&session, stack.as_ref())?;
        Ok(KnownRequest { session, stack, key, requests })
    }
}

impl KnownRequest {
    /// The request's record. A missing record is an error.
    pub(crate) async fn load(&self) -> Result<Record, Failure> {
        let record = match &self.requests {
            Requests::Files(files) => files.load(&self.key).await?,
            Requests::Stack(stack) => stack.load(&self.key).await?,
        };
        let (place, flag, more) = match &self.stack {
            None => ("on this machine", String::new(), ""),
            Some(stack) => (
                "in this stack",
                format!(" --stack {}", stack.name),
                "; `--requester` names the account that asked",
            ),
        };
        record.ok_or_else(|| {
            Failure::Error(format!(
                "there is no request `{}` of account `{}` in Region `{}` {place}: `model-copier list --all{flag}` lists all \
                 requests{more}",
                self.key.request_id, self.key.requester, self.session.identity.region
            ))
        })
    }
}

/// Where requests are read.
#[derive(Debug)]
pub(crate) enum Requests {
    /// The ledger of files of the session's account and Region.
    Files(FileLedger),
    Stack(StackLedger),
}

/// The filter of `list`: it admits a request that meets every condition.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Only requests that ended without a copy: FAILED, TIMED_OUT and REJECTED
    #[arg(long)]
    pub(crate) failed: bool,
    /// Only requests sent within this time, for instance `7d`
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) since: Option<SignedDuration>,
    /// Only requests for this destination project: its name or its ARN
    #[arg(long, value_name = "PROJECT")]
    pub(crate) project: Option<String>,
    /// Only requests for a copy of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Only requests that this account sent
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    pub(crate) requester: Option<String>,
}

impl Filter {
    /// Whether it admits a record.
    pub(crate) fn admits(&self, record: &Record, now: Timestamp) -> bool {
        let (header, request) = (record.header(), RequestFields::of(record));
        let project = request.destination_project();
        (!self.failed || record.failure().is_some() && record.ended_at().is_some())
            && self.since.is_none_or(|since| now.duration_since(header.requested_at) <= since)
            && self.requester.as_ref().is_none_or(|account| *account == header.key.requester)
            && self.name.as_deref().is_none_or(|name| Some(name) == request.version_name())
            && self.project.as_ref().is_none_or(|wanted| {
                project.is_some_and(|arn| wanted == arn.project_name() || wanted == arn.as_str())
            })
    }
}

impl Requests {
    /// The requests of a stack; without one, those of this machine.
    pub(crate) fn open(session: &Session, stack: Option<&Stack>) -> Result<Self, Failure> {
        Ok(match stack {
            Some(stack) => Self::Stack(StackLedger::new(session, stack.output("LedgerTable")?)),
            None => Self::Files(FileLedger::of_user(&session.identity.account, &session.identity.region)?),
        })
    }

    /// The records that have not ended.
    pub(crate) async fn unfinished(&self) -> Result<Records, Failure> {
        match self {
            Self::Files(files) => {
                let mut found = files.records()?;
                found.records.retain(|record| record.next_step().is_some());
                Ok(found)
            }
            Self::Stack(stack) => stack.unfinished().await,
        }
    }

    /// The records that the filter admits, ended or not. Reads them all, and notes how many it read.
    pub(crate) async fn filtered(&self, filter: &Filter, output: &Output) -> Result<Records, Failure> {
        let (filter, now) = (filter.clone(), Timestamp::now());
        let (found, read) = match self {
            Self::Files(files) => {
                let mut found = files.records()?;
                let read = found.records.len();
                found.records.retain(|record| filter.admits(record, now));
                (found, read)
            }
            Self::Stack(stack) => stack.scan(move |record| filter.admits(record, now)).await?,
        };
        output.note(&format!("{} of {read} requests", found.records.len()));
        Ok(found)
    }
}
