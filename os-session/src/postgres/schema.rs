//! The schema that everything lives in, and the statements once its name is in them.

use crate::store::StoreError;

/// The name of a schema that can stand in a statement, and in the body of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema(String);

impl Schema {
    /// Letters, digits and underscores: what has to be quoted further in is refused here.
    pub(super) fn new(name: &str) -> Result<Self, StoreError> {
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        let others = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // PostgreSQL would cut a longer name off, and keeps names with this prefix for itself.
        if first && others && name.len() <= 63 && !name.starts_with("pg_") {
            return Ok(Self(name.to_owned()));
        }
        Err(StoreError::new(format!(
            "`{name}` cannot name the schema: up to 63 letters, digits and underscores, no digit first, and not `pg_…`"
        )))
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// The statement, or script, with this schema in it.
    pub(super) fn fill(&self, template: &str) -> String {
        template.replace("{schema}", &format!("\"{}\"", self.0)).replace("{name}", &self.0)
    }
}

macro_rules! statements {
    ($($name:ident,)*) => {
        /// The text of every statement that the store sends once it has begun.
        #[derive(Debug)]
        pub(super) struct Statements {
            $(pub(super) $name: String,)*
        }

        impl Statements {
            pub(super) fn new(schema: &Schema) -> Self {
                Self { $($name: schema.fill(include_str!(concat!("sql/", stringify!($name), ".sql"))),)* }
            }

            pub(super) fn all(&self) -> impl Iterator<Item = &str> {
                [$(self.$name.as_str()),*].into_iter()
            }
        }
    };
}

statements! {
    find,
    insert,
    touch,
    rotate,
    close,
    close_handle,
    close_all,
    close_some,
    list,
    purge,
    create_group,
    all_groups,
    add_to_group,
    remove_from_group,
    in_group,
    slot_of_session,
    slot_of_user,
    slot_of_browser,
    write_slot,
    rotate_browser,
    touch_browser,
    forget_browser,
    publish,
    join_leases,
    renew_lease,
    leave_leases,
    nodes_behind,
    remove_node,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_has_a_plain_name() {
        for name in ["os_session", "_a", "Upper", &"a".repeat(63)] {
            assert!(Schema::new(name).is_ok(), "{name}");
        }
        for name in ["", "1a", "a b", "a\"b", "a.b", "a'b", "a$b", "ä", "a\0", "pg_a", &"a".repeat(64)] {
            assert!(Schema::new(name).is_err(), "{name}");
        }
    }

    #[test]
    fn every_placeholder_is_filled() {
        let schema = Schema::new("Mine").unwrap();
        for statement in Statements::new(&schema).all() {
            assert!(!statement.contains(['{', '}']) && statement.contains("\"Mine\"."), "{statement}");
        }
    }
}
