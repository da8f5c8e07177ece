//! An application with many handlers, written in three ways that differ in nothing else.
//!
//! Each module has a handler for every pair of a shape, which is what the handler takes and returns, and a rule, which
//! is who may call it. The two applications of plain axum leave the rules out: a user in a parameter is all the
//! protection that they have, by an extractor written by hand. So they do less, and the figures are not in our favour.

use std::path::Path;

/// Who writes the attributes, and which.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Plain axum, no attributes.
    Plain,
    /// Plain axum, and its `#[debug_handler]` above each handler.
    DebugHandler,
    /// `#[connected]` or `#[public]` above each handler, and [`os_session::routing`].
    Declared,
}

impl Flavour {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::DebugHandler, Self::Declared];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Plain => "plain axum",
            Self::DebugHandler => "`#[debug_handler]`",
            Self::Declared => "os-session",
        }
    }

    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::DebugHandler => "debug-handler",
            Self::Declared => "declared",
        }
    }

    fn attribute(self, rule: &Rule) -> &'static str {
        match self {
            Self::Plain => "",
            Self::DebugHandler => "#[axum::debug_handler]",
            Self::Declared => rule.attribute,
        }
    }

    /// What only this application's modules import.
    fn imports(self) -> &'static str {
        match self {
            Self::Plain | Self::DebugHandler => "use axum::routing::{Router, get, post, put};\nuse crate::UserId;",
            Self::Declared => {
                "use os_session::routing::{Router, get, post, put};\nuse os_session::{UserId, connected, public};"
            }
        }
    }

    fn main(self) -> &'static str {
        match self {
            Self::Plain | Self::DebugHandler => PLAIN_MAIN,
            Self::Declared => DECLARED_MAIN,
        }
    }
}

const MODULES: [&str; 10] =
    ["articles", "comments", "invoices", "orders", "parcels", "payments", "photos", "reports", "tickets", "visits"];

pub(crate) const HANDLERS: usize = MODULES.len() * SHAPES.len() * RULES.len();

/// Who may call a handler.
struct Rule {
    name: &'static str,
    attribute: &'static str,
    /// The parameter for it, with its comma.
    user: &'static str,
    /// What the handler makes of that.
    owner: &'static str,
}

const RULES: [Rule; 5] = [
    Rule { name: "own", attribute: "#[connected]", user: "user: UserId, ", owner: "user.to_string()" },
    Rule {
        name: "all",
        attribute: "#[connected(allow = \"admin\")]",
        user: "user: UserId, ",
        owner: "user.to_string()",
    },
    Rule {
        name: "team",
        attribute: "#[connected(allow = [\"editor\", \"author\"], deny = \"banned\")]",
        user: "user: UserId, ",
        owner: "user.to_string()",
    },
    Rule {
        name: "shared",
        attribute: "#[connected(opt)]",
        user: "user: Option<UserId>, ",
        owner: "user.map_or_else(|| \"a guest\".to_owned(), |user| user.to_string())",
    },
    Rule {
        name: "open",
        attribute: "#[public(reason = \"what everybody may do\")]",
        user: "",
        owner: "\"anybody\".to_owned()",
    },
];

/// What a handler takes and returns.
struct Shape {
    route: &'static str,
    handler: &'static str,
}

const SHAPES: [Shape; 4] = [
    Shape {
        route: ".route(\"/RULE/show/{id}\", get(show_RULE))",
        handler: r#"
ATTRIBUTE
async fn show_RULE(USERState(app): State<App>, Path(id): Path<u64>) -> Result<Json<Item>, StatusCode> {
    let owner = OWNER;
    let item = app.items.lock().unwrap().get(&id).cloned().ok_or(StatusCode::NOT_FOUND)?;
    if item.owner != owner {
        return Err(StatusCode::NOT_FOUND);
    }
    Ok(Json(item))
}
"#,
    },
    Shape {
        route: ".route(\"/RULE/list\", get(list_RULE))",
        handler: r#"
ATTRIBUTE
async fn list_RULE(USERState(app): State<App>, Query(filter): Query<Filter>) -> Json<Vec<Item>> {
    let owner = OWNER;
    let items = app.items.lock().unwrap();
    let own = items.values().filter(|item| item.owner == owner && item.title.contains(&filter.title));
    Json(own.take(filter.most.unwrap_or(100)).cloned().collect())
}
"#,
    },
    Shape {
        route: ".route(\"/RULE/create\", post(create_RULE))",
        handler: r#"
ATTRIBUTE
async fn create_RULE(USERState(app): State<App>, Json(draft): Json<Draft>) -> (StatusCode, Json<Item>) {
    let owner = OWNER;
    let mut items = app.items.lock().unwrap();
    let id = items.len() as u64;
    let item = Item { id, owner, title: draft.title };
    items.insert(id, item.clone());
    (StatusCode::CREATED, Json(item))
}
"#,
    },
    Shape {
        route: ".route(\"/RULE/rename/{id}\", put(rename_RULE))",
        handler: r#"
ATTRIBUTE
async fn rename_RULE(
    USERState(app): State<App>, Path(id): Path<u64>, Json(draft): Json<Draft>,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    let owner = OWNER;
    let mut items = app.items.lock().unwrap();
    let item = items.get_mut(&id).filter(|item| item.owner == owner);
    let item = item.ok_or_else(|| (StatusCode::NOT_FOUND, format!("{owner} has nothing under {id}")))?;
    item.title = draft.title;
    Ok(StatusCode::NO_CONTENT)
}
"#,
    },
];

const MODULE: &str = r"
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::IntoResponse,
};
IMPORTS
use serde::Deserialize;

use crate::{App, Item};

#[derive(Deserialize)]
struct Filter {
    title: String,
    most: Option<usize>,
}

#[derive(Deserialize)]
struct Draft {
    title: String,
}

pub fn router() -> Router<App> {
    Router::new()
        ROUTES
}
HANDLERS";

const APP: &str = r"
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde::Serialize;

#[derive(Clone, Serialize)]
pub struct Item {
    id: u64,
    owner: String,
    title: String,
}

#[derive(Clone, Default)]
pub struct App {
    items: Arc<Mutex<BTreeMap<u64, Item>>>,
}
";

const PLAIN_MAIN: &str = r#"
use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{StatusCode, header, request::Parts},
};

/// The user, whom a cookie names.
pub struct UserId(String);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl UserId {
    fn of(parts: &Parts) -> Option<Self> {
        let cookies = parts.headers.get(header::COOKIE)?.to_str().ok()?;
        cookies.split("; ").find_map(|cookie| cookie.strip_prefix("user=")).map(|user| Self(user.to_owned()))
    }
}

impl<S: Sync> FromRequestParts<S> for UserId {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Self::of(parts).ok_or(StatusCode::UNAUTHORIZED)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for UserId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(Self::of(parts))
    }
}

#[tokio::main]
async fn main() {
    let app = axum::Router::new()
        NESTED
        .with_state(App::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;

const DECLARED_MAIN: &str = r#"
use os_session::{Sessions, routing::Router};

#[tokio::main]
async fn main() {
    let sessions = Sessions::builder().build().await.unwrap();
    let app = Router::new()
        NESTED
        .with_state(App::default())
        .with_sessions(&sessions)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"#;

/// The manifest of all three.
pub(crate) fn workspace_manifest() -> String {
    let members = Flavour::ALL.map(|flavour| format!("{:?}", flavour.package())).join(", ");
    format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n")
}

/// The files of an application, with their paths.
pub(crate) fn files(flavour: Flavour, repository: &Path) -> Vec<(String, String)> {
    let mut files =
        vec![("Cargo.toml".to_owned(), manifest(flavour, repository)), ("src/main.rs".to_owned(), main_file(flavour))];
    files.extend(MODULES.map(|module| (module_file(module), module_text(flavour))));
    files
}

/// Where [`edited`] has something to add to.
pub(crate) const EDITED_FILE: &str = "src/comments.rs";

/// A module's text with a line more in its first handler.
pub(crate) fn edited(text: &str) -> String {
    let (above, below) = text.split_once("    let owner").expect("every handler has an owner");
    format!("{above}    std::hint::black_box({});\n    let owner{below}", text.len())
}

fn manifest(flavour: Flavour, repository: &Path) -> String {
    let package = flavour.package();
    let os_session = match flavour {
        Flavour::Plain | Flavour::DebugHandler => String::new(),
        // A TOML string has the escapes of a Rust one, as far as paths go.
        Flavour::Declared => format!("os-session = {{ path = {:?} }}\n", repository.join("os-session")),
    };
    format!(
        r#"[package]
name = "{package}"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
axum = {{ version = "0.8", features = ["macros"] }}
serde = {{ version = "1", features = ["derive"] }}
tokio = {{ version = "1", features = ["macros", "net", "rt-multi-thread"] }}
{os_session}"#
    )
}

fn module_file(module: &str) -> String {
    format!("src/{module}.rs")
}

fn main_file(flavour: Flavour) -> String {
    let modules: String = MODULES.map(|module| format!("mod {module};\n")).concat();
    let nested = MODULES.map(|module| format!(".nest(\"/{module}\", {module}::router())"));
    format!("{modules}{APP}{}", flavour.main().replace("NESTED", &nested.join("\n        ")))
}

fn module_text(flavour: Flavour) -> String {
    let (mut routes, mut handlers) = (Vec::new(), String::new());
    for (rule, shape) in RULES.iter().flat_map(|rule| SHAPES.iter().map(move |shape| (rule, shape))) {
        routes.push(shape.route.replace("RULE", rule.name));
        handlers += &shape
            .handler
            .replace("ATTRIBUTE", flavour.attribute(rule))
            .replace("RULE", rule.name)
            .replace("USER", rule.user)
            .replace("OWNER", rule.owner);
    }
    MODULE
        .replace("IMPORTS", flavour.imports())
        .replace("ROUTES", &routes.join("\n        "))
        .replace("HANDLERS", &handlers)
}
