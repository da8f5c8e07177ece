//! The server functions. The rule stands above `#[server]`, which so never sees the user: it is no argument of the call.

use std::sync::{Mutex, PoisonError};

use leptos::prelude::*;
use os_session::{Session, UserId, connected_rpc, connected_wrapper};
use serde::{Deserialize, Serialize};

use crate::error::AppError;
use crate::users::{self, Account};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    pub author: String,
    pub title: String,
}

/// A table in a database, in an application that grows.
static ARTICLES: Mutex<Vec<Article>> = Mutex::new(Vec::new());

/// Everybody may call it; the rule is there for the access table.
#[connected_wrapper]
#[server]
pub async fn log_in(name: String, password: String) -> Result<(), AppError> {
    if !users::verify(&name, &password) {
        return Err(AppError::WrongPassword);
    }
    Session::current()?.connect(name).await?;
    Ok(())
}

/// The user as a type of the application's.
#[connected_rpc]
#[server]
pub async fn whoami(account: Account) -> Result<Account, AppError> {
    Ok(account)
}

#[connected_rpc(allow = "editor")]
#[server]
pub async fn publish(user: UserId, title: String) -> Result<Article, AppError> {
    let article = Article { author: user.to_string(), title };
    ARTICLES.lock().unwrap_or_else(PoisonError::into_inner).push(article.clone());
    Ok(article)
}

/// What the user has published.
#[connected_rpc]
#[server]
pub async fn published(user: UserId) -> Result<Vec<Article>, AppError> {
    let mut articles = ARTICLES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    articles.retain(|article| article.author == user.as_str());
    Ok(articles)
}
