use os_session::Group;

#[derive(Group)]
#[group(krate = os_session)]
enum Group {
    Admin,
}

fn main() {}
