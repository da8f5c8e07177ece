async fn purge<T>(of: T) -> Result<(), AppError>
where
    T: Into<Key>,
{
    #[cfg(not(target_arch = "wasm32"))]
    {
        macro_rules! a_renamed_crate_needs_crate_equals_its_name {
            () => {
                #[allow(unused_imports)] use ::os_session as _;
            };
        }
        a_renamed_crate_needs_crate_equals_its_name! {}
        static __DECLARATION: ::os_session::__private::Declaration = ::os_session::__private::Declaration::wrapper(::os_session::__private::Place {
                name: "purge",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
            })
            .allow(
                ::os_session::__private::Expression::Group(
                    ::os_session::__private::Group::Path(
                        "Group::Admin",
                        || ::os_session::__private::group_name(&Group::Admin),
                    ),
                ),
            )
            .keeps_parts(true);
        ::os_session::__private::inventory::submit! {
            ::os_session::__private::Registered(& __DECLARATION)
        }
        if let ::core::result::Result::Err(refusal) = ::os_session::__private::wrapper::<
            (),
        >(&__DECLARATION, ::core::option::Option::None)
            .await
        {
            return ::os_session::__private::refuse_with::<
                _,
                _,
                (),
                Result<(), AppError>,
            >(sorry, refusal)
                .await;
        }
    }
    delete(of.into()).await
}
