use os_session::Sessions;

fn main() {
    let _ = Sessions::builder().groups(["admin"], 3);
}
