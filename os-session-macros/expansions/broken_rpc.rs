::core::compile_error! {
    "unknown argument `alow` in `#[connected_rpc]`\nhelp: an argument with a similar name exists: `allow`"
}
#[allow(unreachable_code, unused_variables)]
async fn rename(title: String) -> Result<(), AppError> {
    let user: UserId = ::core::unreachable!();
    store(user, title).await
}
