#[cfg(feature = "audit")]
#[instrument]
#[allow(clippy::unused_async)]
pub async fn input(
    user: UserId,
    mut reason: CloseReason,
    State(db): State<Db>,
) -> Result<(), sqlx::Error> {
    db.log(user, reason).await
}
#[cfg(feature = "audit")]
#[allow(deprecated)]
const _: () = {
    macro_rules! a_renamed_crate_needs_crate_equals_its_name {
        () => {
            #[allow(unused_imports)] use ::os_session as _;
        };
    }
    a_renamed_crate_needs_crate_equals_its_name! {}
    type __Parameter0 = UserId;
    type __Parameter1 = CloseReason;
    type __Parameter2 = State<Db>;
    const __HOOK: ::os_session::__private::Hook = ::os_session::__private::Hook::new(
            ::os_session::__private::EventKind::PostCloseSession,
            ::os_session::__private::Place {
                name: "input",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
            },
            |input| ::std::boxed::Box::pin(async move {
                <Result<
                    (),
                    sqlx::Error,
                > as ::os_session::__private::HookOutcome>::outcome(
                    input(
                            <__Parameter0 as ::os_session::__private::HookParam<
                                ::os_session::__private::event::on_post_close_session,
                                App,
                            >>::take(input)
                                .await?,
                            <__Parameter1 as ::os_session::__private::HookParam<
                                ::os_session::__private::event::on_post_close_session,
                                App,
                            >>::take(input)
                                .await?,
                            <__Parameter2 as ::os_session::__private::HookParam<
                                ::os_session::__private::event::on_post_close_session,
                                App,
                            >>::take(input)
                                .await?,
                        )
                        .await,
                )
            }),
        )
        .order(-10i32)
        .state(::os_session::__private::StateType::of::<App>("App"))
        .needs_parts(
            <__Parameter0 as ::os_session::__private::HookParam<
                ::os_session::__private::event::on_post_close_session,
                App,
            >>::NEEDS_PARTS
                || <__Parameter1 as ::os_session::__private::HookParam<
                    ::os_session::__private::event::on_post_close_session,
                    App,
                >>::NEEDS_PARTS
                || <__Parameter2 as ::os_session::__private::HookParam<
                    ::os_session::__private::event::on_post_close_session,
                    App,
                >>::NEEDS_PARTS,
        );
    ::os_session::__private::inventory::submit! {
        __HOOK
    }
};
