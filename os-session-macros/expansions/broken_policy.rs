::core::compile_error! {
    "policy `owns` must be async\nhelp: write `async fn owns`"
}
::core::compile_error! {
    "policy `owns` cannot be generic\nhelp: a rule names it without types; write one function for each"
}
pub(crate) async fn owns<T>(user: T) -> bool {
    user.owns()
}
#[doc(hidden)]
#[allow(
    dead_code,
    missing_copy_implementations,
    missing_debug_implementations,
    non_camel_case_types,
    unreachable_pub
)]
pub(crate) enum owns {}
impl<__S> ::os_session::__private::Policy<__S> for owns {
    fn ask<'a>(
        _: &'a mut ::os_session::__private::Parts,
        _: &'a __S,
    ) -> ::os_session::__private::BoxFuture<'a, ::os_session::__private::PolicyOutcome> {
        ::core::unreachable!()
    }
}
