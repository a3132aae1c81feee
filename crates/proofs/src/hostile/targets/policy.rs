use std::collections::BTreeSet;

use rekognition_model_copier::domain::policy::{Allows, Change, Policy};

use super::text;
use crate::hostile::oracle::json::{Json, is_shallow_and_finite, parse};

/// A policy document: read as ours if and only if it says no more than who may copy what, and then written and read
/// again as the same.
pub fn policy(data: &[u8]) {
    let text = &text(data);
    let read = Allows::read(text);
    let expected = expected(text);
    assert_eq!(
        read.as_ref().map(|allows| (allows.principals.clone(), allows.resources.clone())),
        expected,
        "{text:?}"
    );
    let Some(allows) = read else { return };
    let present = Policy { revision_id: "1".to_owned(), document: text.clone().into_owned() };
    let change = allows.change(Some(&present));
    if allows.resources.is_empty() {
        assert_eq!(change, Some(Change::Delete { revision_id: "1".to_owned() }), "{text:?}");
    } else {
        assert_eq!(change, None, "{text:?}");
    }
    assert!(!allows.takes_from(Some(&present)), "{text:?}");
    let document = allows.document();
    assert_eq!(Allows::read(&document), Some(allows), "{document}");
}

type Members = Vec<(String, Json, String)>;

/// The principals and resources of a document that allows these to copy those. Of equal members the last counts.
fn expected(text: &str) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let document = object(parse(text).filter(|_| is_shallow_and_finite(text))?)?;
    let statement = match last(&document, "Statement")? {
        Json::Array(all) if all.len() == 1 => object(all[0].clone())?,
        other => object(other.clone())?,
    };
    let principal = object(last(&statement, "Principal")?.clone())?;
    let known = |name: &str| ["Sid", "Effect", "Principal", "Action", "Resource"].contains(&name);
    let plain =
        statement.iter().all(|member| known(&member.0)) && principal.iter().all(|member| member.0 == "AWS");
    let allow = *last(&statement, "Effect")? == Json::Text("Allow".to_owned());
    let actions = texts(last(&statement, "Action")?)?;
    let copy = !actions.is_empty() && actions.iter().all(|action| action == "rekognition:CopyProjectVersion");
    (plain && allow && copy).then_some(())?;
    Some((texts(last(&principal, "AWS")?)?, texts(last(&statement, "Resource")?)?))
}

fn object(value: Json) -> Option<Members> {
    match value {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

fn last<'a>(members: &'a Members, name: &str) -> Option<&'a Json> {
    members.iter().rev().find(|member| member.0 == name).map(|member| &member.1)
}

fn texts(value: &Json) -> Option<BTreeSet<String>> {
    let text = |value: &Json| match value {
        Json::Text(text) => Some(text.clone()),
        _ => None,
    };
    match value {
        Json::Array(all) => all.iter().map(text).collect(),
        one => text(one).map(|text| BTreeSet::from([text])),
    }
}
