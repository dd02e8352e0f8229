//! Search by vector: brute force, ranking, paging.

pub(super) mod hybrid;
mod metric;
mod params;
mod query;
mod rank;
mod rerank;
mod text;
mod vector;

use super::collection::Collection;
use super::entity::{self, Output};
use super::failure::{self, Failure, Read};
use super::filter::Filter;
use super::row::{self, Cell, Row};
use super::schema::{DYNAMIC_FIELD, DataType, Field, Schema};
use super::{Answer, Arguments, Outcome};
use crate::profile::Version;
use crate::reference::json::{Node, Value as Json};
use crate::reference::render;
use metric::Metric;
use params::Params;
use rank::{Candidates, Groups, Hit, Ranking};
use rerank::Part;
use serde_json::Value;
use vector::Vector;

/// The most query vectors of one search.
const MOST_QUERIES: usize = 16_384;

/// The most hits of one group.
const LARGEST_GROUP: i64 = 10;

/// Carries a search out.
pub(super) fn run(collection: &mut Collection, arguments: &Arguments<'_>, version: Version) -> Outcome {
    let data = arguments.body.get("data");
    let nothing = data.is_none_or(|data| data.items().is_empty());
    let ids = arguments.body.get("ids").filter(|ids| !ids.items().is_empty());
    if nothing && ids.is_none() && version >= Version(2, 6) {
        return Err(failure::nothing_to_search());
    }
    if let (Some(_), false) = (ids, nothing) {
        let text = "primary keys (ids) and query vectors (data) are mutually exclusive. Please provide either 'ids' or \
                    'data', not both";
        return Err(failure::plain_invalid(text));
    }
    let asked = arguments.text("annsField");
    if ids.is_some() && asked.is_empty() && collection.schema.vectors().count() > 1 {
        let text = "multiple vector fields exist, please specify anns_field in search_params: ";
        return Err(failure::mismatched(text, "valid anns_field in search_params", "missing"));
    }
    let mut field = vector_field(collection, asked, version)?.clone();
    let mut vectors = data.map(|data| query::vectors(data, &field, version)).transpose()?.unwrap_or_default();
    let keys = ids.map(|ids| keys(ids, &collection.schema, version)).transpose()?;
    check_partitions(collection, arguments, version)?;
    let fields = check_outputs(arguments, &collection.schema, version)?;
    let groups = grouping(collection, arguments, rank::groups_by, version)?;
    let params = Params::read(arguments.body.get("searchParams"), version)?;
    if groups.is_some() && params.range.radius.is_some() {
        return Err(failure::mismatched("Not allowed to do range-search when doing search-group-by: ", "", ""));
    }
    if let Some(other) = &params.field {
        field = vector_field(collection, other, version)?.clone();
    }
    if groups.is_some() && field.data_type == DataType::BinaryVector {
        let text = "not support search_group_by operation based on binary vector column";
        return Err(failure::unclassified(version, text));
    }
    let window = params.window(arguments.int("limit"), arguments.int("offset"), version)?;
    if keys.is_none() {
        check_count(vectors.len(), version)?;
    }
    let filter = checked_filter(collection, &arguments.body, version)?;
    let score = arguments.body.get("functionScore");
    let reranker = rerank::of_function_score(score, 1, &collection.schema, version)?;
    collection.check_readable(Read::Search)?;
    entity::check_loaded(collection, arguments, Read::Search, version)?;
    let collection: &Collection = collection;
    let schema = &collection.schema;
    let metric_name = metric_name(collection, &field);
    if let Some(asked) = params.metric.as_deref().filter(|asked| *asked != metric_name) {
        return Err(failure::metric_mismatch(version, metric_name, asked));
    }
    let metric = metric_of(collection, &field, version)?;
    params.range.check(metric, version)?;
    if let Some(keys) = keys {
        vectors = stored_vectors(collection, &keys, &field)?;
    }
    let rows = rows(collection, arguments, params.only_sealed);
    let candidates = Candidates::new(&rows, &field, schema, |row| filter.matches(row));
    let ranking = Ranking { schema, metric, range: params.range, groups };
    let mut found = Found::default();
    for vector in &vectors {
        let mut hits = ranking.best(&candidates, vector, window);
        if let Some(reranker) = &reranker {
            hits = reranker.fuse(&[Part { metric, hits, ranks_before: 0 }], schema).hits;
        }
        if groups.is_none() {
            hits = window.of(hits);
        }
        if let Some(decimals) = params.decimals {
            hits.iter_mut().for_each(|hit| hit.distance = rounded(hit.distance, decimals));
        }
        found.add(hits);
    }
    if version >= Version(2, 6) && found.hits.iter().any(|hit| !hit.distance.is_finite()) {
        return Err(failure::unwritable_distance());
    }
    // Before 2.6 an infinite distance is no hit.
    found.leave_out(|hit| !hit.distance.is_finite());
    Ok(answer(found, &fields, collection, arguments, version))
}

/// The hits of all query vectors in one list, and how many each of them has.
#[derive(Default)]
struct Found<'r> {
    hits: Vec<Hit<'r>>,
    counts: Vec<usize>,
}

impl<'r> Found<'r> {
    fn add(&mut self, hits: Vec<Hit<'r>>) {
        self.counts.push(hits.len());
        self.hits.extend(hits);
    }

    fn leave_out(&mut self, unwanted: impl Fn(&Hit<'r>) -> bool) {
        let mut hits = std::mem::take(&mut self.hits).into_iter();
        for count in std::mem::take(&mut self.counts) {
            self.add(hits.by_ref().take(count).filter(|hit| !unwanted(hit)).collect());
        }
    }
}

fn answer(
    found: Found<'_>,
    fields: &Output,
    collection: &Collection,
    arguments: &Arguments<'_>,
    version: Version,
) -> Answer {
    let hits: Vec<Value> = found.hits.iter().map(|hit| shown(fields, hit, collection, arguments, version)).collect();
    let any = !hits.is_empty();
    let answer = Answer::data(hits.into()).with("cost", 0);
    if any { answer.with("topks", found.counts) } else { answer }
}

/// Versions before 2.6 show the key of every hit as `id`, whatever its field is called.
fn shown(
    fields: &Output,
    hit: &Hit<'_>,
    collection: &Collection,
    arguments: &Arguments<'_>,
    version: Version,
) -> Value {
    let schema = &collection.schema;
    let mut shown = fields.row(hit.row, schema, arguments.ids_as_text);
    let key = if version < Version(2, 6) { "id" } else { &schema.primary().name };
    shown.insert(key.to_owned(), hit.row.key(schema).to_output(arguments.ids_as_text));
    shown.insert("distance".to_owned(), render::single(hit.distance));
    shown.into()
}

fn rounded(distance: f32, decimals: i32) -> f32 {
    let factor = 10_f32.powi(decimals);
    (distance * factor).round() / factor
}

/// The vector field of this name; the only one there is may be left out.
fn vector_field<'c>(collection: &'c Collection, asked: &str, version: Version) -> Result<&'c Field, Failure> {
    let mut vectors = collection.schema.vectors();
    if !asked.is_empty() {
        return vectors.find(|field| field.name == asked).ok_or_else(|| failure::vector_field_unknown(version, asked));
    }
    if let (Some(only), None) = (vectors.next(), vectors.next()) {
        return Ok(only);
    }
    let names: Vec<&str> = collection.schema.vectors().map(|field| field.name.as_str()).take(2).collect();
    let ending = if version < Version(3, 0) { "" } else { ": invalid parameter" };
    let text = "error: search without annsField, but already found multiple vector fields";
    Err(failure::bad_json(&format!("{text}: [{},,,]{ending}", names.join(", "))))
}

fn check_count(queries: usize, version: Version) -> Result<(), Failure> {
    if (1..=MOST_QUERIES).contains(&queries) {
        return Ok(());
    }
    let rule = format!("nq (number of search vector per search request) should be in range [1, {MOST_QUERIES}]");
    Err(failure::search_range(version, &format!("nq [{queries}] is invalid, {rule}, but got {queries}")))
}

fn check_partitions(collection: &Collection, arguments: &Arguments<'_>, version: Version) -> Result<(), Failure> {
    let names = arguments.texts("partitionNames");
    if names.contains(&"") {
        let text = "Invalid partition name: . Partition name should not be empty.";
        return Err(failure::unclassified(version, text));
    }
    collection.check_partitions(&names).map_err(|missing| failure::limiter(&missing))?;
    if !names.is_empty() && collection.schema.has_partition_key() {
        return Err(failure::partition_named_with_key(version));
    }
    Ok(())
}

/// Reads the output fields of a search, which may name anything that could be a dynamic key, but count nothing.
fn check_outputs(arguments: &Arguments<'_>, schema: &Schema, version: Version) -> Result<Output, Failure> {
    for name in arguments.texts("outputFields") {
        if name == "count(*)" && version >= Version(3, 0) {
            return Err(failure::invalid("aggregates are not supported in search request"));
        }
        let known = name == "*" || name == DYNAMIC_FIELD || schema.field(name).is_some();
        let may_be_key = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if !known && !may_be_key && schema.dynamic {
            return Err(failure::unclassified(version, format!("parse output field name failed: {name}")));
        }
    }
    Output::read(arguments, schema, version, &[])
}

/// By what hits are to be grouped; `by` tells which types may be. From 2.6 on a dynamic key may be meant.
fn grouping<'g>(
    collection: &Collection,
    arguments: &'g Arguments<'_>,
    by: impl Fn(DataType) -> bool,
    version: Version,
) -> Result<Option<Groups<'g>>, Failure> {
    let name = arguments.text("groupingField");
    let name = if version < Version(3, 0) { name } else { name.trim() };
    if name.is_empty() {
        return Ok(None);
    }
    let size = arguments.int("groupSize").filter(|_| version >= Version(2, 5)).unwrap_or(1).max(1);
    if size > LARGEST_GROUP {
        let text = format!("input group size:{size} exceeds configured max group size:{LARGEST_GROUP}");
        return Err(failure::invalid(text));
    }
    match collection.schema.field(name) {
        Some(field) if !by(field.data_type) => {
            return Err(failure::grouping_type(version, field.data_type.name()));
        }
        Some(_) => {}
        None if collection.schema.dynamic && version >= Version(3, 0) => {
            return Err(failure::grouping_type(version, DataType::Json.name()));
        }
        None if collection.schema.dynamic && version >= Version(2, 6) => {}
        None => return Err(failure::grouping_field_missing(name)),
    }
    Ok(Some(Groups { field: name, size: usize::try_from(size).unwrap_or(1) }))
}

/// The filter of a search, or of a part of one.
fn checked_filter(collection: &Collection, node: &Node<'_>, version: Version) -> Result<Filter, Failure> {
    let text = super::text(node, "filter");
    Filter::parse(text, &collection.schema, node.get("exprParams"), version)
        .map_err(|fault| failure::filter(version, "query", text, &fault))
}

fn metric_name<'c>(collection: &'c Collection, field: &Field) -> &'c str {
    collection.indexes.values().find(|index| index.field == field.name).map_or("", |index| &index.metric)
}

/// The metric of the index of this field.
fn metric_of(collection: &Collection, field: &Field, version: Version) -> Result<Metric, Failure> {
    let name = metric_name(collection, field);
    Metric::named(name).ok_or_else(|| {
        failure::unclassified(version, format!("search by the metric {name} is not part of the reference"))
    })
}

/// The rows that a search sees: those of the named partitions, else of all that are loaded.
fn rows<'c>(collection: &'c Collection, arguments: &Arguments<'_>, only_sealed: bool) -> Vec<&'c Row> {
    if !only_sealed {
        return entity::found(collection, arguments);
    }
    let names = arguments.texts("partitionNames");
    let partitions = collection.partitions.iter().filter(|(name, partition)| {
        if names.is_empty() { !partition.is_released() } else { names.contains(&name.as_str()) }
    });
    partitions.flat_map(|(_, partition)| partition.rows.iter().take(partition.sealed)).collect()
}

/// The keys by whose vectors is searched.
fn keys(ids: &Node<'_>, schema: &Schema, version: Version) -> Result<Vec<Cell>, Failure> {
    let refuse = |reason: String, classified: bool| {
        let ending = if classified && version >= Version(3, 0) { ": invalid parameter" } else { "" };
        failure::plain_invalid(format!("invalid parameter, error: {reason}{ending}"))
    };
    let mut keys = Vec::new();
    for (index, id) in ids.items().iter().enumerate() {
        let text = row::plain_text(id);
        let key =
            match (schema.primary().data_type, &id.value) {
                (DataType::VarChar, _) => Cell::Text(text),
                (_, Json::Number(_)) => Cell::Int(text.parse().map_err(|_| {
                    refuse(format!("invalid int64 id at index {index}: {text} has fractional part"), true)
                })?),
                (_, Json::String(_)) => Cell::Int(text.parse().map_err(|_| {
                    let joint = if version < Version(3, 0) { ", error" } else { "" };
                    let reason = format!("strconv.ParseInt: parsing {text:?}: invalid syntax");
                    refuse(format!("invalid int64 id at index {index}: {text}{joint}: {reason}"), false)
                })?),
                (_, other) => {
                    let kind = if matches!(other, Json::Null) { "<nil>" } else { id.kind() };
                    return Err(refuse(format!("invalid id type at index {index}: expected int64, got {kind}"), true));
                }
            };
        if keys.contains(&key) {
            return Err(failure::invalid("duplicate IDs found in search request"));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// The vectors of the rows with these keys.
fn stored_vectors<'c>(collection: &'c Collection, keys: &[Cell], field: &Field) -> Result<Vec<Vector<'c>>, Failure> {
    let schema = &collection.schema;
    let mut vectors = Vec::new();
    let mut missing = Vec::new();
    for key in keys {
        let row = entity::present(collection, key);
        match row.and_then(|row| row.cell(schema, &field.name)).and_then(|cell| Vector::stored(cell, field.data_type)) {
            Some(vector) => vectors.push(vector),
            None => missing.push(row::key_text(key)),
        }
    }
    if missing.is_empty() {
        return Ok(vectors);
    }
    let missing = missing.join(" ");
    Err(failure::invalid(format!("some of the provided primary key IDs do not exist: missing IDs = [{missing}]")))
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::super::testing::{call, data, quick, refused};
    use super::*;
    use crate::profile::Profile;
    use serde_json::json;

    fn filled(profile: Profile) -> Model {
        let mut model = quick(profile);
        let rows: Vec<Value> = (0..4).map(|id| json!({"id": id, "vector": [id, 0], "g": id % 2})).collect();
        data(&mut model, "entities/insert", &json!({"collectionName": "c", "data": rows}));
        model
    }

    fn search(extra: &Value) -> Value {
        let mut body = json!({"collectionName": "c", "data": [[0.0, 0.0]], "limit": 2});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    }

    #[test]
    fn hits_come_best_first_and_are_paged() {
        let mut model = filled(Profile::Milvus26);
        let answer = call(&mut model, "entities/search", &search(&json!({"offset": 1}))).unwrap();
        assert_eq!(answer.data, json!([{"distance": 1.0, "id": 1}, {"distance": 4.0, "id": 2}]));
        assert_eq!(answer.extra, [("cost", json!(0)), ("topks", json!([2]))]);
        let both = search(&json!({"data": [[0, 0], [3, 0]], "limit": 1}));
        let answer = call(&mut model, "entities/search", &both).unwrap();
        assert_eq!(answer.extra[1].1, json!([1, 1]));
    }

    #[test]
    fn hits_are_filtered_and_kept_in_range() {
        let mut model = filled(Profile::Milvus26);
        let found = |model: &mut Model, extra: Value| -> Vec<i64> {
            let hits = data(model, "entities/search", &search(&extra));
            hits.as_array().unwrap().iter().map(|hit| hit["id"].as_i64().unwrap()).collect()
        };
        assert_eq!(found(&mut model, json!({"filter": "g == 1"})), [1, 3]);
        assert_eq!(found(&mut model, json!({"searchParams": {"params": {"radius": 5, "range_filter": 1}}})), [1, 2]);
        assert_eq!(found(&mut model, json!({"filter": "id == 99"})), [] as [i64; 0]);
    }

    #[test]
    fn bad_searches_are_refused_in_order() {
        let mut model = filled(Profile::Milvus26);
        let cases = [
            (json!({"consistencyLevel": "strong", "collectionName": "nope"}), 1100),
            (json!({"data": []}), 1802),
            (json!({"data": [[1]]}), 1801),
            (json!({"annsField": "nope"}), 1801),
            (json!({"partitionNames": ["nope"], "limit": 0}), 1807),
            (json!({"limit": 0, "filter": "id >"}), 65535),
            (json!({"filter": "id >"}), 1100),
            (json!({"searchParams": {"metric_type": "IP"}}), 65535),
        ];
        for (extra, code) in cases {
            assert_eq!(refused(&mut model, "entities/search", &search(&extra)).0, code, "{extra}");
        }
    }
}
