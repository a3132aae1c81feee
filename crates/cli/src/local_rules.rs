//! The rules of a copy that runs on this machine: the user acts with their own rights, so AWS decides what is allowed.

use std::collections::{BTreeMap, BTreeSet};

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::admission::Admission;
use rekognition_model_copier::domain::project_policy::{CopierPolicy, PolicyRules};
use rekognition_model_copier::domain::times::Times;

/// The `source` of announcements.
pub const EVENT_SOURCE: &str = "rekognition.model-copier";
/// What the command line is called where a stack has its name. No stack's name has an underscore.
pub const NAME: &str = "command_line";

/// The rules for a request in this account, from this source account.
pub fn local_rules(partition: &str, region: &str, account: &str, source_account: &str) -> Rules {
    Rules {
        admission: Admission {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            source_accounts: BTreeSet::from([source_account.to_owned()]),
            trusted_requesters: BTreeSet::new(),
            output_locations: None,
            tag_keys: None,
        },
        times: Times::default(),
        policies: PolicyRules::default(),
        stack_name: NAME.to_owned(),
        event_source: EVENT_SOURCE.to_owned(),
        calls_per_second: 5,
    }
}

/// The project policy that the command line puts, with the rights of `caller` in the source account.
pub fn policy_rules(partition: &str, account: &str, source_account: &str, caller: &str) -> PolicyRules {
    PolicyRules {
        roles: BTreeMap::from([(source_account.to_owned(), caller.to_owned())]),
        policy: CopierPolicy {
            name: CopierPolicy::name_of(account, NAME),
            principals: BTreeSet::from([format!("arn:{partition}:iam::{account}:root")]),
            expires: true,
        },
    }
}
