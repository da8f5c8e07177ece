//! The attribute macros of [os-session], which re-exports and documents them.
//!
//! Every attribute goes the same way: its arguments and its function are read into a model, checked, and expanded.
//! All mistakes of one attribute are reported together, each where it stands. The modules below stand in reading
//! order; each one uses only modules above it.
//!
//! [os-session]: https://docs.rs/os-session

mod spelling;

mod paths;
mod role;
mod types;

mod diagnostics;

mod arguments;
mod values;
mod expression;
mod proof;

mod function;
mod neighbours;

mod expand;
mod group;
mod handler;
mod rule;

mod connected;
mod hook;
mod policy;
mod public;
mod rpc;
mod slot;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

use crate::role::{Event, Role};

fn expand(role: Role, arguments: TokenStream2, item: TokenStream2) -> TokenStream2 {
    match role {
        Role::Connected => connected::expand(arguments, item),
        Role::Public => public::expand(arguments, item),
        Role::Rpc | Role::Wrapper => rpc::expand(role, arguments, item),
        Role::Policy => policy::expand(arguments, item),
        Role::Group => group::expand(item),
        Role::Slot => slot::expand(arguments, item),
        Role::Hook(event) => hook::expand(event, arguments, item),
    }
}

macro_rules! attributes {
    ($($(#[doc = $doc:literal])* $name:ident => $role:expr;)*) => {
        $(
            $(#[doc = $doc])*
            #[proc_macro_attribute]
            pub fn $name(arguments: TokenStream, item: TokenStream) -> TokenStream {
                expand($role, arguments.into(), item.into()).into()
            }
        )*

        /// The table once more, for the test that every role is entered under its own name.
        #[cfg(test)]
        const ENTRY_POINTS: &[(&str, Role)] = &[$((stringify!($name), $role)),*];
    };
}

/// Gives the variants of an enum the names of groups; see `Group` in `os_session`.
#[proc_macro_derive(Group, attributes(group))]
pub fn derive_group(item: TokenStream) -> TokenStream {
    group::expand(item.into()).into()
}

/// Makes a slot known when the program starts; see `slot` in `os_session`.
#[proc_macro_attribute]
pub fn slot(arguments: TokenStream, item: TokenStream) -> TokenStream {
    slot::expand(arguments.into(), item.into()).into()
}

attributes! {
    /// Admits connected users to a handler, by group; see `connected` in `os_session`.
    connected => Role::Connected;

    /// Declares a handler open to all, with the reason; see `public` in `os_session`.
    public => Role::Public;

    /// Guards a function that is called inside a request and takes the user; see `connected_rpc` in `os_session`.
    connected_rpc => Role::Rpc;

    /// Guards a function that is called inside a request; see `connected_wrapper` in `os_session`.
    connected_wrapper => Role::Wrapper;

    /// Makes a function a question that rules may ask; see `policy` in `os_session`.
    policy => Role::Policy;

    /// Runs a function when a process starts, connected or not; see `on_start_process` in `os_session`.
    on_start_process => Role::Hook(Event::StartProcess);

    /// Runs a function when a process starts connected, and at log-in; see `on_start_connected_process` in `os_session`.
    on_start_connected_process => Role::Hook(Event::StartConnectedProcess);

    /// Runs a function when a process starts unconnected; see `on_start_unconnected_process` in `os_session`.
    on_start_unconnected_process => Role::Hook(Event::StartUnconnectedProcess);

    /// Runs a function at every connected request; see `on_connected_request` in `os_session`.
    on_connected_request => Role::Hook(Event::ConnectedRequest);

    /// Runs a function at every unconnected request; see `on_unconnected_request` in `os_session`.
    on_unconnected_request => Role::Hook(Event::UnconnectedRequest);

    /// Runs a function just after a session has opened; see `on_open_session` in `os_session`.
    on_open_session => Role::Hook(Event::OpenSession);

    /// Runs a function just before a session closes; see `on_pre_close_session` in `os_session`.
    on_pre_close_session => Role::Hook(Event::PreCloseSession);

    /// Runs a function once a session has ended; see `on_post_close_session` in `os_session`.
    on_post_close_session => Role::Hook(Event::PostCloseSession);

    /// Runs a function before every request; see `on_request` in `os_session`.
    on_request => Role::Hook(Event::Request);

    /// Runs a function at every denied request; see `on_denied_request` in `os_session`.
    on_denied_request => Role::Hook(Event::DeniedRequest);

    /// Runs a function at a session's first request in a server process; see `on_resume_session` in `os_session`.
    on_resume_session => Role::Hook(Event::ResumeSession);
}
