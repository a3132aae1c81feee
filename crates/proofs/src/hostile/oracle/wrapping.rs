//! A second opinion on the wrappings of a request, by the reader of `json`.

use super::json::{Json, parse};

/// What is in a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Wrapped {
    /// An announcement of a copier.
    Announcement,
    /// A wrapping that is broken or holds something else.
    Broken,
    /// What should be a request.
    Letter {
        /// Its text.
        text: String,
        /// The event's id.
        id: Option<String>,
        /// The event's account.
        account: Option<String>,
        /// Whether it came in a notification.
        notified: bool,
    },
}

/// A member's value: `None` if it is left out or null; `Err` if it is given twice.
type Found<'a> = Result<Option<&'a (String, Json, String)>, ()>;

/// Opens a message. `source` is what the copier's announcements are sent as.
pub fn open(message: &str, source: &str) -> Wrapped {
    let Some(Json::Object(members)) = parse(message) else { return bare(message, false) };
    let has = |name: &str| members.iter().any(|member| member.0 == name);
    if !(has("Type") && has("Message") && has("MessageId")) {
        return event_or_bare(message, &members, source, false);
    }
    match only(&members, "Message") {
        Ok(Some((_, Json::Text(inner), _))) => match parse(inner) {
            Some(Json::Object(members)) => event_or_bare(inner, &members, source, true),
            _ => bare(inner, true),
        },
        _ => Wrapped::Broken,
    }
}

fn bare(text: &str, notified: bool) -> Wrapped {
    Wrapped::Letter { text: text.to_owned(), id: None, account: None, notified }
}

fn event_or_bare(text: &str, members: &[(String, Json, String)], source: &str, notified: bool) -> Wrapped {
    if !members.iter().any(|member| member.0 == "detail-type") {
        return bare(text, notified);
    }
    // What calls itself an announcement anywhere is none to be answered, however broken it is.
    let says = |name: &str, word: &str| {
        let first = members.iter().find(|member| member.0 == name);
        first.is_some_and(|(_, value, _)| *value == Json::Text(word.to_owned()))
    };
    if says("source", source) || says("detail-type", "Rekognition Model Copy State Change") {
        return Wrapped::Announcement;
    }
    let words = ["detail-type", "id", "account", "source"].map(|name| only(members, name));
    let [Ok(detail_type), Ok(id), Ok(account), Ok(source)] = words else { return Wrapped::Broken };
    let text = |found: Option<&(String, Json, String)>| match found {
        None => Some(None),
        Some((_, Json::Text(text), _)) => Some(Some(text.clone())),
        Some(_) => None,
    };
    let texts = (text(detail_type), text(id), text(account), text(source));
    let (Some(Some(detail_type)), Some(id), Some(account), Some(_)) = texts else { return Wrapped::Broken };
    match only(members, "detail") {
        Ok(Some((_, _, detail))) if detail_type == "Rekognition Model Copy Requested" => {
            Wrapped::Letter { text: detail.clone(), id, account, notified }
        }
        _ => Wrapped::Broken,
    }
}

fn only<'a>(members: &'a [(String, Json, String)], name: &str) -> Found<'a> {
    let mut all = members.iter().filter(|member| member.0 == name);
    match (all.next(), all.next()) {
        (_, Some(_)) => Err(()),
        (found, None) => Ok(found.filter(|member| member.1 != Json::Null)),
    }
}
