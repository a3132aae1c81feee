use axum::body::Bytes;

use super::FunctionError;
use super::mailbox::{Invocation, Mailbox};

fn invocation(request_id: &str) -> Invocation {
    Invocation {
        request_id: request_id.to_owned(),
        deadline_ms: 0,
        function_arn: String::new(),
        trace_id: String::new(),
        payload: Bytes::from_static(b"{}"),
    }
}

#[tokio::test]
async fn an_invocation_posted_before_anybody_asks_is_kept() {
    let mailbox = Mailbox::default();
    let _outcome = mailbox.post(invocation("a"));
    assert_eq!(mailbox.next().await.request_id, "a");
}

#[tokio::test]
async fn an_answer_reaches_whoever_posted() {
    let mailbox = Mailbox::default();
    let outcome = mailbox.post(invocation("a"));
    mailbox.next().await;
    assert!(mailbox.answer("a", Ok(Bytes::from_static(b"1"))));
    assert_eq!(outcome.await.unwrap(), Ok(Bytes::from_static(b"1")));
}

#[tokio::test]
async fn an_answer_counts_once_and_only_for_its_own_invocation() {
    let mailbox = Mailbox::default();
    let _outcome = mailbox.post(invocation("a"));
    assert!(!mailbox.answer("b", Ok(Bytes::new())));
    assert!(mailbox.answer("a", Ok(Bytes::new())));
    assert!(!mailbox.answer("a", Ok(Bytes::new())));
}

#[tokio::test]
async fn a_runtime_that_asks_for_work_is_ready() {
    let mailbox = Mailbox::default();
    let (ready, _) = tokio::join!(mailbox.ready(), async {
        tokio::select! {
            biased;
            _ = mailbox.next() => panic!("nothing was posted"),
            () = std::future::ready(()) => {}
        }
    });
    assert_eq!(ready, Ok(()));
}

#[tokio::test]
async fn a_runtime_that_cannot_start_is_not_ready() {
    let mailbox = Mailbox::default();
    let error =
        FunctionError::reported(br#"{"errorType": "Config", "errorMessage": "no table", "stackTrace": []}"#);
    mailbox.fail_init(error.clone());
    assert_eq!(error.to_string(), "Config: no table");
    assert_eq!(mailbox.ready().await, Err(error));
}

#[test]
fn a_report_that_cannot_be_read_is_quoted() {
    assert_eq!(FunctionError::reported(b"oh \xff").error_message, "oh \u{fffd}");
}
