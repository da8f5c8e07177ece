use os_session::policy;

struct NoAnswer;

#[policy]
async fn level() -> Result<bool, NoAnswer> {
    Ok(true)
}

fn main() {}
