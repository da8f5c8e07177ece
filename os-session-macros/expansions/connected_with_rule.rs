#[doc(hidden)]
mod debug_handler_goes_below_the_attribute_of_dashboard {
    #[doc(hidden)]
    #[allow(
        dead_code,
        missing_copy_implementations,
        missing_debug_implementations,
        non_camel_case_types,
        unreachable_pub
    )]
    pub enum __os_session_dashboard {}
}
const _: () = {
    macro_rules! a_renamed_crate_needs_crate_equals_its_name {
        () => {
            #[allow(unused_imports)] use ::os_session as _;
        };
    }
    a_renamed_crate_needs_crate_equals_its_name! {}
    static __DECLARATION: ::os_session::__private::Declaration = ::os_session::__private::Declaration::page(::os_session::__private::Place {
            name: "dashboard",
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
        })
        .allow(
            ::os_session::__private::Expression::Any(
                &[
                    ::os_session::__private::Expression::Group(
                        ::os_session::__private::Group::Literal("admin"),
                    ),
                    ::os_session::__private::Expression::Group(
                        ::os_session::__private::Group::Path(
                            "Group::Staff",
                            || ::os_session::__private::group_name(&Group::Staff),
                        ),
                    ),
                ],
            ),
        )
        .deny(
            ::os_session::__private::Expression::Group(
                ::os_session::__private::Group::Literal("banned"),
            ),
        )
        .optional()
        .cross_site("the payment provider posts here");
    impl ::os_session::__private::Declared
    for debug_handler_goes_below_the_attribute_of_dashboard::__os_session_dashboard {
        fn declaration() -> &'static ::os_session::__private::Declaration {
            &__DECLARATION
        }
    }
    impl ::os_session::__private::Rule<Arc<App>>
    for debug_handler_goes_below_the_attribute_of_dashboard::__os_session_dashboard {
        const DENY_FUN: ::core::option::Option<
            ::os_session::__private::DenyFun<Arc<App>>,
        > = ::core::option::Option::Some(|denied, state| ::os_session::__private::deny::<
            _,
            _,
            Arc<App>,
        >(sorry, denied, state));
    }
    ::os_session::__private::inventory::submit! {
        ::os_session::__private::Registered(& __DECLARATION)
    }
};
#[allow(clippy::too_many_arguments, clippy::unused_async)]
pub(crate) async fn dashboard(
    _: ::os_session::__private::Admitted<
        debug_handler_goes_below_the_attribute_of_dashboard::__os_session_dashboard,
    >,
    user: Option<UserId>,
) -> String {
    format!("welcome {user:?}")
}
