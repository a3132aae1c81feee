//! How few calls it takes: what can be done for many copies at once is done once.

use crate::support::{Copier, DESCRIBE, request, seconds};

const PUT_EVENTS: &str = "events:PutEvents";

async fn copying(count: usize) -> Copier {
    let copier = Copier::deployed().await;
    let requests: Vec<_> = (0..count).map(|n| request(&format!("v{n}"))).collect();
    copier.send(&requests.iter().collect::<Vec<_>>()).await;
    copier
}

#[tokio::test]
async fn copies_of_a_project_that_end_together_are_announced_ten_a_call() {
    let copier = copying(12).await;
    let before = copier.calls(PUT_EVENTS);
    copier.pass(seconds(30)).await;
    let report = copier.sweep().await;
    assert_eq!(report["completed"], 12, "{report}");
    assert_eq!(copier.calls(PUT_EVENTS) - before, 2);
}

#[tokio::test]
async fn a_batch_of_ten_requests_is_announced_in_one_call() {
    let copier = copying(10).await;
    assert_eq!(copier.calls(PUT_EVENTS), 1);
}

#[tokio::test]
async fn ten_names_are_one_call_and_so_is_a_page_of_a_hundred() {
    for count in [1, 10, 11, 25] {
        let copier = copying(count).await;
        let report = copier.sweep().await;
        assert_eq!((report["copying"].as_u64(), copier.calls(DESCRIBE)), (Some(count as u64), 1), "{report}");
    }
}
