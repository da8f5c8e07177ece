#[allow(clippy::unused_async)]
async fn is_open() -> bool {
    true
}
#[doc(hidden)]
#[allow(
    dead_code,
    missing_copy_implementations,
    missing_debug_implementations,
    non_camel_case_types,
    unreachable_pub
)]
enum is_open {}
#[allow(deprecated)]
const _: () = {
    macro_rules! a_renamed_crate_needs_crate_equals_its_name {
        () => {
            #[allow(unused_imports)] use ::os_session as _;
        };
    }
    a_renamed_crate_needs_crate_equals_its_name! {}
    impl<__S> ::os_session::__private::Policy<__S> for is_open
    where
        __S: ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        #[allow(unused_variables)]
        fn ask<'a>(
            parts: &'a mut ::os_session::__private::Parts,
            state: &'a __S,
        ) -> ::os_session::__private::BoxFuture<
            'a,
            ::os_session::__private::PolicyOutcome,
        > {
            ::os_session::__private::asked(async move {
                <bool as ::os_session::__private::PolicyAnswer>::into_answer(
                    is_open().await,
                )
            })
        }
    }
};
