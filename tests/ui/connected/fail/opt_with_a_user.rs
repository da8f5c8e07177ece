use os_session::{User, UserId, connected};

#[connected(opt)]
async fn home(_: UserId) {}

#[connected(opt, deny = "banned")]
async fn shop(_: os_session::User<u64>) {}

#[connected(opt, force_unconnected)]
async fn login(_: UserId) {}

// `allow` admits logged-in users only.
#[connected(opt, allow = "admin")]
async fn admin(_: UserId, _: User<u64>) {}

fn main() {}
