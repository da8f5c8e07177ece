//! Pages, and who gets to see them.

use maud::{Markup, html};
use os_session::{Denial, Error, User, UserId, WantsHtml, connected, public};

use crate::html::page;
use crate::users::Account;

/// For everybody, with or without a connection.
#[connected(opt)]
pub async fn home(user: Option<UserId>) -> Markup {
    let content = html! {
        @match &user {
            Some(user) => p { "You are connected as " strong { (user) } "." }
            None => p { "Nobody is connected. " a href="/login" { "Log in" } " as alice, bob or mallory." }
        }
        ul {
            li { a href="/me" { "Your page" } " is for whoever is connected." }
            li { a href="/admin" { "Administration" } " is for " code { "admin" } ", and not for " code { "banned" } "." }
            li { a href="/devices" { "Devices" } " lists where you are logged in." }
            li { a href="/hooks" { "Hooks" } " tells what ran beside all this." }
            li { a href="/about" { "About" } " is public." }
        }
    };
    page("Quickstart", user.as_ref(), content)
}

/// For everybody who is connected. The others are sent to log in, and back.
#[connected]
pub async fn me(user: UserId, User(account): User<Account>) -> Markup {
    let content = html! { p { "Welcome, " strong { (account.name) } ", who " (account.motto) "." } };
    page("Your page", Some(&user), content)
}

/// For alice, who is in `admin`; not for bob, who is not, nor for mallory, who is in `banned` as well.
#[connected(allow = "admin", deny = "banned")]
pub async fn admin(user: UserId) -> Markup {
    let content = html! { p { strong { (user) } ", you may see this." } };
    page("Administration", Some(&user), content)
}

/// For everybody, with no look at the session: no cookie, no hook.
#[public(reason = "tells what this site is, the same to everybody")]
pub async fn about() -> Markup {
    let content = html! { p { "A small application that shows sessions and access control, declared by attributes." } };
    page("About", None, content)
}

/// The page for a refused request, which is sent with the status of the refusal. Programs get
/// problem details.
pub async fn refused(denial: Denial, user: Option<UserId>, WantsHtml(wants_html): WantsHtml) -> Result<Markup, Error> {
    if !wants_html {
        return Err(denial.into());
    }
    let (title, content) = match denial {
        Denial::NotConnected => (
            "Please log in",
            html! { p { "This is for people who are connected. " a href="/login" { "Log in" } ", and try again." } },
        ),
        _ => {
            ("Not for you", html! { p { "You may not see this page. If you think you should, ask an administrator." } })
        }
    };
    Ok(page(title, user.as_ref(), content))
}
