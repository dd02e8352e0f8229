//! How the schema of a collection may change after it was made: fields, their parameters, functions.

use super::super::failure::{self, Failure};
use super::super::row::Cell;
use super::super::{flag, go_text};
use super::{CAPACITIES, DYNAMIC_FIELD, DataType, Field, Function, LENGTHS, MOST_FIELDS, Schema};
use crate::profile::Version;
use crate::reference::json::Node;

/// The parameters of a field that may be altered, with the first version that lets them.
const ALTERABLE: [(&str, Version); 6] = [
    ("max_length", Version(2, 5)),
    ("max_capacity", Version(2, 5)),
    ("mmap.enabled", Version(2, 5)),
    ("mmap_enabled", Version(2, 5)),
    ("description", Version(2, 6)),
    ("warmup", Version(2, 6)),
];

/// Whether the parameter moves data between memory and disk, which a loaded collection does not let happen.
pub(in crate::reference::model) fn moves_data(key: &str) -> bool {
    matches!(key, "mmap.enabled" | "mmap_enabled")
}

impl Schema {
    /// Adds the field that a request spells out and gives what the rows there hold in it.
    pub(in crate::reference::model) fn add_field(
        &mut self,
        node: &Node<'_>,
        collection: &str,
        version: Version,
    ) -> Result<Cell, Failure> {
        let mut field = super::field(node, version)?;
        self.check_addition(&field, flag(node, "autoID"), collection, version)?;
        field.id = self.last_field_id() + 1;
        let value = field.default.clone().unwrap_or(Cell::Null);
        self.fields.push(field);
        Ok(value)
    }

    fn check_addition(&self, field: &Field, auto_id: bool, collection: &str, version: Version) -> Result<(), Failure> {
        let name = &field.name;
        let refuse = |text: String| Err(failure::invalid(text));
        if self.fields.len() >= MOST_FIELDS {
            return refuse(format!("The number of fields has reached the maximum value {MOST_FIELDS}"));
        }
        if matches!(name.as_str(), "RowID" | "Timestamp" | DYNAMIC_FIELD) {
            return refuse(format!("not support to add system field, field name = {name}"));
        }
        if field.primary {
            return refuse(format!("not support to add pk field, field name = {name}"));
        }
        if !field.nullable {
            return refuse(format!("added field must be nullable, please check it, field name = {name}"));
        }
        if auto_id {
            return refuse(format!("only primary field can speficy AutoID with true, field name = {name}"));
        }
        if field.spread.partition_key {
            return refuse(format!("not support to add partition key field, field name  = {name}"));
        }
        super::names::check_field(name, version)?;
        super::check_default(field)?;
        super::check_params(field, collection, version)?;
        if self.field(name).is_some() {
            let stem = if version < Version(3, 0) { "duplicate field name:" } else { "duplicated field name" };
            return refuse(format!("{stem} {name}"));
        }
        Ok(())
    }

    /// Refuses parameters that a field cannot have or that may not be altered.
    pub(in crate::reference::model) fn check_alteration(
        &self,
        name: &str,
        params: &[(String, String)],
        version: Version,
    ) -> Result<(), Failure> {
        let field = self.field(name);
        for (key, value) in params {
            if !ALTERABLE.iter().any(|(known, since)| known == key && *since <= version) {
                return Err(failure::invalid(format!("{key} does not allow update in collection field param")));
            }
            let number = || value.parse::<i64>().map_err(|_| failure::invalid(format!("{key} should be an integer")));
            match (key.as_str(), field) {
                ("max_length", Some(field)) if !holds_text(field) => {
                    return Err(failure::invalid(format!("{name} can not modify the maxlength for non-string types")));
                }
                ("max_length", Some(_)) if !LENGTHS.contains(&number()?) => {
                    let text = format!("{value} exceeds the maximum allowed value {}", LENGTHS.end());
                    return Err(failure::invalid(text));
                }
                ("max_capacity", Some(field)) if field.data_type != DataType::Array => {
                    let text = format!("{name} can not modify the maxcapacity for non-array types");
                    return Err(failure::invalid(text));
                }
                ("max_capacity", Some(_)) if !CAPACITIES.contains(&number()?) => {
                    let text =
                        format!("the maximum capacity specified for a Array should be in (0, {}]", CAPACITIES.end());
                    return Err(failure::invalid(text));
                }
                _ => {}
            }
        }
        if field.is_some() {
            return Ok(());
        }
        Err(failure::invalid(format!("field {name} does not exist in collection")))
    }

    /// Gives a field these parameters, in place of those of the same names.
    pub(in crate::reference::model) fn alter_field(&mut self, name: &str, params: Vec<(String, String)>) {
        let Some(field) = self.fields.iter_mut().find(|field| field.name == name) else { return };
        for (key, value) in params {
            field.params.retain(|(known, _)| *known != key);
            field.params.push((key, value));
        }
    }

    /// Adds the function that a request spells out; it fills fields that are there.
    pub(in crate::reference::model) fn add_function(
        &mut self,
        node: &Node<'_>,
        version: Version,
    ) -> Result<(), Failure> {
        let function = Function::read(node, version)?;
        if self.functions.iter().any(|known| known.name == function.name) {
            return Err(failure::invalid(format!("duplicate function name: {}", function.name)));
        }
        self.check_function(&function)?;
        self.functions.push(function);
        self.mark_outputs();
        Ok(())
    }

    /// Puts another function in the place of the named one.
    pub(in crate::reference::model) fn alter_function(
        &mut self,
        name: &str,
        node: &Node<'_>,
        version: Version,
    ) -> Result<(), Failure> {
        let function = Function::read(node, version)?;
        let missing = || failure::invalid(format!("function {name} not exists"));
        let position = self.functions.iter().position(|known| known.name == name).ok_or_else(missing)?;
        if function.name != name {
            return Err(failure::invalid(format!(
                "invalid function config, name not match: {name}, {}",
                function.name
            )));
        }
        self.check_function(&function)?;
        self.functions[position] = function;
        self.mark_outputs();
        Ok(())
    }

    /// Takes away a function; there may be none of that name.
    pub(in crate::reference::model) fn drop_function(&mut self, name: &str, version: Version) -> Result<(), Failure> {
        let keyword = self.functions.iter().find(|known| known.name == name);
        if keyword.is_some_and(|function| function.kind == "BM25") {
            return Err(failure::unclassified(version, "currently does not support droping BM25 function"));
        }
        self.functions.retain(|known| known.name != name);
        self.mark_outputs();
        Ok(())
    }

    fn check_function(&self, function: &Function) -> Result<(), Failure> {
        for (names, what) in [(&function.inputs, "input"), (&function.outputs, "output")] {
            if let Some(missing) = names.iter().find(|name| self.field(name).is_none()) {
                return Err(failure::invalid(format!("function {what} field not found: {missing}")));
            }
        }
        if function.params.iter().any(|(key, _)| key == "provider") {
            return Ok(());
        }
        Err(failure::invalid("the text embedding service provider parameter:[provider] is missing"))
    }

    fn mark_outputs(&mut self) {
        for field in &mut self.fields {
            field.function_output = self.functions.iter().any(|function| function.outputs.contains(&field.name));
        }
    }
}

/// The parameters of a request as they are stored.
pub(in crate::reference::model) fn field_params(node: Option<&Node<'_>>) -> Vec<(String, String)> {
    let entries = node.map_or(&[][..], Node::entries);
    entries.iter().map(|(key, value)| (key.clone().into_owned(), go_text(value))).collect()
}

fn holds_text(field: &Field) -> bool {
    field.data_type.is_text() || field.element == Some(DataType::VarChar)
}
