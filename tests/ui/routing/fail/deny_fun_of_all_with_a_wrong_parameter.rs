use os_session::{Sessions, UserId};

async fn sorry(_: UserId) {}

fn main() {
    let _ = Sessions::builder().deny_fun(sorry);
}
