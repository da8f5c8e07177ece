use os_session::Group;

#[derive(Group)]
enum Group {
    OnCall,
    #[group("on_call")]
    Pager,
}

fn main() {}
