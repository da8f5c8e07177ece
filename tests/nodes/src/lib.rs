//! Starts and kills nodes, and asks them things.

mod client;
mod crowd;
mod process;

pub use client::{Client, Reply};
pub use crowd::{Crowd, LIMIT};
pub use process::{Node, Place};
