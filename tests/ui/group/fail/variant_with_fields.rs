use os_session::Group;

#[derive(Group)]
enum Group {
    Admin,
    OfTeam(u32),
}

fn main() {}
