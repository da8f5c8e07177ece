//! What several tests need. It registers no hook and declares no handler: those would be in every test's binary.

pub mod cluster;
pub mod log;
pub mod numbered;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod store;
pub mod trace;
