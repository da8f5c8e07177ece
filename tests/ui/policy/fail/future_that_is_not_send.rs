use os_session::policy;

#[policy]
async fn is_open() -> bool {
    let counter = std::rc::Rc::new(1);
    std::future::ready(()).await;
    *counter == 1
}

fn main() {}
