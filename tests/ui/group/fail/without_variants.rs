use os_session::Group;

#[derive(Group)]
enum Group {}

fn main() {}
