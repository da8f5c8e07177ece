#[cfg(target_arch = "wasm32")]
#[allow(unused_mut, unused_variables, clippy::missing_panics_doc, clippy::unused_async)]
async fn peek() -> Result<impl Display, AppError> {
    ::core::panic!("`peek` runs on the server only")
}
#[cfg(not(target_arch = "wasm32"))]
async fn peek() -> Result<impl Display, AppError> {
    let found = {
        macro_rules! a_renamed_crate_needs_crate_equals_its_name {
            () => {
                #[allow(unused_imports)] use ::os_session as _;
            };
        }
        a_renamed_crate_needs_crate_equals_its_name! {}
        static __DECLARATION: ::os_session::__private::Declaration = ::os_session::__private::Declaration::rpc(::os_session::__private::Place {
                name: "peek",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
            })
            .deny(
                ::os_session::__private::Expression::Group(
                    ::os_session::__private::Group::Literal("banned"),
                ),
            )
            .optional()
            .state(
                ::os_session::__private::StateType::of::<
                    Pair<App, fn(&str) -> u8>,
                >("Pair<App, fn(&str)->u8>"),
            )
            .keeps_parts(true);
        ::os_session::__private::inventory::submit! {
            ::os_session::__private::Registered(& __DECLARATION)
        }
        ::os_session::__private::caller_opt::<
            Pair<App, fn(&str) -> u8>,
            _,
        >(&__DECLARATION, ::core::option::Option::None)
            .await
    };
    let User(account): Option<User<Account>> = match found {
        ::core::result::Result::Ok(admitted) => admitted,
        ::core::result::Result::Err(refusal) => {
            return ::os_session::__private::refuse_with::<
                _,
                _,
                Pair<App, fn(&str) -> u8>,
                _,
            >(sorry, refusal)
                .await;
        }
    };
    look(account)
}
