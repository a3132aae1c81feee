//! What this deployment allows: its own account and Region, and the configured sources, requesters, buckets and tags.

use std::collections::BTreeSet;
use std::fmt;

use super::problem::{Problem, ProblemCode, escape, shown};
use super::request::{Draft, OutputConfig};

/// Where the copier runs, and which requests it allows.
#[derive(Clone, Debug)]
pub struct Admission {
    pub partition: String,
    /// The Region. Models are copied within one Region only.
    pub region: String,
    /// The account: every destination project is in it.
    pub account: String,
    /// The accounts whose models may be copied.
    pub source_accounts: BTreeSet<String>,
    /// The accounts that may ask for models of other accounts. The copier's own account always may, and need not be
    /// here.
    pub trusted_requesters: BTreeSet<String>,
    /// The places that copies may be written to. With `None`, only the IAM policy of the copier's role limits them.
    pub output_locations: Option<BTreeSet<OutputLocation>>,
    /// The tag keys that a copy may have. `None` allows any.
    pub tag_keys: Option<BTreeSet<String>>,
}

/// A bucket, or a prefix in one, that copies may be written to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputLocation {
    pub bucket: String,
    /// The prefix, without a slash at its end; `None` for the whole bucket.
    pub prefix: Option<String>,
}

impl OutputLocation {
    fn admits(&self, output: &OutputConfig) -> bool {
        let prefix = output.s3_key_prefix.as_deref();
        self.bucket == output.s3_bucket
            && self.prefix.as_deref().is_none_or(|allowed| {
                prefix
                    .and_then(|prefix| prefix.strip_prefix(allowed))
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    }
}

impl fmt::Display for OutputLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.prefix {
            Some(prefix) => write!(f, "{}/{prefix}", self.bucket),
            None => f.write_str(&self.bucket),
        }
    }
}

impl Admission {
    /// Checks each value in the draft against the rules of this deployment, and returns a problem for each breach.
    /// Whether a source is allowed also depends on `requester`, the account that asks.
    pub fn problems(&self, draft: &Draft, requester: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(arn) = &draft.fields.source_project_arn {
            self.check_place("sourceProjectArn", arn.partition(), arn.region(), &mut problems);
            self.check_source("sourceProjectArn", arn.account(), requester, &mut problems);
        }
        if let Some(arn) = &draft.fields.source_project_version_arn {
            self.check_place("sourceProjectVersionArn", arn.partition(), arn.region(), &mut problems);
            self.check_source("sourceProjectVersionArn", arn.account(), requester, &mut problems);
        }
        if let Some(arn) = &draft.fields.destination_project_arn {
            self.check_place("destinationProjectArn", arn.partition(), arn.region(), &mut problems);
            if arn.account() != self.account {
                let rest = format!(
                    "must be in account `{}`, not {}: send the request to a copier in the project's account",
                    self.account,
                    shown(arn.account())
                );
                problems.push(Problem::new("destinationProjectArn", ProblemCode::Account, rest));
            }
        }
        if let (Some(output), Some(allowed)) = (&draft.output_config, &self.output_locations) {
            self.check_output(output, allowed, &mut problems);
        }
        if let Some(allowed) = &self.tag_keys {
            for key in draft.tags.keys().filter(|key| !allowed.contains(*key)) {
                let rest = format!(
                    "has a key that is not allowed: use one of {}, or have it added to parameter AllowedTagKeys",
                    list_of(allowed)
                );
                let field = format!("tags.{}", escape(key));
                problems.push(Problem::new(&field, ProblemCode::TagKey, rest));
            }
        }
        problems
    }

    fn check_place(&self, field: &str, partition: &str, region: &str, problems: &mut Vec<Problem>) {
        if partition != self.partition {
            let rest = format!("must be in partition `{}`, not {}", self.partition, shown(partition));
            problems.push(Problem::new(field, ProblemCode::Partition, rest));
        }
        if region != self.region {
            let rest = format!("must be in Region `{}`, not {}", self.region, shown(region));
            problems.push(Problem::new(field, ProblemCode::Region, rest));
        }
    }

    /// INVARIANT: an account may ask for models of another account only if it is a trusted requester or the copier's
    /// own account.
    fn check_source(&self, field: &str, account: &str, requester: &str, problems: &mut Vec<Problem>) {
        if !self.source_accounts.contains(account) {
            let rest = format!(
                "must be in an allowed source account, not {}: have the account added to parameter \
                 AllowedSourceAccounts and its projects to SourceProjects",
                shown(account)
            );
            problems.push(Problem::new(field, ProblemCode::Account, rest));
        } else if requester != account
            && requester != self.account
            && !self.trusted_requesters.contains(requester)
        {
            let rest = format!(
                "must be in the requester's own account {}, not {}: have the requester added to parameter \
                 TrustedRequesters",
                shown(requester),
                shown(account)
            );
            problems.push(Problem::new(field, ProblemCode::Requester, rest));
        }
    }

    fn check_output(
        &self,
        output: &OutputConfig,
        allowed: &BTreeSet<OutputLocation>,
        problems: &mut Vec<Problem>,
    ) {
        if allowed.iter().any(|location| location.admits(output)) {
            return;
        }
        let of_bucket = allowed.iter().filter(|location| location.bucket == output.s3_bucket);
        let prefixes: BTreeSet<&str> = of_bucket.filter_map(|location| location.prefix.as_deref()).collect();
        let (field, what) = match &output.s3_key_prefix {
            _ if prefixes.is_empty() => {
                let buckets = list_of(&allowed.iter().map(|location| &location.bucket).collect());
                (
                    "outputConfig.s3Bucket",
                    format!("must be one of {buckets}, not {}", shown(&output.s3_bucket)),
                )
            }
            Some(prefix) => {
                let what = format!("is {}, but must be {}", shown(prefix), below_one_of(&prefixes));
                ("outputConfig.s3KeyPrefix", what)
            }
            None => {
                let what = format!("is missing: it must be {}", below_one_of(&prefixes));
                ("outputConfig.s3KeyPrefix", what)
            }
        };
        let rest = format!("{what}: use one of these, or have the place added to parameter OutputBuckets");
        problems.push(Problem::new(field, ProblemCode::Bucket, rest));
    }
}

fn below_one_of(prefixes: &BTreeSet<&str>) -> String {
    format!("one of {}, or begin with one of them and a slash", list_of(prefixes))
}

fn list_of<T: fmt::Display>(items: &BTreeSet<T>) -> String {
    items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_admits_itself_and_what_is_below_it() {
        let location = |prefix: Option<&str>| OutputLocation {
            bucket: "models".to_owned(),
            prefix: prefix.map(str::to_owned),
        };
        let admits = |allowed, bucket: &str, prefix: Option<&str>| {
            let s3_key_prefix = prefix.map(str::to_owned);
            location(allowed).admits(&OutputConfig { s3_bucket: bucket.to_owned(), s3_key_prefix })
        };
        assert!(admits(None, "models", None) && admits(None, "models", Some("any")));
        assert!(!admits(None, "others", None));
        assert!(admits(Some("team"), "models", Some("team")));
        assert!(admits(Some("team"), "models", Some("team/")));
        assert!(admits(Some("team"), "models", Some("team/a/b")));
        for prefix in [None, Some(""), Some("teams"), Some("other"), Some("a/team")] {
            assert!(!admits(Some("team"), "models", prefix), "{prefix:?}");
        }
        assert!(!admits(Some("team"), "others", Some("team")));
    }
}
