//! The table as JSON, in the shape that [`AccessTable`] documents.

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::access::{AccessRow, AccessTable, HandlerKind, What};
use crate::declaration::{Connection, Declaration, Kind, Place};
use crate::expression::Expression;

/// Goes up when a reader of the former shape would go wrong.
const VERSION: u32 = 1;

impl AccessTable {
    /// The table as JSON, on many lines.
    ///
    /// # Panics
    ///
    /// Never: every part of it is JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("text, numbers and lists are JSON")
    }
}

impl Serialize for AccessTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_struct("AccessTable", 2)?;
        table.serialize_field("version", &VERSION)?;
        table.serialize_field("rows", &self.rows)?;
        table.end()
    }
}

impl Serialize for AccessRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let methods: Vec<_> = self.methods.iter().flat_map(|methods| methods.split(',')).collect();
        let (rule, reason, place) = match self.what {
            What::Open(reason) => (None, Some(reason), None),
            What::Declared(declaration) => match declaration.kind() {
                Kind::Public { reason } => (None, Some(reason), Some(declaration.place())),
                _ => (Some(declaration), None, Some(declaration.place())),
            },
        };
        let mut row = serializer.serialize_struct("AccessRow", 7)?;
        row.serialize_field("path", &self.path)?;
        row.serialize_field("methods", &methods)?;
        row.serialize_field("kind", &self.kind)?;
        row.serialize_field("rule", &rule)?;
        row.serialize_field("reason", &reason)?;
        row.serialize_field("handler", &place)?;
        row.serialize_field("depends_on", &self.depends_on)?;
        row.end()
    }
}

impl Serialize for HandlerKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Page => "page",
            Self::Public => "public",
            Self::Open => "open",
            Self::Rpc => "rpc",
            Self::Wrapper => "wrapper",
        })
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { name, module, file, line } = self;
        let mut place = serializer.serialize_struct("Place", 4)?;
        place.serialize_field("name", name)?;
        place.serialize_field("module", module)?;
        place.serialize_field("file", file)?;
        place.serialize_field("line", line)?;
        place.end()
    }
}

impl Serialize for Declaration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let connection = match self.connection() {
            Connection::Required => "required",
            Connection::Optional => "optional",
            Connection::Ignored => "ignored",
        };
        let mut rule = serializer.serialize_struct("Rule", 6)?;
        rule.serialize_field("text", &self.to_string())?;
        rule.serialize_field("connection", connection)?;
        rule.serialize_field("allow", &self.allowed())?;
        rule.serialize_field("deny", &self.denied())?;
        rule.serialize_field("fresh", &self.fresh_within().map(|fresh| fresh.as_secs()))?;
        rule.serialize_field("cross_site", &self.cross_site_reason())?;
        rule.end()
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut node = serializer.serialize_map(Some(1))?;
        match self {
            Self::Group(group) => node.serialize_entry("group", group.name()),
            Self::Policy(name, _) => node.serialize_entry("policy", name),
            Self::Not(inner) => node.serialize_entry("not", inner),
            Self::All(parts) => node.serialize_entry("all", parts),
            Self::Any(parts) => node.serialize_entry("any", parts),
        }?;
        node.end()
    }
}
