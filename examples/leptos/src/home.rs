//! The one page. Its forms work without a script: Leptos sends the browser back to the page once a function has answered.

use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::error::AppError;
use crate::functions::{LogIn, Publish, published, whoami};

#[component]
pub fn Home() -> impl IntoView {
    let user = Resource::new(|| (), |()| async { Ok::<_, AppError>((whoami().await?, published().await?)) });
    let (log_in, publish) = (ServerAction::<LogIn>::new(), ServerAction::<Publish>::new());
    let content = move || {
        Suspend::new(async move {
            match user.await {
                Ok((account, articles)) => Either::Left(view! {
                    <h1>"Welcome, " {account.name}</h1>
                    <ul>{articles.into_iter().map(|article| view! { <li>{article.title}</li> }).collect_view()}</ul>
                    <ActionForm action=publish>
                        <input name="title" />
                        <button>"Publish"</button>
                    </ActionForm>
                }),
                Err(error) => Either::Right(view! {
                    <p>{error.to_string()}</p>
                    <ActionForm action=log_in>
                        <input name="name" />
                        <input name="password" type="password" />
                        <button>"Log in"</button>
                    </ActionForm>
                }),
            }
        })
    };
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <title>"Articles"</title>
            </head>
            <body>
                <Suspense>{content}</Suspense>
            </body>
        </html>
    }
}
