use os_session::connected;

#[connected]
fn home() -> &'static str {
    "home"
}

fn main() {}
