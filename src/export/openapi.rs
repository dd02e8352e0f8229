//! The contract of a profile as an `OpenAPI` 3.1 document.
//!
//! Schemas become components of their own, one for each file and each definition in it, so that generators can name them.

use crate::contract::{Contract, Example, KnownFailure, Operation};
use crate::diagnostic::Diagnostic;
use crate::profile::Profile;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What `OpenAPI` describes in places of their own; parameters of these names would be ignored.
const NOT_PARAMETERS: [&str; 3] = ["authorization", "content-type", "accept"];

/// Makes the document of a profile.
///
/// # Errors
/// Schemas that are missing or not JSON.
pub fn openapi(contract: &Contract, profile: Profile) -> Result<Value, Vec<Diagnostic>> {
    let mut schemas = Schemas { contract, profile, components: BTreeMap::new(), missing: Vec::new() };
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut groups = BTreeSet::new();
    for operation in contract.operations_of(profile) {
        groups.insert(group(operation));
        let item = paths.entry(&operation.file.path).or_default();
        item.insert(operation.file.method.to_lowercase(), self::operation(operation, &mut schemas));
    }
    if !schemas.missing.is_empty() {
        return Err(schemas.missing);
    }
    let title = contract.profiles.get(&profile).map_or(profile.name(), |facts| facts.title.as_str());
    let cloud = profile == Profile::ZillizCloud;
    let server = if cloud {
        json!({
            "url": "https://{endpoint}",
            "variables": {"endpoint": {
                "default": "cluster.region.vectordb.zillizcloud.com",
                "description": "The public endpoint of the cluster.",
            }},
        })
    } else {
        json!({"url": "http://localhost:19530"})
    };
    // Milvus asks for credentials only when it is told to.
    let security = if cloud { json!([{"token": []}]) } else { json!([{"token": []}, {}]) };
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{title}, RESTful API"),
            "version": profile.version().to_string(),
            "description": "Made from the contract of milvus-conformance. An answer tells success from failure by its \
                            `code`; most failures come with the HTTP status 200.",
        },
        "servers": [server],
        "security": security,
        "tags": groups.into_iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token, or `user:password`."},
            },
        },
    }))
}

/// What operations are grouped by: the name without its last part.
fn group(operation: &Operation) -> &str {
    operation.name.rsplit_once('/').map_or(operation.name.as_str(), |(group, _)| group)
}

fn operation(operation: &Operation, schemas: &mut Schemas) -> Value {
    let (contract, profile) = (schemas.contract, schemas.profile);
    let file = &operation.file;
    let request = format!("operations/{}.request.schema.json", operation.name);
    let response = format!("operations/{}.response.schema.json", operation.name);
    let examples: Vec<&Example> = file.examples.iter().filter(|example| example.bounds().hold_for(profile)).collect();
    let known =
        file.errors.iter().filter_map(|id| Some((id.value.as_str(), contract.failures.get(id.value.as_str())?)));
    let failures: Vec<(&str, &KnownFailure)> =
        known.filter(|(_, failure)| failure.codes.get(profile).is_some()).collect();

    let mut made = json!({
        "operationId": operation.name.replace('/', "_"),
        "tags": [group(operation)],
        "summary": file.summary,
        "responses": responses(schemas, &response, &examples, &failures),
    });
    let headers = file.headers.iter().filter(|(name, _)| !NOT_PARAMETERS.contains(&name.to_lowercase().as_str()));
    let mut parameters: Vec<Value> = headers
        .map(|(name, header)| {
            json!({
                "name": name, "in": "header", "required": header.required, "description": header.about,
                "schema": {"type": header.kind},
            })
        })
        .collect();
    if file.method == "GET" {
        parameters.extend(schemas.query(&request));
    } else {
        let mut content = json!({"schema": schemas.reference(&request, "")});
        set_examples(&mut content, &examples, |example| example.request.as_ref());
        made["requestBody"] = json!({"required": true, "content": {"application/json": content}});
    }
    if !parameters.is_empty() {
        made["parameters"] = parameters.into();
    }
    if !failures.is_empty() {
        let told = |(id, failure): &(&str, &KnownFailure)| {
            let message = failure.message.get(profile).map(|pattern| pattern.0.as_str());
            json!({
                "id": id, "meaning": failure.meaning, "codes": failure.codes.get(profile), "message": message,
                "status": failure.status,
            })
        };
        made["x-errors"] = failures.iter().map(told).collect();
    }
    made
}

/// The answers by HTTP status: 200 is either form, all others are failures.
fn responses(
    schemas: &mut Schemas,
    response: &str,
    examples: &[&Example],
    failures: &[(&str, &KnownFailure)],
) -> Map<String, Value> {
    let mut content = json!({"schema": schemas.reference(response, "")});
    set_examples(&mut content, examples, |example| example.response.as_ref());
    let either = json!({
        "description": "A success, or a failure told by its `code`.",
        "content": {"application/json": content},
    });
    let mut responses = Map::from_iter([("200".to_owned(), either)]);
    let others: BTreeSet<u16> = failures
        .iter()
        .flat_map(|(_, failure)| failure.status.iter().copied())
        .filter(|status| *status != 200)
        .collect();
    for status in others {
        let meanings: Vec<&str> = failures
            .iter()
            .filter(|(_, failure)| failure.status.contains(&status))
            .map(|(_, failure)| failure.meaning.as_str())
            .collect();
        let failure = json!({
            "description": meanings.join(" "),
            "content": {"application/json": {"schema": schemas.reference(response, "/$defs/failure")}},
        });
        responses.insert(status.to_string(), failure);
    }
    responses
}

fn set_examples<'e>(content: &mut Value, examples: &[&'e Example], side: impl Fn(&'e Example) -> Option<&'e Value>) {
    let named = examples.iter().enumerate().filter_map(|(index, example)| {
        let mut named = json!({"value": side(example)?});
        if let Some(note) = &example.note {
            named["summary"] = note.as_str().into();
        }
        Some((format!("{}", index + 1), named))
    });
    let named: Map<String, Value> = named.collect();
    if !named.is_empty() {
        content["examples"] = named.into();
    }
}

/// The schemas that are referred to, as components.
struct Schemas<'c> {
    contract: &'c Contract,
    profile: Profile,
    components: BTreeMap<String, Value>,
    missing: Vec<Diagnostic>,
}

impl Schemas<'_> {
    /// A reference to a schema in a file, which becomes a component with all that it refers to.
    fn reference(&mut self, file: &str, pointer: &str) -> Value {
        self.add(file);
        json!({"$ref": reference(file, pointer)})
    }

    fn add(&mut self, file: &str) {
        let name = component(file);
        if self.components.contains_key(&name) {
            return;
        }
        let Some(mut schema) = self.read(file) else { return };
        if let Some(map) = schema.as_object_mut() {
            map.remove("$schema");
            // What is added is there before what it refers to, which may refer back.
            let definitions = map.remove("$defs");
            self.components.insert(name.clone(), Value::Null);
            if let Some(Value::Object(definitions)) = definitions {
                for (definition, mut inner) in definitions {
                    self.rewrite(&mut inner, file);
                    self.components.insert(format!("{name}.{definition}"), inner);
                }
            }
        }
        self.rewrite(&mut schema, file);
        self.components.insert(name, schema);
    }

    fn read(&mut self, file: &str) -> Option<Value> {
        match self.contract.schema(file, self.profile) {
            Ok(Some(schema)) => Some(schema),
            Ok(None) => {
                self.missing.push(self.contract.at_file(file, "this file is missing"));
                None
            }
            Err(problems) => {
                self.missing.extend(problems);
                None
            }
        }
    }

    /// Makes references between files references between components.
    fn rewrite(&mut self, schema: &mut Value, file: &str) {
        match schema {
            Value::Object(map) => {
                for (key, inner) in map {
                    match inner {
                        Value::String(target) if key == "$ref" => {
                            let (path, pointer) = target.split_once('#').unwrap_or((target, ""));
                            let path = if path.is_empty() { file.to_owned() } else { beside(file, path) };
                            let rewritten = reference(&path, pointer);
                            self.add(&path);
                            *target = rewritten;
                        }
                        _ => self.rewrite(inner, file),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rewrite(item, file)),
            _ => {}
        }
    }

    /// The members of a request that goes into the path of a GET.
    fn query(&mut self, file: &str) -> Vec<Value> {
        let Some(mut schema) = self.read(file) else { return Vec::new() };
        self.rewrite(&mut schema, file);
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let parameter = |(name, property): (&String, &Value)| {
            let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
            json!({
                "name": name, "in": "query", "required": required.contains(&name.as_str()),
                "description": description, "schema": property,
            })
        };
        properties.map(parameter).collect()
    }
}

/// The name of the component that a file becomes.
fn component(file: &str) -> String {
    let bare = file.strip_prefix("operations/").unwrap_or(file);
    bare.strip_suffix(".schema.json").unwrap_or(bare).replace('/', ".")
}

/// A reference to a place in a file, by component.
fn reference(file: &str, pointer: &str) -> String {
    let name = component(file);
    match pointer.strip_prefix("/$defs/").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
        Some((definition, "")) => format!("#/components/schemas/{name}.{definition}"),
        Some((definition, inner)) => format!("#/components/schemas/{name}.{definition}/{inner}"),
        None => format!("#/components/schemas/{name}{pointer}"),
    }
}

/// The file behind a path that stands in another file.
fn beside(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Tree;

    fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    match inner {
                        Value::String(target) if key == "$ref" => drop(found.insert(target)),
                        _ => references(inner, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_is_there() {
        let contract = Contract::load(&Tree::embedded()).unwrap();
        for profile in Profile::ALL {
            let document = openapi(&contract, profile).unwrap();
            let mut found = BTreeSet::new();
            references(&document, &mut found);
            assert!(found.len() > 50);
            for reference in found {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some_and(|schema| !schema.is_null()), "{profile}: {reference}");
            }
            for operation in contract.operations_of(profile) {
                let item = &document["paths"][&operation.file.path][operation.file.method.to_lowercase()];
                assert_eq!(item["operationId"], operation.name.replace('/', "_"));
            }
            let text = document.to_string();
            assert!(!text.contains("x-since") && !text.contains("$defs") && !text.contains("schema.json"));
        }
    }

    #[test]
    fn documents_of_other_profiles_have_other_properties() {
        let contract = Contract::load(&Tree::embedded()).unwrap();
        let properties = |profile| {
            let document = openapi(&contract, profile).unwrap();
            let schema = &document["components"]["schemas"]["collections.create.request.schema"];
            assert!(schema.is_null());
            document["components"]["schemas"]["collections.create.request"]["properties"].clone()
        };
        assert_ne!(properties(Profile::Milvus24), properties(Profile::Milvus30));
    }
}
