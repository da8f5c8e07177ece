#[allow(clippy::unused_async)]
async fn count() {
    COUNT.add(1)
}
#[allow(deprecated)]
const _: () = {
    macro_rules! a_renamed_crate_needs_crate_equals_its_name {
        () => {
            #[allow(unused_imports)] use ::os_session as _;
        };
    }
    a_renamed_crate_needs_crate_equals_its_name! {}
    const __HOOK: ::os_session::__private::Hook = ::os_session::__private::Hook::new(
            ::os_session::__private::EventKind::Request,
            ::os_session::__private::Place {
                name: "count",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
            },
            |_| ::std::boxed::Box::pin(async move {
                <() as ::os_session::__private::HookOutcome>::outcome(count().await)
            }),
        )
        .needs_parts(false);
    ::os_session::__private::inventory::submit! {
        __HOOK
    }
};
