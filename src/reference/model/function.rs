//! Functions that fill one field from others, and the rules that they keep.

use super::failure::{self, Failure};
use super::schema::{DataType, Field};
use super::{text, texts};
use crate::profile::Version;
use crate::reference::json::Node;
use serde_json::{Value, json};

/// A function of a schema; 2.4 has none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    description: String,
    pub(super) kind: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) params: Vec<(String, String)>,
}

impl Function {
    /// Reads a function as a request spells it out. A type may be known and still not be one for schemas.
    pub(super) fn read(node: &Node<'_>, version: Version) -> Result<Self, Failure> {
        let kind = text(node, "type");
        let known = match kind {
            "BM25" | "TextEmbedding" | "Unknown" => true,
            "Rerank" => version >= Version(2, 6),
            "MinHash" => version >= Version(3, 0),
            _ => false,
        };
        if !known {
            if version < Version(2, 6) {
                let text = "function data type is invalid(case sensitive): ";
                return Err(failure::mismatched(text, "FunctionType", kind));
            }
            return Err(failure::invalid(format!("Unsupported function type: {kind}")));
        }
        let owned = |key| texts(node, key).into_iter().map(str::to_owned).collect();
        let params = node.get("params").map_or(&[][..], Node::entries).iter();
        Ok(Self {
            name: text(node, "name").to_owned(),
            description: text(node, "description").to_owned(),
            kind: kind.to_owned(),
            inputs: owned("inputFieldNames"),
            outputs: owned("outputFieldNames"),
            params: params.map(|(key, value)| (key.clone().into_owned(), super::go_text(value))).collect(),
        })
    }

    pub(super) fn describe(&self, id: i64) -> Value {
        let params: Vec<Value> = self.params.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        let number = if self.kind == "TextEmbedding" { 2 } else { 1 };
        json!({
            "description": self.description,
            "id": id,
            "inputFieldNames": self.inputs,
            "name": self.name,
            "outputFieldNames": self.outputs,
            "params": if params.is_empty() { Value::Null } else { params.into() },
            "type": number,
        })
    }

    fn check_itself(&self, version: Version) -> Result<(), Failure> {
        let name = &self.name;
        let missing = |text: String| Err(failure::unclassified_missing(version, text));
        let refuse = |text: String| Err(failure::unclassified(version, text));
        if name.is_empty() {
            return missing("function name cannot be empty".to_owned());
        }
        for (fields, side) in [(&self.inputs, "input"), (&self.outputs, "output")] {
            if fields.is_empty() {
                return missing(format!("function {side} field names cannot be empty, function: {name}"));
            }
            if let Some(twice) = fields.iter().enumerate().find(|(at, field)| fields[..*at].contains(field)) {
                let rule = format!("each function {side} field should be used exactly once in the same function");
                return refuse(format!("{rule}, function: {name}, {side} field: {}", twice.1));
            }
        }
        if let Some(both) = self.inputs.iter().find(|input| self.outputs.contains(input)) {
            let rule = "a single field cannot be both input and output in the same function";
            return refuse(format!("{rule}, function: {name}, field: {both}"));
        }
        match self.kind.as_str() {
            "BM25" if !self.params.is_empty() => refuse("BM25 function accepts no params".to_owned()),
            "TextEmbedding" if version >= Version(2, 6) && self.params.is_empty() => {
                refuse("TextEmbedding function accepts no params".to_owned())
            }
            "TextEmbedding" if version >= Version(2, 6) => self.check_provider(version),
            "BM25" | "MinHash" => Ok(()),
            _ => refuse("check function params with unknown function type".to_owned()),
        }
    }

    fn check_provider(&self, version: Version) -> Result<(), Failure> {
        const PROVIDERS: [&str; 10] = [
            "openai",
            "azure_openai",
            "dashscope",
            "bedrock",
            "vertexai",
            "voyageai",
            "cohere",
            "siliconflow",
            "tei",
            "zilliz",
        ];
        match self.params.iter().find(|(key, _)| key == "provider") {
            Some((_, provider)) if !PROVIDERS.contains(&provider.as_str()) => {
                let known = PROVIDERS.join(", ");
                let text =
                    format!("unsupported text embedding service provider: [{provider}] , list of supported [{known}]");
                Err(failure::unclassified(version, text))
            }
            _ => Ok(()),
        }
    }

    fn check_inputs(&self, fields: &[&Field], version: Version) -> Result<(), Failure> {
        if self.kind != "BM25" {
            return Ok(());
        }
        if fields.len() != 1 || !fields[0].data_type.is_text() {
            let wanted = if version < Version(2, 6) { "VARCHAR" } else { "VARCHAR/TEXT" };
            let (count, first) = (fields.len(), fields[0].data_type.name());
            let text =
                format!("BM25 function input field must be a {wanted} field, got {count} field with type {first}");
            return Err(failure::unclassified(version, text));
        }
        if fields[0].param("enable_analyzer") != Some("true") {
            let text = "BM25 function input field must set enable_analyzer to true";
            return Err(failure::unclassified(version, text));
        }
        Ok(())
    }

    fn check_outputs(&self, fields: &[&Field], version: Version) -> Result<(), Failure> {
        let text = match (self.kind.as_str(), fields) {
            ("BM25", [field]) if field.data_type != DataType::SparseFloatVector => {
                let name = field.data_type.name();
                format!("BM25 function output field must be a SparseFloatVector field, but got {name}")
            }
            ("BM25", fields) if fields.len() != 1 => {
                format!("BM25 function only need 1 output field, but got {}", fields.len())
            }
            _ => return Ok(()),
        };
        Err(failure::unclassified(version, text))
    }
}

/// Checks all functions of a schema.
pub(super) fn check(functions: &[Function], fields: &[Field], version: Version) -> Result<(), Failure> {
    let refuse = |text: String| Err(failure::unclassified(version, text));
    let found = |names: &[String], side: &str| {
        let field = |name: &String| {
            fields
                .iter()
                .find(|field| field.name == *name)
                .ok_or_else(|| failure::unclassified(version, format!("function {side} field not found: {name}")))
        };
        names.iter().map(field).collect::<Result<Vec<_>, _>>()
    };
    for (at, function) in functions.iter().enumerate() {
        let name = &function.name;
        function.check_itself(version)?;
        if functions[..at].iter().any(|earlier| earlier.name == *name) {
            return refuse(format!("duplicate function name: {name}"));
        }
        let inputs = found(&function.inputs, "input")?;
        if let Some(input) = inputs.iter().find(|input| input.nullable && version < Version(2, 6)) {
            return refuse(format!("function input field cannot be nullable: function {name}, field {}", input.name));
        }
        function.check_inputs(&inputs, version)?;
        let outputs = found(&function.outputs, "output")?;
        for output in &outputs {
            let (field, whose) = (&output.name, format!("function {name}, field {}", output.name));
            if output.primary {
                return refuse(format!("function output field cannot be primary key: {whose}"));
            }
            if output.nullable {
                return refuse(format!("function output field cannot be nullable: {whose}"));
            }
            if functions[..at].iter().any(|earlier| earlier.outputs.contains(field)) {
                return refuse(format!("duplicate function output field: {whose}"));
            }
        }
        function.check_outputs(&outputs, version)?;
    }
    Ok(())
}

/// Matching texts needs them taken apart.
pub(super) fn check_match(field: &Field, version: Version) -> Result<(), Failure> {
    let is_true = |key: &str| field.param(key) == Some("true");
    if !field.data_type.is_text() || !is_true("enable_match") || is_true("enable_analyzer") || version < Version(2, 5) {
        return Ok(());
    }
    let name = &field.name;
    let text = if version < Version(2, 6) {
        format!("field {name} is set to enable match or bm25 function but not enable analyzer")
    } else {
        format!("field {name} which has enable_match or is input of BM25 function must also enable_analyzer")
    };
    Err(failure::unclassified(version, text))
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::super::testing::{data, refused};
    use super::*;
    use crate::profile::Profile;

    fn body(function: &Value) -> Value {
        let fields = json!([
            {"fieldName": "id", "dataType": "Int64", "isPrimary": true},
            {"fieldName": "t", "dataType": "VarChar", "elementTypeParams": {"max_length": 9, "enable_analyzer": true}},
            {"fieldName": "plain", "dataType": "VarChar", "elementTypeParams": {"max_length": 9}},
            {"fieldName": "sp", "dataType": "SparseFloatVector"},
        ]);
        json!({"collectionName": "c", "schema": {"fields": fields, "functions": [function]}})
    }

    #[test]
    fn functions_are_checked_in_the_measured_words() {
        let good = json!({"name": "f", "type": "BM25", "inputFieldNames": ["t"], "outputFieldNames": ["sp"]});
        data(&mut Model::new(Profile::Milvus26, None), "collections/create", &body(&good));
        let cases = [
            ("name", json!(""), "function name cannot be empty"),
            ("type", json!("Unknown"), "check function params with unknown function type"),
            ("inputFieldNames", json!([]), "function input field names cannot be empty, function: f"),
            ("inputFieldNames", json!(["no"]), "function input field not found: no"),
            ("inputFieldNames", json!(["plain"]), "BM25 function input field must set enable_analyzer to true"),
            (
                "inputFieldNames",
                json!(["id"]),
                "BM25 function input field must be a VARCHAR/TEXT field, got 1 field with type Int64",
            ),
            ("outputFieldNames", json!(["id"]), "function output field cannot be primary key: function f, field id"),
            ("params", json!({"k": 1}), "BM25 function accepts no params"),
        ];
        for (key, value, text) in cases {
            let mut bad = good.clone();
            bad[key] = value;
            let refusal = refused(&mut Model::new(Profile::Milvus26, None), "collections/create", &body(&bad));
            assert_eq!(refusal, (65535, text.to_owned()));
        }
        let mut nameless = good.clone();
        nameless["name"] = json!("");
        assert_eq!(refused(&mut Model::new(Profile::Milvus30, None), "collections/create", &body(&nameless)).0, 1101);
    }
}
