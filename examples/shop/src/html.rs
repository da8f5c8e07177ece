//! What every page has: its frame, its stylesheet, its script, its headers.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use os_session::{Session, UserId, public};

/// A page for whoever is connected.
pub fn page(title: &str, session: &Session, user: Option<&UserId>, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href="/style.css";
                // With this line it restarts when its connection is changed elsewhere.
                (PreEscaped(session.process().head()))
                script type="module" src="/shop.js" {}
            }
            body {
                header {
                    a.brand href="/" { "shop" }
                    @if let Some(user) = user {
                        nav {
                            span { (user) }
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
    let sheet = concat!(include_str!("../../quickstart/src/style.css"), include_str!("style.css"));
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], sheet)
}

#[public(reason = "the script is the same for everybody")]
pub async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("shop.js"))
}

/// Pages consist of what this server sends: no script but its own files, no frame around them, no form that leads elsewhere.
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
