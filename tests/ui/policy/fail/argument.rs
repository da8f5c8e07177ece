use os_session::policy;

#[policy(deny = "banned")]
async fn is_alice() -> bool {
    true
}

fn main() {}
