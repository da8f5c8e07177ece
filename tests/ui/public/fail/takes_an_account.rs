use os_session::public;

#[public(reason = "the shop window")]
async fn home(_: os_session::User<u64>) {}

fn main() {}
