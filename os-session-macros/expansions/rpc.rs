#[cfg(target_arch = "wasm32")]
#[server]
#[allow(unused_mut, unused_variables, clippy::missing_panics_doc, clippy::unused_async)]
pub async fn rename(title: String) -> Result<(), AppError> {
    ::core::panic!("`rename` runs on the server only")
}
#[cfg(not(target_arch = "wasm32"))]
#[server]
pub async fn rename(title: String) -> Result<(), AppError> {
    #![allow(unused_mut)]
    let found = {
        macro_rules! a_renamed_crate_needs_crate_equals_its_name {
            () => {
                #[allow(unused_imports)] use ::os_session as _;
            };
        }
        a_renamed_crate_needs_crate_equals_its_name! {}
        static __DECLARATION: ::os_session::__private::Declaration = ::os_session::__private::Declaration::rpc(::os_session::__private::Place {
                name: "rename",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
            })
            .allow(
                ::os_session::__private::Expression::Group(
                    ::os_session::__private::Group::Literal("editor"),
                ),
            );
        ::os_session::__private::inventory::submit! {
            ::os_session::__private::Registered(& __DECLARATION)
        }
        ::os_session::__private::caller::<
            _,
            (),
        >(&__DECLARATION, ::core::option::Option::None)
            .await
    };
    let mut user: UserId = match found {
        ::core::result::Result::Ok(admitted) => admitted,
        ::core::result::Result::Err(refusal) => {
            return ::os_session::__private::refuse::<Result<(), AppError>>(refusal);
        }
    };
    store(user, title).await
}
