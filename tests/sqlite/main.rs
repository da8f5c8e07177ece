//! Sessions in a file: what lasts, who owns it, and what else may be in it.

mod lasts;
mod neighbours;
mod opening;
mod rows;
mod site;
mod slots;
