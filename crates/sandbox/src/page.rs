//! `GET /`: the page that shows the sandbox in a browser. One file without a build step; what it shows comes from
//! `GET /_sandbox/changes`.

use axum::{
    Router,
    http::header,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use uuid::Uuid;

const PAGE: &str = include_str!("page.html");

/// The page's route. Every other method on `/` is an AWS call.
pub(crate) fn router() -> Router {
    Router::new().route("/", get(page))
}

/// Names and tags on the page may hold anything, so the policy runs the page's own script and style and nothing else,
/// and keeps the script from writing HTML.
async fn page() -> Response {
    let nonce = Uuid::new_v4().simple().to_string();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(PAGE.replace("{nonce}", &nonce))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_one_small_file_that_fetches_nothing_from_elsewhere_and_writes_no_html() {
        assert!(PAGE.len() < 20_000, "{} bytes", PAGE.len());
        for forbidden in
            ["https://", "src=", "@import", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("]
        {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
    }
}
