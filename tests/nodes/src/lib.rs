//! Starts and kills nodes, and asks them things.

mod client;
mod crowd;
mod process;
mod revoked;

pub use client::{Client, Reply};
pub use crowd::{Crowd, LIMIT};
pub use process::{How, Node, Place};
pub use revoked::Two;
