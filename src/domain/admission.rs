//! What this deployment serves: its own account and Region, and the sources and buckets it was told of.

use std::collections::BTreeSet;

use super::problem::{Problem, ProblemCode, shown};
use super::request::Draft;

/// Where we are and whom we serve.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Our partition, for instance `aws`.
    pub partition: String,
    /// Our Region. Models are copied within one Region only.
    pub region: String,
    /// Our account: every destination project is in it.
    pub account: String,
    /// The accounts whose models may be copied.
    pub source_accounts: BTreeSet<String>,
    /// The buckets that may be written to; `None` leaves that to our role's policy.
    pub output_buckets: Option<BTreeSet<String>>,
}

impl Admission {
    /// All that is not allowed in what could be read of a request.
    pub fn problems(&self, draft: &Draft) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(arn) = &draft.source_project_arn {
            self.place("sourceProjectArn", arn.partition(), arn.region(), &mut problems);
            self.source("sourceProjectArn", arn.account(), &mut problems);
        }
        if let Some(arn) = &draft.source_project_version_arn {
            self.place("sourceProjectVersionArn", arn.partition(), arn.region(), &mut problems);
            self.source("sourceProjectVersionArn", arn.account(), &mut problems);
        }
        if let Some(arn) = &draft.destination_project_arn {
            self.place("destinationProjectArn", arn.partition(), arn.region(), &mut problems);
            if arn.account() != self.account {
                let rest = format!(
                    "must be in account `{}`, not {}: send the request to the copier in that account",
                    self.account,
                    shown(arn.account())
                );
                problems.push(Problem::new("destinationProjectArn", ProblemCode::Account, rest));
            }
        }
        if let (Some(output), Some(allowed)) = (&draft.output_config, &self.output_buckets)
            && !allowed.contains(&output.s3_bucket)
        {
            let rest = format!(
                "must be one of `{}`, not {}",
                allowed.iter().map(String::as_str).collect::<Vec<_>>().join("`, `"),
                shown(&output.s3_bucket)
            );
            problems.push(Problem::new("outputConfig.s3Bucket", ProblemCode::Bucket, rest));
        }
        problems
    }

    fn place(&self, field: &str, partition: &str, region: &str, problems: &mut Vec<Problem>) {
        if partition != self.partition {
            let rest = format!("must be in partition `{}`, not {}", self.partition, shown(partition));
            problems.push(Problem::new(field, ProblemCode::Partition, rest));
        }
        if region != self.region {
            let rest = format!("must be in Region `{}`, not {}", self.region, shown(region));
            problems.push(Problem::new(field, ProblemCode::Region, rest));
        }
    }

    fn source(&self, field: &str, account: &str, problems: &mut Vec<Problem>) {
        if !self.source_accounts.contains(account) {
            let rest = format!(
                "must be in an allowed source account, not {}: have it added to `ALLOWED_SOURCE_ACCOUNTS`",
                shown(account)
            );
            problems.push(Problem::new(field, ProblemCode::Account, rest));
        }
    }
}
