//! The documents: a table in a database, in an application that grows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use os_session::UserId;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Document {
    pub id: u64,
    pub owner: UserId,
    pub editors: Vec<UserId>,
    pub title: String,
    pub text: String,
}

/// There is no such document.
#[derive(Debug, thiserror::Error)]
#[error("there is no document {0}")]
pub struct Missing(u64);

impl IntoResponse for Missing {
    fn into_response(self) -> Response {
        (StatusCode::NOT_FOUND, self.to_string()).into_response()
    }
}

#[derive(Debug, Clone)]
pub struct Documents(Arc<Mutex<BTreeMap<u64, Document>>>);

impl Documents {
    /// One of bob's, which carol may edit, and one of mallory's.
    pub fn with_examples() -> Self {
        let documents = Self(Arc::default());
        documents.create("bob".into(), "A letter".to_owned(), "Dear reader,".to_owned());
        documents.create("mallory".into(), "Notes".to_owned(), "not much".to_owned());
        documents.table().entry(1).and_modify(|letter| letter.editors.push("carol".into()));
        documents
    }

    pub fn create(&self, owner: UserId, title: String, text: String) -> Document {
        let mut table = self.table();
        let id = table.last_key_value().map_or(1, |(last, _)| last + 1);
        let document = Document { id, owner, editors: Vec::new(), title, text };
        table.insert(id, document.clone());
        document
    }

    pub fn get(&self, id: u64) -> Result<Document, Missing> {
        self.table().get(&id).cloned().ok_or(Missing(id))
    }

    pub fn of(&self, user: &UserId) -> Vec<Document> {
        let is_theirs = |document: &&Document| document.owner == *user || document.editors.contains(user);
        self.table().values().filter(is_theirs).cloned().collect()
    }

    pub fn write(&self, id: u64, title: String, text: String) -> Result<Document, Missing> {
        let mut table = self.table();
        let document = table.get_mut(&id).ok_or(Missing(id))?;
        document.title = title;
        document.text = text;
        Ok(document.clone())
    }

    pub fn add_editor(&self, id: u64, editor: UserId) -> Result<(), Missing> {
        self.table().get_mut(&id).ok_or(Missing(id))?.editors.push(editor);
        Ok(())
    }

    pub fn delete(&self, id: u64) -> Result<(), Missing> {
        self.table().remove(&id).map(drop).ok_or(Missing(id))
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<u64, Document>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
