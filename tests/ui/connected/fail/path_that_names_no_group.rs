use os_session::connected;

struct Level;

impl Level {
    #[allow(non_upper_case_globals)]
    const Admin: u8 = 1;
}

#[connected(allow = Level::Admin)]
async fn home() {}

fn main() {}
