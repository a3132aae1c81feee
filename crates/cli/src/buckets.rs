//! The check of an output bucket.

use aws_sdk_s3::Client;

use crate::check::{Outcome, Trouble};
use crate::session::Session;

const REGION: &str = "x-amz-bucket-region";

/// Checks that the bucket is in the session's account and Region.
pub async fn check(session: &Session, bucket: &str) -> Outcome {
    let (account, region) = (&session.identity.account, &session.identity.region);
    let client = Client::new(&session.config.shared);
    let answer = client.head_bucket().bucket(bucket).expected_bucket_owner(account).send().await;
    // S3 names the bucket's Region in errors, too.
    let of_bucket = match &answer {
        Ok(answer) => answer.bucket_region(),
        Err(error) => error.raw_response().and_then(|response| response.headers().get(REGION)),
    };
    if let Some(other) = of_bucket.filter(|other| other != region) {
        let message = format!("bucket `{bucket}` is in Region `{other}`, the copier in `{region}`");
        return Err(Trouble::found(message, format!("use a bucket in Region `{region}`")));
    }
    match answer {
        Ok(_) => Ok(format!("bucket `{bucket}` is in this account and Region")),
        Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 403) => {
            let message = format!("bucket `{bucket}` belongs to another account, or you may not list it");
            Err(Trouble::unknown(message).with_remedy(format!(
                "check that account `{account}` owns it, and allow yourself `s3:ListBucket`"
            )))
        }
        Err(error) => {
            Err(Trouble::missing(&error, format!("bucket `{bucket}`"), "create it, or use one that exists"))
        }
    }
}
