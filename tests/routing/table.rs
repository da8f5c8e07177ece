//! The access table of a router: who may call what, as a reviewer reads it.

use std::convert::Infallible;

use axum::extract::Request;
use axum::http::Response;
use os_session::routing::{self, MethodFilter, MethodRouter, any, get, post};
use os_session::{connected, public};

#[public(reason = "the shop window")]
async fn home() {}

#[connected]
async fn me() {}

#[connected(allow = ["admin", "staff"], deny = "banned")]
async fn admin() {}

#[connected(opt)]
async fn login() {}

#[connected(opt, force_unconnected)]
async fn language() {}

#[connected(cross_site = "the payment provider posts here")]
async fn payment() {}

async fn file(_: Request) -> Result<Response<String>, Infallible> {
    Ok(Response::new(String::new()))
}

/// A line a route: methods, path, rule, handler. The place in the source is left out, as it moves.
fn lines(table: os_session::AccessTable) -> String {
    let mut text = String::new();
    for line in table.routed_only().to_string().lines() {
        let line = line.split_once(" (tests/").map_or(line, |(line, _)| line);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[test]
fn the_table_of_a_nested_router_says_who_may_call_what() {
    let account = routing::Router::new().route("/", get(me)).route("/payment", post(payment)).nest_service(
        "/files",
        tower::service_fn(file),
        "the same for everybody",
    );
    let elsewhere = axum::Router::new().route("/metrics", axum::routing::get(|| async {}));
    let router: routing::Router = routing::Router::new()
        .route("/", get(home))
        .route("/login", get(login).post(login))
        .route("/admin", get(admin).fallback(payment).fallback(me))
        .route("/any", any(admin))
        .route("/language", routing::on(MethodFilter::PUT.or(MethodFilter::PATCH), language))
        .route("/health", MethodRouter::from_axum(axum::routing::get(|| async {}), "for the load balancer"))
        .route_service("/style.css", tower::service_fn(file), "the same for everybody")
        .nest("/account", account)
        .nest("/internal", routing::Router::from_axum(elsewhere, "behind the proxy"))
        .method_not_allowed_fallback(home)
        .fallback(home);
    let expected = "\
GET        /                 public: the shop window                                routing::table::home
*          /(fallback)       public: the shop window                                routing::table::home
(others)   /(routed paths)   public: the shop window                                routing::table::home
GET        /account          connected                                              routing::table::me
*          /account/files/*  open: the same for everybody
POST       /account/payment  connected, cross-site: the payment provider posts here  routing::table::payment
(others)   /admin            connected                                              routing::table::me
GET        /admin            connected, allow admin | staff, deny banned            routing::table::admin
*          /any              connected, allow admin | staff, deny banned            routing::table::admin
*          /health           open: for the load balancer
*          /internal/*       open: behind the proxy
PUT,PATCH  /language         connected or not, session ignored                      routing::table::language
GET        /login            connected or not                                       routing::table::login
POST       /login            connected or not                                       routing::table::login
*          /style.css        open: the same for everybody
";
    let seen = lines(router.access_table());
    let columns =
        |text: &str| text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
    assert_eq!(columns(&seen), columns(expected), "\n{seen}");
}

#[test]
fn a_row_says_where_its_handler_stands() {
    let router: routing::Router = routing::Router::new().route("/", get(home));
    let table = router.access_table().routed_only();
    let [row] = table.rows() else { panic!("one row: {table}") };
    assert_eq!(
        (row.path.as_deref(), row.methods.as_deref(), &*row.rule),
        (Some("/"), Some("GET"), "public: the shop window")
    );
    let handler = row.handler.as_deref().expect("it is declared");
    assert!(handler.starts_with("routing::table::home (tests/routing/table.rs:"), "{handler}");
}

#[test]
fn the_same_handler_may_be_routed_often_and_each_route_is_listed() {
    let router: routing::Router = routing::Router::new()
        .route("/a", get(me).post(me))
        .route("/b", get(me))
        .nest("/c", routing::Router::new().route("/", get(me)));
    let table = router.access_table().routed_only();
    let paths: Vec<_> = table.rows().iter().map(|row| (row.methods.as_deref(), row.path.as_deref())).collect();
    let row = |method, path| (Some(method), Some(path));
    assert_eq!(paths, [row("GET", "/a"), row("POST", "/a"), row("GET", "/b"), row("GET", "/c")]);
}

#[test]
fn every_declared_function_of_the_binary_is_listed_routed_or_not() {
    let table = os_session::access_table();
    for function in ["table::payment", "chaining::with_state", "routing::shop_window"] {
        let rows =
            table.rows().iter().filter(|row| row.handler.as_deref().is_some_and(|handler| handler.contains(function)));
        assert_eq!(rows.count(), 1, "{function} in\n{table}");
    }
}

#[test]
fn a_handler_whose_place_another_took_is_not_listed() {
    let router: routing::Router =
        routing::Router::new().route("/", any(admin).fallback(me)).fallback(admin).fallback(home);
    let table = router.access_table().routed_only();
    let rules: Vec<_> = table.rows().iter().map(|row| (row.path.as_deref().unwrap(), &*row.rule)).collect();
    assert_eq!(rules, [("/", "connected"), ("/(fallback)", "public: the shop window")]);
}

#[test]
fn a_fallback_that_was_forgotten_is_not_listed() {
    let router: routing::Router = routing::Router::new().route("/", get(home)).fallback(me).reset_fallback();
    assert_eq!(router.access_table().routes().count(), 1);
}
