//! The [query protocol](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html) of STS and CloudFormation:
//! form-encoded requests and answers in XML.

use std::collections::HashMap;

use crate::answer::{Answer, AwsError};

const XML: &str = "text/xml";

pub(crate) fn parameters(body: &str) -> HashMap<String, String> {
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

/// The answer with this `result`, which is XML.
pub(crate) fn answer(namespace: &str, operation: &str, result: &str, request_id: &str) -> Answer {
    let xml = format!(
        "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    Answer::ok(XML, xml)
}

pub(crate) fn error_answer(namespace: &str, error: &AwsError, request_id: &str) -> Answer {
    let kind = if error.status >= 500 { "Receiver" } else { "Sender" };
    let inner = elements(&[("Type", kind), ("Code", &error.code), ("Message", &error.message)]);
    let body = format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    );
    Answer::failed(error.status, XML, body, &error.code)
}

/// XML elements with these names and texts.
pub(crate) fn elements(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, text)| format!("<{name}>{}</{name}>", escape(text))).collect()
}

/// XML 1.0 allows no control characters, not even escaped.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.replace(char::is_control, "\u{fffd}")
}
