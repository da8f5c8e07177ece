//! The command as its users run it, against real stores.

mod checking;
mod copying;
mod filled;
mod managing;
mod mistakes;
mod run;
