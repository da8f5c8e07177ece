//! How often a request allocates. That is the same in every run and on every machine, so it can be held by a test;
//! instructions and times are for the table.

use os_session_benches::{
    allocator::{Allocations, Counting},
    harness::{Prepared, Shape},
    os_session, plain,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

async fn allocations(prepared: Prepared) -> Allocations {
    prepared.check().await;
    prepared.allocations().await
}

#[tokio::test]
async fn a_protected_request_allocates_at_most_sixteen_times() {
    // Making the request allocates too, but that is not the application's.
    let request = allocations(plain::app(Shape::Nothing).await).await;
    let count = (allocations(os_session::app(Shape::Protected).await).await - request).count;
    // Four more than plain axum. One is the context. Two are the session in the head of its
    // request, which keeps a request inside another one apart from it: its box, and a larger table
    // of extensions.
    assert!(count <= 16, "{count} allocations");
}

#[tokio::test]
async fn a_public_request_allocates_what_plain_axum_does() {
    let plain = allocations(plain::app(Shape::Public).await).await;
    let declared = allocations(os_session::app(Shape::Public).await).await;
    assert_eq!(declared.count, plain.count);
}
