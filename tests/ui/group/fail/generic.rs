use os_session::Group;

#[derive(Group)]
enum Group<T> {
    Admin(T),
}

fn main() {}
