//! What the attributes make of a function.

use syn::Path;

use crate::paths::Runtime;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Connected,
    Public,
    Rpc,
    Wrapper,
    Policy,
    /// An enum and no function.
    Group,
    /// A static and no function.
    Slot,
    Hook(Event),
}

impl Role {
    /// The attribute that gives this role.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Public => "public",
            Self::Rpc => "connected_rpc",
            Self::Wrapper => "connected_wrapper",
            Self::Policy => "policy",
            Self::Group => "derive(Group)",
            Self::Slot => "slot",
            Self::Hook(event) => event.attribute(),
        }
    }

    /// What messages call a function in this role.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Connected | Self::Public => "handler",
            Self::Rpc | Self::Wrapper => "server function",
            Self::Policy => "policy",
            Self::Group => "enum",
            Self::Slot => "slot",
            Self::Hook(_) => "hook",
        }
    }

    /// The attribute in its shortest complete form.
    pub(crate) fn example(self) -> String {
        match self {
            Self::Public => "#[public(reason = \"…\")]".to_owned(),
            _ => format!("#[{}]", self.attribute()),
        }
    }

    pub(crate) fn is_hook(self) -> bool {
        matches!(self, Self::Hook(_))
    }

    /// The role that an attribute with this path gives, if it is one of ours.
    pub(crate) fn of(path: &Path, runtime: &Runtime) -> Option<Self> {
        let name = &runtime.name_in(path)?.ident;
        Self::all().find(|role| name == role.attribute())
    }

    /// Of attributes on functions.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Self::Connected, Self::Public, Self::Rpc, Self::Wrapper, Self::Policy]
            .into_iter()
            .chain(Event::ALL.iter().copied().map(Self::Hook))
    }
}

macro_rules! events {
    ($($event:ident = $attribute:literal,)*) => {
        /// What a hook waits for, by the names that the runtime gives to its events.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Event {
            $($event,)*
        }

        impl Event {
            const ALL: &[Self] = &[$(Self::$event,)*];

            pub(crate) fn attribute(self) -> &'static str {
                match self {
                    $(Self::$event => $attribute,)*
                }
            }

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$event => stringify!($event),)*
                }
            }
        }
    };
}

events! {
    StartProcess = "on_start_process",
    StartConnectedProcess = "on_start_connected_process",
    StartUnconnectedProcess = "on_start_unconnected_process",
    ConnectedRequest = "on_connected_request",
    UnconnectedRequest = "on_unconnected_request",
    OpenSession = "on_open_session",
    PreCloseSession = "on_pre_close_session",
    PostCloseSession = "on_post_close_session",
    Request = "on_request",
    DeniedRequest = "on_denied_request",
    ResumeSession = "on_resume_session",
}
