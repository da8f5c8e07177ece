//! What a client meets over HTTP, on real requests.
//!
//! No hook of this binary runs in every request, so that requests are admitted the short way where there is one; those that
//! have to wait for their store or their groups go the long way.

mod after_log_out;
mod application;
mod batches;
mod bodies;
mod caches;
mod cookies;
mod cookies_made_up;
mod cross_site;
mod deny_fun;
mod failures;
mod forged_lines;
mod groups;
mod lifetimes;
mod limits;
mod log_lines;
mod own_sessions;
mod public_pages;
mod races;
mod refusals;
mod requests_inside_requests;
mod secrets;
mod site;
mod told;
mod truth_table;
mod wants_html;
mod watched;
mod way_back;
mod without_a_session;
