//! The rules of a copy that runs on this machine: the user acts with their own rights, so AWS decides what is allowed.

use std::collections::{BTreeMap, BTreeSet};

use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::admission::Admission;
use rekognition_model_copier::domain::project_policy::{Caller, CopierPolicy, PolicyRules};
use rekognition_model_copier::domain::times::Times;

use crate::session::Identity;

/// The `source` of announcements.
pub(crate) const EVENT_SOURCE: &str = "rekognition.model-copier";
/// The command line's name where a stack would give its own. No stack's name has an underscore.
pub(crate) const NAME: &str = "command_line";

/// The rules for a request of this caller for a model of this source account.
pub fn local_rules(identity: &Identity, source_account: &str) -> Rules {
    Rules {
        admission: Admission {
            partition: identity.partition.clone(),
            region: identity.region.clone(),
            account: identity.account.clone(),
            source_accounts: BTreeSet::from([source_account.to_owned()]),
            trusted_requesters: BTreeSet::new(),
            output_locations: None,
            tag_keys: None,
        },
        times: Times::default(),
        policies: PolicyRules {
            roles: BTreeMap::new(),
            policy: CopierPolicy {
                name: CopierPolicy::name_of(&identity.account, NAME),
                principals: BTreeSet::from([identity.root()]),
                expires: true,
            },
            caller: Caller::Person(identity.caller.clone()),
        },
        stack_name: NAME.to_owned(),
        event_source: EVENT_SOURCE.to_owned(),
        calls_per_second: 5,
    }
}
