use os_session::{Sessions, UserId};

fn main() {
    let _ = Sessions::builder().groups(["admin"], async |_: UserId| vec![1, 2]);
}
