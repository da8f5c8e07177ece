//! The client: what pages load so that each tab says which it is, and hears when its connection changes.
//!
//! One stream a browser tells it of changes; the tabs share it. It tells states and no events: whatever was missed, the next state
//! makes up for it.

mod events;
mod module;
mod page;
mod routes;
