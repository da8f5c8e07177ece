//! Which hooks there are, and in which order they run.

use std::fmt;
use std::sync::LazyLock;

use crate::declaration::{Place, StateType};
use crate::hook::{EventKind, HookFuture, HookInput};

/// How a hook is run: generated beside it, so that its parameters are typed where they were written.
pub type RunHook = for<'a> fn(&'a HookInput<'a>) -> HookFuture<'a>;

/// A declared hook, as the attribute registers it.
#[derive(Debug)]
pub struct Hook {
    pub(crate) event: EventKind,
    pub(crate) place: Place,
    pub(crate) run: RunHook,
    pub(crate) order: i32,
    pub(crate) state: Option<StateType>,
    pub(crate) needs_parts: bool,
}

impl Hook {
    /// A hook of this event.
    #[must_use]
    pub const fn new(event: EventKind, place: Place, run: RunHook) -> Self {
        Self { event, place, run, order: 0, state: None, needs_parts: false }
    }

    /// `order = …`
    #[must_use]
    pub const fn order(mut self, order: i32) -> Self {
        self.order = order;
        self
    }

    /// `state = …`
    #[must_use]
    pub const fn state(mut self, state: StateType) -> Self {
        self.state = Some(state);
        self
    }

    /// A parameter of it comes from the request's head.
    #[must_use]
    pub const fn needs_parts(mut self, needs: bool) -> Self {
        self.needs_parts = needs;
        self
    }
}

/// The hook as messages name it.
impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#[{}] {}", self.event, self.place)
    }
}

inventory::collect!(Hook);

/// A hook that is linked into this binary.
#[derive(Debug, serde::Serialize, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HookInfo {
    /// The name of the attribute: `on_open_session`.
    pub event: &'static str,
    /// The name of the function.
    pub name: &'static str,
    /// The module that it stands in.
    pub module: &'static str,
    /// The source file.
    pub file: &'static str,
    /// The line of the attribute.
    pub line: u32,
    /// The `order` of the attribute.
    pub order: i32,
}

/// One line: `on_open_session  greet  src/hooks.rs:12`.
impl fmt::Display for HookInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, name, module, file, line, order } = self;
        write!(f, "{event:<30} {module}::{name}  {file}:{line}")?;
        match order {
            0 => Ok(()),
            order => write!(f, "  (order {order})"),
        }
    }
}

/// The hooks that are linked into this binary, event by event, in the order in which they run.
///
/// A hook in a crate that the binary depends on but never names is not linked in: name the crate, `use my_hooks as _;`.
#[must_use]
pub fn hooks() -> Vec<HookInfo> {
    let mut all: Vec<_> = all().iter().collect();
    all.sort_by_key(|hook| hook.event);
    all.into_iter()
        .map(|hook| HookInfo {
            event: hook.event.attribute(),
            name: hook.place.name,
            module: hook.place.module,
            file: hook.place.file,
            line: hook.place.line,
            order: hook.order,
        })
        .collect()
}

/// All hooks in the order in which they run: by `order`, then crate, file and line, which no linker changes.
static HOOKS: LazyLock<Vec<&'static Hook>> = LazyLock::new(|| {
    let mut hooks: Vec<_> = inventory::iter::<Hook>.into_iter().collect();
    hooks.sort_by_key(|hook| {
        let Place { module, file, line, .. } = hook.place;
        let krate = module.split("::").next();
        (hook.order, krate, file, line, hook.event)
    });
    hooks
});

/// For which events there are hooks.
static ANY: LazyLock<[bool; 16]> = LazyLock::new(|| {
    let mut any = [false; 16];
    for hook in HOOKS.iter() {
        any[hook.event as usize] = true;
    }
    any
});

pub(crate) fn all() -> &'static [&'static Hook] {
    &HOOKS
}

/// Whether this binary has a hook for one of these events: most have not, and then nothing is prepared for one.
pub(crate) fn any(events: &[EventKind]) -> bool {
    let any = &*ANY;
    events.iter().any(|event| any[*event as usize])
}
