use os_session::on_open_session;

#[on_open_session]
async fn greet() {
    let counter = std::rc::Rc::new(1);
    std::future::ready(()).await;
    drop(counter);
}

fn main() {}
