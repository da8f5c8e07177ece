//! The cart: one a browser, whoever is connected in it. What a visitor put there is there after log-in, and after log-out.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use os_session::{Error, Session, Slot, connected, scope, slot};
use serde::{Deserialize, Serialize};

#[slot]
static CART: Slot<Cart, scope::UserIndepSession> = Slot::persistent("cart");

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Cart {
    pub items: Vec<String>,
}

impl Cart {
    pub async fn of(session: &Session) -> Result<Self, Error> {
        Ok(CART.get(session).await?.unwrap_or_default())
    }

    /// Takes everything out, once: of two requests at the same time one gets it.
    pub async fn take(session: &Session) -> Result<Self, Error> {
        Ok(CART.take(session).await?.unwrap_or_default())
    }
}

/// To look into it costs nothing: a visitor gets a cookie when something is in it.
#[connected(opt)]
pub async fn show(session: Session) -> Result<Json<Cart>, Error> {
    Ok(Json(Cart::of(&session).await?))
}

#[derive(Deserialize)]
pub struct Addition {
    item: String,
}

/// How much the cart and one line of it hold.
const MOST_ITEMS: usize = 100;
const MOST_BYTES: usize = 200;

#[connected(opt)]
pub async fn add(session: Session, Json(Addition { item }): Json<Addition>) -> Result<Response, Error> {
    let item = item.trim();
    if item.is_empty() || item.len() > MOST_BYTES {
        let mistake = format!("`item` is the name of something, in up to {MOST_BYTES} bytes\n");
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, mistake).into_response());
    }
    // Atomic: what two tabs add at the same time is in it twice.
    let added = CART.update(&session, |cart| {
        let fits = cart.items.len() < MOST_ITEMS;
        if fits {
            cart.items.push(item.to_owned());
        }
        fits.then(|| cart.items.clone())
    });
    Ok(match added.await? {
        Some(items) => Json(Cart { items }).into_response(),
        None => (StatusCode::CONFLICT, format!("the cart is full: it holds {MOST_ITEMS} items\n")).into_response(),
    })
}
