//! The shop window: the one page that shows all of it.

use maud::{Markup, html};
use os_session::{Error, Session, UserId, connected};

use crate::cart::Cart;
use crate::html::page;

const GOODS: [&str; 3] = ["a teapot", "a lantern", "a ball of string"];

/// For everybody, with or without a connection.
#[connected(opt)]
pub async fn show(session: Session, user: Option<UserId>) -> Result<Markup, Error> {
    let Cart { items } = Cart::of(&session).await?;
    let content = html! {
        p #who {
            @match &user {
                Some(user) => { "You are connected as " strong { (user) } "." }
                None => { "Nobody is connected. " a href="/login" { "Log in" } " as alice, bob or mallory." }
            }
        }
        section {
            h2 { "Goods" }
            @for item in GOODS {
                button data-item=(item) { "Add " (item) }
            }
        }
        section {
            h2 { "Cart" }
            p.hint { "One for this browser. It stays when you log in or out." }
            ul #cart { @for item in &items { li { (item) } } }
            @if user.is_some() {
                button #order { "Order" }
            }
        }
        section {
            h2 { "Draft" }
            p.hint { "One for this tab, kept whenever you leave the field." }
            textarea #draft rows="3" aria-label="Draft" {}
            button #undo { "Back to what was kept" }
        }
        @if user.is_some() {
            section {
                h2 { "Notifications" }
                ul #notifications aria-live="polite" {}
            }
            section {
                h2 { "Chat" }
                ul #chat-log aria-live="polite" {}
                form #chat-form {
                    input name="text" aria-label="Message" autocomplete="off" required;
                    button { "Say" }
                }
            }
        }
    };
    Ok(page("Shop", &session, user.as_ref(), content))
}
