//! One setting as an input of a module: its variable, and the expressions that read it.

use super::hcl::quoted;
use crate::contract::Contract;
use crate::key::Key;
use crate::kind::Kind;
use crate::value::list_items;

/// Names that no variable may have: they are arguments of a module's call, or Terraform keeps them back.
const RESERVED: [&str; 9] =
    ["_", "count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"];

/// One setting as an input.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) key: &'a Key,
    contract: &'a Contract,
}

impl<'a> Input<'a> {
    /// Every setting, in the contract's order.
    pub(super) fn all(contract: &'a Contract) -> impl Iterator<Item = Self> {
        contract.keys().iter().map(move |key| Self { key, contract })
    }

    /// The setting that makes this one required.
    pub(super) fn other(&self, name: &str) -> Option<Self> {
        self.contract.key(name).map(|key| Self { key, contract: self.contract })
    }

    /// Every setting of the contract, this one among them.
    pub(super) fn others(&self) -> impl Iterator<Item = Self> {
        Self::all(self.contract)
    }

    /// Name of the variable: that of the setting in lower case, with `_setting` after a reserved word.
    pub(super) fn name(&self) -> String {
        let mut name = self.key.name.to_ascii_lowercase();
        if RESERVED.contains(&name.as_str()) {
            name.push_str("_setting");
            // Another setting may have this name.
            while self.contract.keys().iter().any(|key| key.name.eq_ignore_ascii_case(&name)) {
                name.push('_');
            }
        }
        name
    }

    pub(super) fn variable(&self) -> String {
        format!("var.{}", self.name())
    }

    /// The expression that conditions read: of a concealed setting the sensitive local.
    pub(super) fn subject(&self) -> String {
        if self.is_checked_late() { format!("local.concealed.{}", self.key.name) } else { self.variable() }
    }

    /// Returns true if preconditions check the setting. Terraform masks a refused secret by itself.
    pub(super) fn is_checked_late(&self) -> bool {
        self.key.concealed && !self.key.secret
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.key.kind, Kind::List { .. })
    }

    /// Returns true if the setting may be left out and has no default of its own. The default of a secret is empty, and so is none.
    pub(super) fn may_be_null(&self) -> bool {
        if self.key.default.is_some() { self.key.secret } else { !self.key.required }
    }

    /// A text of the setting as a value of the variable.
    pub(super) fn literal(&self, text: &str) -> String {
        if !self.is_list() {
            return quoted(text);
        }
        let items = list_items(text).unwrap_or_default();
        format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
    }

    /// The expression of the text that the service reads where `value` is the variable or its local: of a list a JSON array, in which
    /// numbers and switches are bare. `null` where the setting is not given.
    pub(super) fn text_of(&self, value: &str) -> String {
        let Kind::List { items, .. } = &self.key.kind else { return value.to_owned() };
        // jsonencode would escape < and >, and a contract knows no such escapes.
        let text = match **items {
            Kind::Integer { .. } | Kind::Number { .. } | Kind::Boolean => "item".to_owned(),
            Kind::Text { .. } | Kind::Choice { .. } | Kind::Duration { .. } | Kind::List { .. } => {
                r#""\"${replace(replace(item, "\\", "\\\\"), "\"", "\\\"")}\"""#.to_owned()
            }
        };
        let guarded = format!(r#"item == null ? "null" : {text}"#);
        let list = format!(r#""[${{join(",", [for item in {value} : {guarded}])}}]""#);
        if self.may_be_null() { format!("{value} == null ? null : {list}") } else { list }
    }

    /// The expression of the effective text that a rule of another setting reads.
    pub(super) fn effective_text(&self) -> String {
        let subject = self.subject();
        match &self.key.default {
            Some(default) if self.key.secret => {
                format!("{subject} == null ? {} : {subject}", quoted(default))
            }
            _ => self.text_of(&subject),
        }
    }
}
