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

    const SIGNATURE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn header(credential: &str, signed: &str, signature: &str) -> String {
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}")
    }

    #[test]
    fn a_signed_request_names_its_key_region_and_service() {
        let text =
            header("111122223333/20261124/us-east-1/rekognition/aws4_request", "host;x-amz-date", SIGNATURE);
        let credential = read(Some(&text)).unwrap();
        assert_eq!(credential.access_key, "111122223333");
        assert_eq!((credential.region.as_str(), credential.service.as_str()), ("us-east-1", "rekognition"));
    }

    #[test]
    fn an_unsigned_request_and_a_broken_signature_are_refused_each_in_its_own_way() {
        for missing in [None, Some(""), Some("  ")] {
            assert_eq!(read(missing).unwrap_err().code, "MissingAuthenticationTokenException");
        }
        let scope = "111122223333/20261124/us-east-1/rekognition/aws4_request";
        for broken in [
            "Basic abc".to_owned(),
            "AWS4-HMAC-SHA256".to_owned(),
            header("", "host", SIGNATURE),
            header("111122223333/20261124/us-east-1/rekognition", "host", SIGNATURE),
            header("111122223333/today/us-east-1/rekognition/aws4_request", "host", SIGNATURE),
            header(scope, "x-amz-date", SIGNATURE),
            header(scope, "host", "abc"),
            header(scope, "host", &"z".repeat(64)),
        ] {
            assert_eq!(read(Some(&broken)).unwrap_err().code, "IncompleteSignatureException", "{broken}");
        }
    }
}
