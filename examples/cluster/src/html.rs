//! What every page has, as in the quickstart, and one line more: the head that makes it hear of changes, from whichever node.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use os_session::{Session, UserId, public};

/// A page for whoever is connected. Log-out is a form, since a link must not change anything.
pub fn page(title: &str, user: Option<&UserId>, content: Markup) -> Markup {
    // No page is made outside a request.
    let head = Session::current().map(|session| session.process().head()).unwrap_or_default();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href="/style.css";
                (PreEscaped(head))
            }
            body {
                header {
                    a.brand href="/" { "cluster" }
                    @if let Some(user) = user {
                        nav {
                            a href="/me" { (user) }
                            a href="/devices" { "Devices" }
                            form method="post" action="/logout" { button { "Log out" } }
                        }
                    }
                }
                main {
                    h1 { (title) }
                    (content)
                }
            }
        }
    }
}

#[public(reason = "the stylesheet is the same for everybody")]
pub async fn stylesheet() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../quickstart/src/style.css"))
}

/// Pages consist of what this server sends, and ask it alone: no frame around them, no form that leads elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

pub fn with_headers(app: Router) -> Router {
    app.layer(map_response(async |mut response: Response| {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }))
}
