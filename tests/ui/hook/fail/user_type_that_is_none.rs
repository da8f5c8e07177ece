use os_session::{User, on_open_session};

#[derive(Clone)]
struct Account;

#[on_open_session]
async fn greet(_: User<Account>) {}

fn main() {}
