use os_session::Group;

#[derive(Group)]
enum Group {
    #[group]
    Admin,
    #[group(staff)]
    Staff,
    #[group = "guest"]
    Guest,
    #[group(" ")]
    Blank,
    #[group("a")]
    #[group("b")]
    Both,
}

fn main() {}
