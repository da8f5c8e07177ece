#[cfg(feature = "pages")]
#[doc(hidden)]
mod debug_handler_goes_below_the_attribute_of_type {
    #[doc(hidden)]
    #[allow(
        dead_code,
        missing_copy_implementations,
        missing_debug_implementations,
        non_camel_case_types,
        unreachable_pub
    )]
    pub enum __os_session_type {}
}
#[cfg(feature = "pages")]
const _: () = {
    static __DECLARATION: framework::session::__private::Declaration = framework::session::__private::Declaration::page(framework::session::__private::Place {
            name: "type",
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
        })
        .optional()
        .unconnected();
    impl framework::session::__private::Declared
    for debug_handler_goes_below_the_attribute_of_type::__os_session_type {
        fn declaration() -> &'static framework::session::__private::Declaration {
            &__DECLARATION
        }
    }
    impl<
        __S: ::core::marker::Send + ::core::marker::Sync + 'static,
    > framework::session::__private::Rule<__S>
    for debug_handler_goes_below_the_attribute_of_type::__os_session_type {}
    framework::session::__private::inventory::submit! {
        framework::session::__private::Registered(& __DECLARATION)
    }
};
/// The page of a document.
#[cfg(feature = "pages")]
#[debug_handler]
#[instrument(skip_all)]
#[allow(clippy::too_many_arguments, clippy::unused_async)]
pub async fn r#type<T: Clone, const N: usize>(
    _: framework::session::__private::Admitted<
        debug_handler_goes_below_the_attribute_of_type::__os_session_type,
    >,
    mut id: Path<[u64; N]>,
    #[allow(unused)]
    State(Db { pool, .. }): State<Db<T>>,
) -> Result<Html<T>, Error>
where
    T: Send + Sync + 'static,
{
    #![allow(unused_mut)]
    page(id, pool).await
}
