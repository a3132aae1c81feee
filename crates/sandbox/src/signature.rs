//! The credential in a request's SigV4 `Authorization` header.
//!
//! The sandbox checks the form of a signature, so that an unsigned or broken request fails as it does at AWS. It cannot
//! check the value, because it knows no secret keys. It accepts any date, because a client may sign by the machine's clock,
//! the sandbox's, or its own clock corrected by the `Date` of an earlier answer.

use crate::answer::AwsError;

/// The credential that signed a request, and its scope.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) access_key: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Reads the header. A missing one is a `MissingAuthenticationTokenException`, a broken one an
/// `IncompleteSignatureException`.
pub(crate) fn read(authorization: Option<&str>) -> Result<Credential, AwsError> {
    let Some(header) = authorization.filter(|text| !text.trim().is_empty()) else {
        return Err(AwsError::new(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token: sign the request, any secret key will do",
        ));
    };
    let broken =
        |what: &str| AwsError::new("IncompleteSignatureException", format!("`Authorization` {what}"));
    let parts = header
        .trim()
        .strip_prefix(ALGORITHM)
        .ok_or_else(|| broken("does not begin with `AWS4-HMAC-SHA256`"))?;
    let part = |name: &str| {
        let found = parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        found.filter(|value| !value.is_empty()).ok_or_else(|| broken(&format!("has no `{name}`")))
    };
    let (credential, signed_headers, signature) =
        (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(broken("has a `Signature` that is not 64 hexadecimal digits"));
    }
    if !signed_headers.split(';').any(|name| name == "host") {
        return Err(broken("does not sign the header `host`"));
    }
    let scope: Vec<&str> = credential.split('/').collect();
    match scope.as_slice() {
        [access_key, date, region, service, "aws4_request"]
            if !access_key.is_empty()
                && date.len() == 8
                && date.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            let [access_key, region, service] = [access_key, region, service].map(|part| (*part).to_owned());
            Ok(Credential { access_key, region, service })
        }
        _ => Err(broken("has a `Credential` that is not KEY/YYYYMMDD/REGION/SERVICE/aws4_request")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_of_the_right_form_has_a_credential_and_any_other_is_refused() {
        let signature = "0123456789abcdef".repeat(4);
        let scope = "111122223333/20261124/us-east-1/rekognition/aws4_request";
        let read = |credential: &str, signed: &str, signature: &str| {
            let parts = format!("Credential={credential}, SignedHeaders={signed}, Signature={signature}");
            super::read(Some(&format!("AWS4-HMAC-SHA256 {parts}")))
        };
        let Credential { access_key, region, service } = read(scope, "host;x-amz-date", &signature).unwrap();
        assert_eq!([access_key, region, service], ["111122223333", "us-east-1", "rekognition"]);
        for broken in [
            super::read(Some("Basic abc")),
            super::read(Some("AWS4-HMAC-SHA256")),
            read("", "host", &signature),
            read("111122223333/20261124/us-east-1/rekognition", "host", &signature),
            read("111122223333/today/us-east-1/rekognition/aws4_request", "host", &signature),
            read(scope, "x-amz-date", &signature),
            read(scope, "host", "abc"),
            read(scope, "host", &"z".repeat(64)),
        ] {
            assert_eq!(broken.unwrap_err().code, "IncompleteSignatureException");
        }
        assert_eq!(super::read(Some(" ")).unwrap_err().code, "MissingAuthenticationTokenException");
    }
}
