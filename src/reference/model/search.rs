//! Search by vector: brute force, ranking, paging.

use super::collection::Collection;
use super::entity::{self, Output, WINDOW};
use super::failure::{self, Failure, Read};
use super::filter::Filter;
use super::row::{self, Cell, Row};
use super::schema::{DataType, Field};
use super::{Answer, Arguments, Outcome};
use crate::profile::Version;
use crate::reference::json::{Node, Value as Json};
use crate::reference::render;
use serde_json::Value;
use std::cmp::Ordering;

const DEFAULT_LIMIT: i64 = 100;

/// How alike two vectors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Metric {
    L2,
    Ip,
    Cosine,
}

impl Metric {
    fn named(name: &str) -> Self {
        match name {
            "L2" => Metric::L2,
            "IP" => Metric::Ip,
            _ => Metric::Cosine,
        }
    }

    fn distance(self, one: &[f32], two: &[f32]) -> f32 {
        let dot = |one: &[f32], two: &[f32]| one.iter().zip(two).map(|(a, b)| a * b).sum::<f32>();
        match self {
            Metric::L2 => one.iter().zip(two).map(|(a, b)| (a - b) * (a - b)).sum(),
            Metric::Ip => dot(one, two),
            Metric::Cosine => {
                let norms = dot(one, one).sqrt() * dot(two, two).sqrt();
                if norms == 0.0 { 0.0 } else { dot(one, two) / norms }
            }
        }
    }

    /// Best first.
    fn order(self, one: f32, two: f32) -> Ordering {
        if self == Metric::L2 { one.total_cmp(&two) } else { two.total_cmp(&one) }
    }
}

/// The bounds of a range search; each side may be open.
#[derive(Clone, Copy, Debug, Default)]
struct Range {
    radius: Option<f32>,
    filter: Option<f32>,
}

impl Range {
    fn read(params: Option<&Node<'_>>) -> Self {
        let number = |key| param(params, key).and_then(|node| node.raw.parse().ok());
        Self { radius: number("radius"), filter: number("range_filter") }
    }

    fn holds(self, metric: Metric, distance: f32) -> bool {
        let (inside, outside) = match metric {
            Metric::L2 => {
                (self.filter.is_none_or(|low| distance >= low), self.radius.is_none_or(|high| distance < high))
            }
            _ => (self.filter.is_none_or(|high| distance <= high), self.radius.is_none_or(|low| distance > low)),
        };
        inside && outside
    }
}

/// A search parameter; it may stand beside or inside `params`.
fn param<'n, 'a>(params: Option<&'n Node<'a>>, key: &str) -> Option<&'n Node<'a>> {
    let params = params?;
    params.get(key).or_else(|| params.get("params")?.get(key))
}

/// Carries a search out; `filter` is read at its place in the order of checks.
pub(super) fn run(
    collection: &mut Collection,
    arguments: &Arguments<'_>,
    filter: impl Fn(&Collection) -> Result<Filter, Failure>,
    version: Version,
) -> Outcome {
    let data = arguments.body.get("data");
    let by_key = arguments.body.get("ids").filter(|ids| version >= Version(2, 6) && !ids.is_null());
    let nothing = data.is_none_or(|data| data.items().is_empty());
    if nothing && by_key.is_none() && version >= Version(2, 6) {
        return Err(failure::nothing_to_search());
    }
    if let (Some(_), false) = (by_key, nothing) {
        let text = "'ids' and 'data' are mutually exclusive, only one of them may be provided";
        return Err(failure::plain_invalid(text));
    }
    let field = vector_field(collection, arguments.text("annsField"), version)?.clone();
    let mut vectors = data.map(|data| vectors(data, &field, version)).transpose()?.unwrap_or_default();
    entity::check_partitions(collection, arguments)?;
    let fields = Output::read(arguments, &collection.schema, version, &[])?;
    let grouping = arguments.text("groupingField");
    check_grouping(collection, grouping, version)?;
    check_params(arguments, version)?;
    let (limit, offset) = window(arguments, version)?;
    if vectors.is_empty() && by_key.is_none() {
        let text = "nq [0] is invalid, nq (number of search vector per search request) should be in range [1, 16384], \
                    but got 0";
        return Err(failure::search_range(version, text));
    }
    let filter = filter(collection)?;
    collection.check_readable(Read::Search)?;
    entity::check_loaded(collection, arguments, Read::Search, version)?;
    let params = arguments.body.get("searchParams");
    let metric_name =
        collection.indexes.values().find(|index| index.field == field.name).map_or("", |index| &index.metric);
    let asked = param(params, "metric_type").map(row::plain_text).filter(|_| version >= Version(2, 6));
    if let Some(asked) = asked.filter(|asked| !asked.is_empty() && asked != metric_name) {
        return Err(failure::metric_mismatch(version, metric_name, &asked));
    }
    if field.data_type != DataType::FloatVector {
        let text = format!("search on a field of type {} is not part of the reference", field.data_type.name());
        return Err(failure::unclassified(version, text));
    }
    let rows: Vec<&Row> = entity::found(collection, arguments).into_iter().filter(|row| filter.matches(*row)).collect();
    if let Some(ids) = by_key {
        vectors = stored_vectors(collection, ids, &field)?;
    }
    let ranking =
        Ranking { collection, field: &field, metric: Metric::named(metric_name), range: Range::read(params), grouping };
    let mut hits = Vec::new();
    let mut counts = Vec::new();
    for vector in &vectors {
        let ranked = ranking.rank(&rows, vector);
        let page = entity::page(&ranked, offset, limit);
        counts.push(page.len());
        hits.extend(page.iter().map(|(distance, row)| shown(&fields, row, *distance, collection, arguments, version)));
    }
    let found = !hits.is_empty();
    let answer = Answer::data(hits.into()).with("cost", 0);
    Ok(if found { answer.with("topks", counts) } else { answer })
}

/// Refuses inner parameters that are no object; 2.4 reads them by another way.
fn check_params(arguments: &Arguments<'_>, version: Version) -> Result<(), Failure> {
    let inner = arguments.body.get("searchParams").and_then(|params| params.get("params"));
    let dict = inner.is_none_or(|inner| matches!(inner.value, Json::Object(_)));
    if dict || version < Version(2, 5) {
        return Ok(());
    }
    Err(failure::invalid("searchParams.params must be a dict"))
}

/// Refuses to group by what is no field; from 2.6 on a dynamic key may be meant.
fn check_grouping(collection: &Collection, field: &str, version: Version) -> Result<(), Failure> {
    if field.is_empty() || collection.schema.field(field).is_some() {
        return Ok(());
    }
    match (collection.schema.dynamic, version) {
        (true, Version(2, 6..)) => Ok(()),
        (true, Version(3.., _)) => Err(failure::grouping_by_dynamic_key()),
        _ => Err(failure::grouping_field_missing(field)),
    }
}

/// Versions before 2.6 show the key of every hit as `id`, whatever its field is called.
fn shown(
    fields: &Output,
    row: &Row,
    distance: f32,
    collection: &Collection,
    arguments: &Arguments<'_>,
    version: Version,
) -> Value {
    let schema = &collection.schema;
    let mut shown = fields.row(row, schema, arguments.ids_as_text);
    let key = if version < Version(2, 6) { "id" } else { &schema.primary().name };
    shown.insert(key.to_owned(), row.key(schema).to_output(arguments.ids_as_text));
    shown.insert("distance".to_owned(), render::single(distance));
    shown.into()
}

fn vector_field<'c>(collection: &'c Collection, asked: &str, version: Version) -> Result<&'c Field, Failure> {
    let mut vectors = collection.schema.vectors();
    if asked.is_empty() {
        return match (vectors.next(), vectors.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(failure::bad_json("error: search without annsField, but already found multiple vector fields")),
        };
    }
    vectors.find(|field| field.name == asked).ok_or_else(|| failure::vector_field_unknown(version, asked))
}

fn vectors(data: &Node<'_>, field: &Field, version: Version) -> Result<Vec<Vec<f32>>, Failure> {
    if field.data_type != DataType::FloatVector {
        return Ok(vec![Vec::new(); data.items().len()]);
    }
    data.items().iter().map(|item| vector(item, data, field, version)).collect()
}

fn vector(item: &Node<'_>, data: &Node<'_>, field: &Field, version: Version) -> Result<Vec<f32>, Failure> {
    // 2.4 reads the vectors one by one and shows the one at fault, later versions show them all.
    let actual = if version < Version(2, 5) { item.raw } else { data.raw };
    let refuse = |reason: String| {
        failure::bad_json(&format!(
            "error: {reason}: invalid parameter[expected={}][actual={actual}]",
            field.data_type.name()
        ))
    };
    if !matches!(item.value, Json::Array(_) | Json::Null) {
        // The decoder reads a list to its end and points at the last fault.
        let last = data.items().last().filter(|_| version >= Version(2, 5)).unwrap_or(item);
        return Err(refuse(row::decoder_fault(actual, last, "[]float32")));
    }
    let numbers = row::floats(item).map_err(&refuse)?;
    if numbers.len() != field.dimension() {
        let text = format!("dimension: {}, but length of []float: {}", field.dimension(), numbers.len());
        return Err(refuse(text));
    }
    Ok(numbers)
}

/// The vectors of the rows with these keys.
fn stored_vectors(collection: &Collection, ids: &Node<'_>, field: &Field) -> Result<Vec<Vec<f32>>, Failure> {
    let schema = &collection.schema;
    let rows: Vec<&Row> = collection.partitions.values().flat_map(|partition| &partition.rows).collect();
    let mut vectors = Vec::new();
    let mut missing = Vec::new();
    for id in ids.items() {
        let text = row::plain_text(id);
        let key = match schema.primary().data_type {
            DataType::VarChar => Cell::Text(text.clone()),
            _ => text
                .parse()
                .map(Cell::Int)
                .map_err(|_| failure::plain_invalid(format!("invalid int64 id at index 0: {text}")))?,
        };
        match rows.iter().rfind(|row| *row.key(schema) == key).and_then(|row| row.cell(schema, &field.name)) {
            Some(Cell::Vector(vector)) => vectors.push(vector.clone()),
            _ => missing.push(text),
        }
    }
    if missing.is_empty() {
        return Ok(vectors);
    }
    let missing = missing.join(" ");
    Err(failure::invalid(format!("some of the provided primary key IDs do not exist: missing IDs = [{missing}]")))
}

/// Limit and offset, after the checks of their ranges.
fn window(arguments: &Arguments<'_>, version: Version) -> Result<(i64, i64), Failure> {
    let limit = arguments.int("limit").unwrap_or(DEFAULT_LIMIT);
    let offset = arguments.int("offset").unwrap_or_default();
    let refuse = |what: &str, number: i64| {
        let text = format!("{what} [{number}] is invalid, it should be in range [1, {WINDOW}], but got {number}");
        Err(failure::search_range(version, &text))
    };
    if !(1..=WINDOW).contains(&limit) {
        return refuse("topk", limit);
    }
    if !(0..=WINDOW).contains(&offset) {
        return refuse("offset", offset);
    }
    if limit + offset > WINDOW {
        return refuse("offset+topk", limit + offset);
    }
    Ok((limit, offset))
}

struct Ranking<'c> {
    collection: &'c Collection,
    field: &'c Field,
    metric: Metric,
    range: Range,
    grouping: &'c str,
}

impl Ranking<'_> {
    /// The rows in range, best first, of equal ones the smaller key first, of each key or group only the best.
    fn rank<'r>(&self, rows: &[&'r Row], vector: &[f32]) -> Vec<(f32, &'r Row)> {
        let schema = &self.collection.schema;
        let mut ranked: Vec<(f32, &Row)> = rows
            .iter()
            .filter_map(|row| match row.cell(schema, &self.field.name) {
                Some(Cell::Vector(stored)) => Some((self.metric.distance(vector, stored), *row)),
                _ => None,
            })
            .filter(|(distance, _)| self.range.holds(self.metric, *distance))
            .collect();
        ranked.sort_by(|(one, first), (two, second)| {
            self.metric.order(*one, *two).then_with(|| first.key(schema).compare(second.key(schema)))
        });
        let mut seen: Vec<String> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        ranked.retain(|(_, row)| keys.insert(row.key(schema).to_output(true).to_string()));
        if !self.grouping.is_empty() {
            ranked.retain(|(_, row)| {
                let group = match row.cell(schema, self.grouping) {
                    Some(cell) => cell.to_output(false),
                    None => row.dynamic.get(self.grouping).cloned().unwrap_or_default(),
                };
                let group = group.to_string();
                let first = !seen.contains(&group);
                seen.push(group);
                first
            });
        }
        ranked
    }
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
