//! The version of a store's tables.

/// What a look at the tables of a store found, without a change to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaState {
    /// The version that is there; 0 if there is none.
    pub found: u32,
    /// The version that this release makes of it.
    pub known: u32,
    /// The oldest version whose release can use what is there.
    pub compatible_from: u32,
}

impl SchemaState {
    /// Whether a store that is opened here would change the tables first.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.found < self.known
    }

    /// Whether this release can use them, once they are up to date: a newer one may have changed them too far.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.found <= self.known || self.compatible_from <= self.known
    }
}
