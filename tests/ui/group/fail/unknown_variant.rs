use os_session::{Group, connected};

#[derive(Group)]
enum Group {
    Admin,
    Staff,
}

#[connected(allow = Group::Admim | Group::Staff)]
async fn home() {}

fn main() {}
