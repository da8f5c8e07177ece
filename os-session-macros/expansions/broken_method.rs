::core::compile_error! {
    "handler `home` cannot take `self`\nhelp: make it a free function and receive what it needs with `State`"
}
async fn home(&self) -> String {
    self.greeting()
}
