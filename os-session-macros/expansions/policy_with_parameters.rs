/// Whether it is theirs.
#[cfg(feature = "documents")]
#[allow(clippy::unused_async)]
pub async fn state(
    user: UserId,
    Path(id): Path<u64>,
    Json(body): Json<Draft>,
) -> Result<bool, sqlx::Error> {
    owner(id).await == user
}
#[cfg(feature = "documents")]
#[doc(hidden)]
#[allow(
    dead_code,
    missing_copy_implementations,
    missing_debug_implementations,
    non_camel_case_types,
    unreachable_pub
)]
pub enum state {}
#[cfg(feature = "documents")]
#[allow(deprecated)]
const _: () = {
    type __Parameter0 = UserId;
    type __Parameter1 = Path<u64>;
    type __Parameter2 = Json<Draft>;
    impl<__S> framework::session::__private::Policy<__S> for state
    where
        __S: ::core::marker::Send + ::core::marker::Sync + 'static,
        __Parameter0: framework::session::__private::PolicyParameter<__S>,
        __Parameter1: framework::session::__private::PolicyParameter<__S>,
    {
        #[allow(unused_variables)]
        fn ask<'a>(
            parts: &'a mut framework::session::__private::Parts,
            state: &'a __S,
        ) -> framework::session::__private::BoxFuture<
            'a,
            framework::session::__private::PolicyOutcome,
        > {
            framework::session::__private::asked(async move {
                <Result<
                    bool,
                    sqlx::Error,
                > as framework::session::__private::PolicyAnswer>::into_answer(
                    state(
                            framework::session::__private::take::<
                                __Parameter0,
                                __S,
                            >(parts, state)
                                .await?,
                            framework::session::__private::take::<
                                __Parameter1,
                                __S,
                            >(parts, state)
                                .await?,
                            framework::session::__private::taker::<__Parameter2>()(parts)
                                .await?,
                        )
                        .await,
                )
            })
        }
    }
};
