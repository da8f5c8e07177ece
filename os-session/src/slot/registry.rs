//! The slots that are known when the program starts.

use std::fmt::Debug;

use crate::declaration::Place;
use crate::scope::{Kind, Scope};
use crate::slot::{Keeping, Slot};

/// A [`Slot`] without its types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a slot",
    label = "on a static that is no `Slot`",
    note = "write `static CART: Slot<Cart, scope::UserIndepSession> = Slot::persistent(\"cart\");`"
)]
pub trait AnySlot: Debug + Sync {
    /// Its name, and its scope; `None` if it is volatile.
    fn kept_as(&self) -> Option<(&'static str, Kind)>;
}

impl<T, S> AnySlot for Slot<T, S>
where
    S: Scope,
{
    fn kept_as(&self) -> Option<(&'static str, Kind)> {
        match self.kind {
            Keeping::Persistent { .. } => Some((self.name, S::KIND)),
            Keeping::Volatile { .. } => None,
        }
    }
}

/// A slot under `#[slot]`, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct RegisteredSlot {
    /// The slot.
    pub slot: &'static dyn AnySlot,
    /// Where it was declared.
    pub place: Place,
}

inventory::collect!(RegisteredSlot);

/// Slots that share what they hold with another, each pair once.
pub(crate) fn duplicates() -> Vec<String> {
    let mut kept: Vec<_> = inventory::iter::<RegisteredSlot>
        .into_iter()
        .filter_map(|slot| Some((slot.slot.kept_as()?, slot.place.to_string())))
        .collect();
    kept.sort_by(|one, other| one.1.cmp(&other.1));
    let mut lines = Vec::new();
    for (index, (kept_as, place)) in kept.iter().enumerate() {
        if let Some((_, earlier)) = kept[..index].iter().find(|(earlier, _)| earlier == kept_as) {
            let (name, scope) = kept_as;
            lines.push(format!(
                "the slots {earlier} and {place} are both called `{name}` in `scope::{scope:?}`; give one of them another name"
            ));
        }
    }
    lines
}

/// Where volatile slots are declared.
pub(crate) fn volatile() -> Vec<String> {
    let slots = inventory::iter::<RegisteredSlot>.into_iter();
    let mut places: Vec<_> =
        slots.filter(|slot| slot.slot.kept_as().is_none()).map(|slot| slot.place.to_string()).collect();
    places.sort();
    places
}
