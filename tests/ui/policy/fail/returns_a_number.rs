use os_session::policy;

#[policy]
async fn level() -> u8 {
    3
}

fn main() {}
