use os_session::connected;

enum Group {
    Admin,
}

#[connected(allow = Group::Admin)]
async fn home() {}

fn main() {}
