//! Pages for people, problem details for programs.

use axum::http::{Method, header};
use axum::response::Html;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{Denial, Error, WantsHtml, connected, connected_rpc};

use crate::site::{Site, admin, request};

async fn sorry(denial: Denial, WantsHtml(html): WantsHtml) -> Result<Html<String>, Error> {
    if html { Ok(Html(format!("<h1>{denial}</h1>"))) } else { Err(denial.into()) }
}

#[connected(allow = "admin", deny_fun = sorry)]
async fn safe() {}

#[connected_rpc(allow = "admin", deny_fun = sorry)]
async fn open_safe(_user: os_session::UserId) -> Result<Html<String>, Error> {
    Ok(Html(String::new()))
}

#[connected(opt)]
async fn safe_by_call() -> Result<Html<String>, Error> {
    open_safe().await
}

const FIREFOX: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn a_deny_fun_knows_who_wants_html() {
    let site = Site::with(|builder| builder.deny_fun(sorry)).await;
    let router = routing::Router::new()
        .route("/of-the-handler", get(safe).post(safe))
        .route("/of-all", get(admin).post(admin))
        .route("/of-a-function", get(safe_by_call).post(safe_by_call));
    let app = router.with_sessions(&site.sessions).expect("every rule can be decided");
    for (headers, wants_html) in [
        (&[("sec-fetch-mode", "navigate"), ("accept", FIREFOX)][..], true),
        (&[("accept", FIREFOX)], true),
        (&[("accept", "text/html")], true),
        (&[("sec-fetch-mode", "cors"), ("accept", "text/html, application/xhtml+xml")], true),
        (&[("sec-fetch-mode", "cors"), ("accept", "*/*"), ("hx-request", "true")], true),
        (&[("sec-fetch-mode", "cors"), ("accept", "application/json")], false),
        (&[("sec-fetch-mode", "cors"), ("accept", "*/*")], false),
        (&[("accept", "application/json, text/plain, */*")], false),
        (&[("accept", "application/json, text/html;q=0.5")], false),
        (&[("accept", "*/*")], false),
        (&[], false),
    ] {
        for (method, path) in [Method::GET, Method::POST]
            .into_iter()
            .flat_map(|method| ["/of-the-handler", "/of-all", "/of-a-function"].map(|path| (method.clone(), path)))
        {
            let mut request = request(method.clone(), path);
            for (name, value) in headers {
                request.headers_mut().insert(*name, value.parse().expect("a header value"));
            }
            let answer = Browser::new(&app).send(request).await;
            let problem = "application/problem+json";
            let expected = if wants_html { "text/html; charset=utf-8" } else { problem };
            assert_eq!(answer.header(header::CONTENT_TYPE.as_str()), Some(expected), "{method} {path} {headers:?}");
            let status = answer.status().as_u16();
            assert!(status == 401 || path == "/of-a-function" && status == 200, "{method} {path}: {status}");
        }
    }
}
