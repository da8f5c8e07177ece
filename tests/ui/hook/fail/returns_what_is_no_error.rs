use os_session::on_open_session;

#[on_open_session]
async fn greet() -> Result<(), u8> {
    Ok(())
}

fn main() {}
