//! Drives the examples from outside, as its users do: [`Curl`] keeps cookies in a jar, [`Browser`] is a real one.
//!
//! Nothing here sleeps: what a test waits for is a line that a child process prints, or a condition of a page.

mod balancer;
mod browser;
mod cluster;
mod curl;
mod example;
mod postgres;
mod process;

pub use balancer::balance;
pub use browser::{Browser, Tab};
pub use cluster::{Cluster, Mode, Place, own_redis};
pub use curl::{Curl, Reply};
pub use example::Example;
pub use postgres::PostgresExample;
