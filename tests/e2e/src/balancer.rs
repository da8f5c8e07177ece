//! A load balancer that sends requests where the test wants them.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

/// Listens on a port of its own and passes requests of these paths on to one server, all others to the other. The answer is its address.
pub async fn balance(paths: &'static [&'static str], server: String, others: String) -> String {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let pass = move |mut request: Request| {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let server = if paths.contains(&request.uri().path()) { &server } else { &others };
        let uri: Uri = format!("{server}{path}").parse().expect("it is an address");
        *request.uri_mut() = uri;
        let asked = client.request(request);
        async move {
            match asked.await {
                Ok(answer) => answer.map(Body::new),
                Err(_) => StatusCode::BAD_GATEWAY.into_response(),
            }
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(pass)).await });
    address
}
