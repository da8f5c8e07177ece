#[doc(hidden)]
mod debug_handler_goes_below_the_attribute_of_home {
    #[doc(hidden)]
    #[allow(
        dead_code,
        missing_copy_implementations,
        missing_debug_implementations,
        non_camel_case_types,
        unreachable_pub
    )]
    pub enum __os_session_home {}
}
const _: () = {
    macro_rules! a_renamed_crate_needs_crate_equals_its_name {
        () => {
            #[allow(unused_imports)] use ::os_session as _;
        };
    }
    a_renamed_crate_needs_crate_equals_its_name! {}
    static __DECLARATION: ::os_session::__private::Declaration = ::os_session::__private::Declaration::page(::os_session::__private::Place {
        name: "home",
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
    });
    impl ::os_session::__private::Declared
    for debug_handler_goes_below_the_attribute_of_home::__os_session_home {
        fn declaration() -> &'static ::os_session::__private::Declaration {
            &__DECLARATION
        }
    }
    impl<
        __S: ::core::marker::Send + ::core::marker::Sync + 'static,
    > ::os_session::__private::Rule<__S>
    for debug_handler_goes_below_the_attribute_of_home::__os_session_home {}
    ::os_session::__private::inventory::submit! {
        ::os_session::__private::Registered(& __DECLARATION)
    }
};
#[allow(clippy::too_many_arguments, clippy::unused_async)]
async fn home(
    _: ::os_session::__private::Admitted<
        debug_handler_goes_below_the_attribute_of_home::__os_session_home,
    >,
) -> &'static str {
    "welcome"
}
