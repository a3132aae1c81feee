//! The query protocol of STS and CloudFormation: form-encoded requests, answers in XML. Knows no operation.
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

use std::collections::HashMap;

use crate::{answer::Answer, error::AwsError};

const XML: &str = "text/xml";

/// A form-encoded request's parameters.
pub(crate) fn parameters(body: &str) -> HashMap<String, String> {
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

/// An answer, `result` being XML.
pub(crate) fn answered(namespace: &str, operation: &str, result: &str, request_id: &str) -> Answer {
    let xml = format!(
        "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    Answer::ok(XML, xml)
}

/// An error.
pub(crate) fn refused(namespace: &str, error: &AwsError, request_id: &str) -> Answer {
    let blame = if error.status >= 500 { "Receiver" } else { "Sender" };
    let inner = elements(&[("Type", blame), ("Code", &error.code), ("Message", &error.message)]);
    let body = format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    );
    Answer::failed(error.status, XML, body, &error.code)
}

/// Elements that hold text.
pub(crate) fn elements(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, text)| format!("<{name}>{}</{name}>", escaped(text))).collect()
}

/// Control characters have no place in XML 1.0, escaped or not.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
