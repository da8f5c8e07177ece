use os_session::{Sessions, UserId};

fn main() {
    let _ = Sessions::builder().groups(["admin"], |_: UserId| vec!["admin"]);
}
