use os_session::Group;

#[derive(Group)]
struct Admin;

fn main() {}
