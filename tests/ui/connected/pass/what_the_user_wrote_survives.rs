#![deny(warnings)]

use std::fmt::Display;

use axum::extract::{FromRequestParts, Path, State};
use axum::response::IntoResponse;
use os_session::routing::{Router, get};
use os_session::{UserId, connected, public};

#[derive(Clone)]
pub struct App;

/// Its documentation.
#[connected(allow = "admin", deny = "banned")]
pub async fn generic<T, const N: usize>(user: UserId, Path(mut path): Path<T>) -> impl IntoResponse
where
    T: Display + From<String> + Send + 'static,
{
    path = T::from(format!("{user} {path} {N}"));
    path.to_string()
}

#[connected(opt)]
#[tracing::instrument(skip_all)]
#[axum::debug_handler]
async fn r#match(State(_): State<App>, user: Option<UserId>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.to_string())
}

#[public(reason = "many parameters are as many as axum takes, but one")]
#[rustfmt::skip]
async fn fifteen(
    _: (), _: (), _: (), _: (), _: (), _: (), _: (), _: (), _: (), _: (), _: (), _: (), _: (), _: (), body: String,
) -> String {
    body
}

trait Named {
    const NAME: &'static str;
}

struct Admins;

impl Named for Admins {
    const NAME: &'static str = "admin";
}

#[os_session::connected(allow = <Admins as Named>::NAME)]
async fn by_path() {}

mod elsewhere {
    pub(crate) mod os {
        pub use os_session;
    }
}

#[connected(crate = elsewhere::os::os_session)]
async fn renamed() {}

macro_rules! handler {
    ($name:ident, $group:literal) => {
        #[connected(allow = $group)]
        async fn $name() {}
    };
}

handler!(made_by_a_macro, "staff");

fn is_extractor<T: FromRequestParts<App>>(_: T) {}

fn main() {
    #[connected]
    async fn inside() {}

    let _ = Router::new()
        .route("/generic", get(generic::<String, 3>))
        .route("/match", get(r#match))
        .route("/fifteen", get(fifteen))
        .route("/by-path", get(by_path))
        .route("/renamed", get(renamed))
        .route("/macro", get(made_by_a_macro))
        .route("/inside", get(inside))
        .with_state::<()>(App);
    let _ = is_extractor::<axum::http::Method>;
}
