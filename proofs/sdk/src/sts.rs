//! STS over the wire: sessions of an hour in the accounts that own the models.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use proofs::process::Process;
use proofs::weather::{Fault, Kind};
use proofs::world::{World, later};

use crate::aws::{Aws, EXTERNAL_ID};
use crate::wire::{Call, Reply, Service};

/// The sessions that were opened, by access key: the account, and until when they are good.
pub type Sessions = BTreeMap<String, (String, Timestamp)>;

const HOUR: Duration = Duration::from_secs(3600);

/// Answers a call.
pub async fn answer(aws: &Aws, process: &Process, call: &Call) -> Reply {
    if call.operation != "AssumeRole" {
        return Service::Sts.refused("InvalidAction");
    }
    let assume = |world: &mut World| {
        let account = call.text("RoleArn").split(':').nth(4).unwrap_or_default();
        if call.text("ExternalId") != EXTERNAL_ID || call.text("RoleSessionName").is_empty() {
            return Service::Sts.error(403, "AccessDenied", serde_json::Value::Null);
        }
        let until = later(world.now(), HOUR);
        let key = aws.sessions(|sessions| {
            let key = format!("ASIA{:016}", sessions.len());
            sessions.insert(key.clone(), (account.to_owned(), until));
            key
        });
        let until = until.strftime("%Y-%m-%dT%H:%M:%SZ");
        let credentials = format!(
            "<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
             <SessionToken>token</SessionToken><Expiration>{until}</Expiration></Credentials>"
        );
        Reply::good_xml("AssumeRole", &credentials)
    };
    process.effect(Kind::Assume, assume, failed, |_| None).await
}

fn failed(world: &mut World, fault: Fault) -> Reply {
    match fault {
        Fault::Hang => Reply::Never,
        Fault::Throttle => Service::Sts.throttled(&mut world.chance),
        _ => Service::Sts.unclear(&mut world.chance),
    }
}
