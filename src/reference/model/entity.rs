//! Rows from outside: insert, upsert, delete, get, query and search.

use super::collection::Collection;
use super::failure::{self, Failure, MissingText, Read};
use super::field_op::FieldOps;
use super::filter::{self, Filter};
use super::row::{self, Cell, Draft, Key, Row, Write};
use super::schema::{CONSISTENCY_LEVELS, DYNAMIC_FIELD, DataType, Schema};
use super::{Answer, Arguments, Model, Outcome, partition, search as ranking};
use crate::profile::Version;
use crate::reference::json::{Node, Value as Json};
use crate::reference::render;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The most rows that a query or search may answer, skipped ones included.
pub(super) const WINDOW: i64 = 16_384;

const DEFAULT_LIMIT: i64 = 100;

const COUNT: &str = "count(*)";

pub(in crate::reference) fn insert(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let keys = write(model, arguments, Write::Insert, &FieldOps::default())?;
    Ok(written("insertCount", "insertIds", &keys, arguments))
}

pub(in crate::reference) fn upsert(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let ops = FieldOps::read(arguments.body.get("fieldOps").filter(|_| model.version >= Version(2, 6)))?;
    let partial = (arguments.flag("partialUpdate") || ops.change_arrays()) && model.version >= Version(2, 6);
    let keys = write(model, arguments, if partial { Write::Update } else { Write::Upsert }, &ops)?;
    Ok(written("upsertCount", "upsertIds", &keys, arguments))
}

fn written(count: &str, ids: &str, keys: &[Cell], arguments: &Arguments<'_>) -> Answer {
    let keys: Vec<Value> = keys.iter().map(|key| key.to_output(arguments.ids_as_text)).collect();
    let data = json!({count: keys.len(), ids: keys});
    Answer::data(data).with("cost", 0)
}

fn write(model: &mut Model, arguments: &Arguments<'_>, mut write: Write, ops: &FieldOps) -> Result<Vec<Cell>, Failure> {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Find)?;
    let data = arguments.body.get("data").map_or(&[][..], Node::items);
    if data.is_empty() {
        return Err(failure::row("missing required parameters"));
    }
    if write == Write::Insert && collection.schema.auto_id && collection.takes_own_keys(version) {
        write = Write::InsertWithKeys;
    }
    let schema = &collection.schema;
    let converted = data.iter().enumerate().map(|(row, node)| row::convert(node, row, schema, write, version));
    let mut drafts = converted.collect::<Result<Vec<_>, _>>()?;
    if write == Write::Update {
        check_same_fields(&drafts, schema)?;
    }
    let partition = target(collection, arguments.text("partitionName"), version)?;
    row::check_values(&mut drafts, &collection.schema, write, version)?;
    if write == Write::Update {
        check_key(&drafts, &collection.schema, version)?;
        // The rows of the keys are read first.
        collection.check_readable(Read::Query)?;
    }
    let rows = drafts.into_iter().enumerate().map(|(number, draft)| {
        let row = complete(collection, draft, write, ops)?;
        ops.check_grown(&row, number, &collection.schema)?;
        Ok(row)
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<Cell> = rows.iter().map(|row| row.key(&collection.schema).clone()).collect();
    if !write.is_insert() {
        let distinct: HashSet<Key<'_>> = keys.iter().map(Cell::key).collect();
        if version >= Version(2, 6) && distinct.len() < keys.len() {
            return Err(failure::invalid("duplicate primary keys are not allowed in the same batch"));
        }
        remove(collection, &distinct);
    }
    if let Some(partition) = collection.partitions.get_mut(&partition) {
        partition.rows.extend(rows);
    }
    Ok(keys)
}

/// Refuses an update whose rows do not name the same fields.
fn check_same_fields(drafts: &[Draft], schema: &Schema) -> Result<(), Failure> {
    for (position, field) in schema.fields.iter().enumerate() {
        let given = drafts.iter().filter(|draft| draft.cells[position].is_some()).count();
        if given != 0 && given != drafts.len() {
            let text = format!("column {} has length {given}, expected {}", field.name, drafts.len());
            return Err(failure::row(&text));
        }
    }
    Ok(())
}

/// Refuses an update that does not say which rows it means.
fn check_key(drafts: &[Draft], schema: &Schema, version: Version) -> Result<(), Failure> {
    let Some(key) = schema.fields.iter().position(|field| field.primary && !schema.auto_id) else { return Ok(()) };
    if drafts.iter().all(|draft| draft.cells[key].is_some()) {
        return Ok(());
    }
    let doing = if version < Version(3, 0) { "checking duplicates" } else { "upsert" };
    Err(failure::invalid(format!("must assign pk when {doing}, primary field: {}", schema.fields[key].name)))
}

/// The partition that a write goes to: the named one, else the first.
fn target(collection: &Collection, name: &str, version: Version) -> Result<String, Failure> {
    if name.is_empty() {
        let first = collection.partitions.keys().next().cloned();
        return Ok(first.unwrap_or_else(|| partition::DEFAULT.to_owned()));
    }
    collection.partition(name).map_err(|missing| failure::limiter(&missing))?;
    if collection.schema.has_partition_key() {
        return Err(failure::partition_named_with_key(version));
    }
    Ok(name.to_owned())
}

/// Fills in what a row leaves open: the generated key, and for an update what the row of that key holds.
fn complete(collection: &mut Collection, draft: Draft, write: Write, ops: &FieldOps) -> Result<Row, Failure> {
    let Draft { cells, mut dynamic } = draft;
    let generated = collection.schema.auto_id.then(|| collection.next_row_id());
    let schema = &collection.schema;
    let key = schema.fields.iter().position(|field| field.primary).and_then(|key| cells[key].as_ref());
    let known = key.filter(|_| write == Write::Update).and_then(|key| present(collection, key));
    let mut complete = Vec::with_capacity(cells.len());
    for (position, (cell, field)) in cells.into_iter().zip(&schema.fields).enumerate() {
        complete.push(match (cell, generated, known) {
            (Some(cell), _, Some(known)) => ops.apply(&field.name, &known.cells[position], cell),
            (Some(cell), _, None) => cell,
            (None, Some(id), _) if field.primary && field.data_type == DataType::VarChar => Cell::Text(id.to_string()),
            (None, Some(id), _) if field.primary => Cell::Int(id),
            (None, _, Some(known)) => known.cells[position].clone(),
            (None, _, None) => {
                let text = format!("fieldSchema({}) has no corresponding fieldData pass in", field.name);
                return Err(failure::invalid(text));
            }
        });
    }
    for (name, value) in known.map(|known| known.dynamic.clone()).unwrap_or_default() {
        dynamic.entry(name).or_insert(value);
    }
    Ok(Row { cells: complete, dynamic })
}

/// The latest row of this key.
pub(super) fn present<'c>(collection: &'c Collection, key: &Cell) -> Option<&'c Row> {
    let mut rows = collection.partitions.values().flat_map(|partition| &partition.rows);
    rows.rfind(|row| row.key(&collection.schema) == key)
}

fn remove(collection: &mut Collection, keys: &HashSet<Key<'_>>) {
    for partition in collection.partitions.values_mut() {
        partition.rows.retain(|row| !keys.contains(&row.key(&collection.schema).key()));
    }
}

pub(in crate::reference) fn delete(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    filter::check_templates(arguments.body.get("exprParams"))?;
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Find)?;
    let name = arguments.text("partitionName");
    if !name.is_empty() {
        collection.partition(name).map_err(|missing| failure::limiter(&missing))?;
        if collection.schema.has_partition_key() {
            return Err(failure::partition_named_with_key(version));
        }
    }
    let text = arguments.text("filter").trim();
    let filter = parse(collection, text, "delete", arguments, version)?;
    if text.is_empty() || filter.is_always_true() && version >= Version(2, 6) {
        return Err(failure::invalid(format!("delete plan can't be empty or always true : {text}")));
    }
    let listed = filter.listed_keys(&collection.schema);
    if listed.is_none() {
        collection.check_readable(Read::Query).map_err(|refusal| Failure {
            message: refusal.message.trim_start_matches(Read::Query.doing()).to_owned(),
            ..refusal
        })?;
    }
    let mut count = 0;
    for (_, partition) in collection.partitions.iter_mut().filter(|(own, _)| name.is_empty() || *own == name) {
        let before = partition.rows.len();
        partition.rows.retain(|row| !filter.matches(row));
        count += before - partition.rows.len();
    }
    Ok(Answer::data(json!({"deleteCount": listed.unwrap_or(count)})))
}

fn parse(
    collection: &Collection,
    text: &str,
    plan: &str,
    arguments: &Arguments<'_>,
    version: Version,
) -> Result<Filter, Failure> {
    let templates = arguments.body.get("exprParams");
    Filter::parse(text, &collection.schema, templates, version)
        .map_err(|fault| failure::filter(version, plan, text, &fault))
}

pub(in crate::reference) fn get(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let version = model.version;
    let collection = model.collection(arguments, MissingText::Find)?;
    if version >= Version(2, 5) {
        check_consistency(arguments)?;
    }
    let keys =
        arguments.body.get("id").map(|id| keys(id, &collection.schema, version)).transpose()?.unwrap_or_default();
    check_partitions(collection, arguments)?;
    let fields = Output::read(arguments, &collection.schema, version, &["*"])?;
    collection.check_readable(Read::Query)?;
    check_loaded(collection, arguments, Read::Query, version)?;
    let rows = found(collection, arguments);
    let rows = rows.into_iter().filter(|row| keys.contains(row.key(&collection.schema)));
    if fields.count {
        let count = i64::try_from(latest(rows, &collection.schema).len()).unwrap_or(i64::MAX);
        return Ok(answer_rows(vec![json!({COUNT: Cell::Int(count).to_output(arguments.ids_as_text)})]));
    }
    Ok(answer_rows(fields.rows(&latest(rows, &collection.schema), &collection.schema, arguments)))
}

/// The keys that a request lists. A number never equals a text key.
fn keys(id: &Node<'_>, schema: &Schema, version: Version) -> Result<Vec<Cell>, Failure> {
    let whole = [id.clone()];
    let items = if matches!(id.value, Json::Array(_)) { id.items() } else { &whole };
    let cast = |item: &Node<'_>| {
        if schema.primary().data_type == DataType::VarChar {
            let text = item.as_str().unwrap_or_default();
            if text.contains('"') {
                // The keys are put into a filter as they are, and a quote ends its text too early.
                let filter = format!("{} in [\"{text}\"]", schema.primary().name);
                return Err(match Filter::parse(&filter, schema, None, version) {
                    Err(fault) => failure::filter(version, "query", &filter, &fault),
                    Ok(_) => {
                        failure::invalid(format!("failed to create query plan: cannot parse expression: {filter}"))
                    }
                });
            }
            return Ok(Cell::Text(text.to_owned()));
        }
        let text = item.as_str().unwrap_or(item.raw);
        text.parse().map(Cell::Int).map_err(|_| failure::key_cast(text))
    };
    items.iter().map(cast).collect()
}

pub(in crate::reference) fn query(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    filter::check_templates(arguments.body.get("exprParams"))?;
    let version = model.version;
    // Before 2.6 the limiter looks the names up before the call does.
    let limited = version < Version(2, 6);
    let text = if limited { MissingText::Found } else { MissingText::Find };
    let collection = model.collection(arguments, text);
    let collection = collection.map_err(|refusal| match refusal.code {
        100 | 800 if limited => failure::limiter(&refusal),
        _ => refusal,
    })?;
    if version >= Version(2, 5) {
        check_consistency(arguments)?;
    }
    check_partitions(collection, arguments)?;
    let limit = arguments.int("limit").unwrap_or(DEFAULT_LIMIT);
    let offset = arguments.int("offset").unwrap_or_default().max(0);
    if limit > 0 && limit + offset > WINDOW {
        let text = "invalid max query result window, (offset+limit) should be in range [1, 16384], but got";
        return Err(failure::search_range(version, &format!("{text} {}", limit + offset)));
    }
    let fields = Output::read(arguments, &collection.schema, version, &["*"])?;
    let filter = parse(collection, arguments.text("filter"), "query", arguments, version)?;
    if arguments.text("filter").trim().is_empty() && limit <= 0 && !fields.count {
        return Err(failure::invalid("empty expression should be used with limit"));
    }
    collection.check_readable(Read::Query)?;
    check_loaded(collection, arguments, Read::Query, version)?;
    let rows: Vec<&Row> = found(collection, arguments).into_iter().filter(|row| filter.matches(*row)).collect();
    if fields.count {
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        return Ok(answer_rows(vec![json!({COUNT: Cell::Int(count).to_output(arguments.ids_as_text)})]));
    }
    let rows = latest(rows, &collection.schema);
    let window = if limit > 0 { page(&rows, offset, limit) } else { &rows[..] };
    Ok(answer_rows(fields.rows(window, &collection.schema, arguments)))
}

fn answer_rows(rows: Vec<Value>) -> Answer {
    Answer::data(rows.into()).with("cost", 0)
}

/// The part of a list that an offset and a limit leave.
pub(super) fn page<T>(items: &[T], offset: i64, limit: i64) -> &[T] {
    let from = usize::try_from(offset).unwrap_or_default().min(items.len());
    let to = from.saturating_add(usize::try_from(limit).unwrap_or_default()).min(items.len());
    &items[from..to]
}

/// Of the rows of one key the latest, in the order of keys.
fn latest<'r>(rows: impl IntoIterator<Item = &'r Row>, schema: &Schema) -> Vec<&'r Row> {
    let mut rows: Vec<&Row> = rows.into_iter().collect();
    rows.reverse();
    rows.sort_by(|one, two| one.key(schema).compare(two.key(schema)));
    rows.dedup_by(|one, two| one.key(schema) == two.key(schema));
    rows
}

/// The rows that a read sees: those of the named partitions, else of all that are loaded.
pub(super) fn found<'c>(collection: &'c Collection, arguments: &Arguments<'_>) -> Vec<&'c Row> {
    let names = arguments.texts("partitionNames");
    let partitions = collection.partitions.iter().filter(|(name, partition)| {
        if names.is_empty() { !partition.is_released() } else { names.contains(&name.as_str()) }
    });
    partitions.flat_map(|(_, partition)| &partition.rows).collect()
}

/// Refuses unknown partitions; the limiter resolves them before the read begins.
pub(super) fn check_partitions(collection: &Collection, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let names = arguments.texts("partitionNames");
    collection.check_partitions(&names).map_err(|missing| failure::limiter(&missing))?;
    if !names.is_empty() && collection.schema.has_partition_key() {
        let text = "not support manually specifying the partition names if partition key mode is used";
        return Err(failure::invalid(text));
    }
    Ok(())
}

/// Refuses a read of named partitions of which one is not loaded.
pub(super) fn check_loaded(
    collection: &Collection,
    arguments: &Arguments<'_>,
    read: Read,
    version: Version,
) -> Result<(), Failure> {
    let names = arguments.texts("partitionNames");
    let released = names.iter().filter_map(|name| collection.partitions.get(*name)).find(|named| named.is_released());
    released.map_or(Ok(()), |partition| Err(failure::partition_not_loaded(version, read, partition.id)))
}

/// Refuses a consistency level that is none; an empty one stands for that of the collection.
pub(super) fn check_consistency(arguments: &Arguments<'_>) -> Result<(), Failure> {
    match arguments.text("consistencyLevel") {
        "" => Ok(()),
        level if CONSISTENCY_LEVELS.contains(&level) => Ok(()),
        level => Err(failure::consistency(level)),
    }
}

pub(in crate::reference) fn search(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    filter::check_templates(arguments.body.get("exprParams"))?;
    let version = model.version;
    check_consistency(arguments)?;
    let collection = model.collection(arguments, MissingText::Find)?;
    ranking::run(collection, arguments, version)
}

pub(in crate::reference) use ranking::hybrid::hybrid_search;

/// Which fields a read answers.
pub(super) struct Output {
    names: Vec<String>,
    everything: bool,
    count: bool,
}

impl Output {
    /// Reads the output fields of a request, or takes the default.
    pub(super) fn read(
        arguments: &Arguments<'_>,
        schema: &Schema,
        version: Version,
        default: &[&str],
    ) -> Result<Self, Failure> {
        // An empty list asks for nothing but the key; only a request without the list gets the default.
        let names = arguments.body.get("outputFields").map_or(default.to_vec(), |_| arguments.texts("outputFields"));
        if names.contains(&COUNT) {
            return match names.iter().find(|name| **name != COUNT) {
                Some(other) => Err(failure::count_with_fields(version, other)),
                None => Ok(Self { names: Vec::new(), everything: false, count: true }),
            };
        }
        let everything = names.contains(&"*");
        let unknown = names.iter().find(|name| **name != "*" && schema.field(name).is_none() && !schema.dynamic);
        if let Some(unknown) = unknown {
            return Err(failure::output_field_missing(version, unknown));
        }
        if let Some(output) =
            schema.fields.iter().find(|field| field.function_output && names.contains(&field.name.as_str()))
        {
            return Err(failure::function_output_asked(version, &output.name));
        }
        if let Some(name) = names.iter().find(|name| version < Version(2, 6) && name.contains('[')) {
            return Err(failure::output_name(name));
        }
        Ok(Self { names: names.into_iter().map(str::to_owned).collect(), everything, count: false })
    }

    fn has(&self, name: &str) -> bool {
        self.everything || self.names.iter().any(|known| known == name)
    }

    fn rows(&self, rows: &[&Row], schema: &Schema, arguments: &Arguments<'_>) -> Vec<Value> {
        let key = &schema.primary().name;
        let with_key = |row: &&Row| {
            let mut shown = self.row(row, schema, arguments.ids_as_text);
            shown.insert(key.clone(), row.key(schema).to_output(arguments.ids_as_text));
            Value::Object(shown)
        };
        rows.iter().map(with_key).collect()
    }

    /// The asked fields of a row, dynamic keys beside the others.
    pub(super) fn row(&self, row: &Row, schema: &Schema, ids_as_text: bool) -> Map<String, Value> {
        let mut shown = Map::new();
        for (name, value) in &row.dynamic {
            if self.has(name) || self.has(DYNAMIC_FIELD) {
                shown.insert(name.clone(), decoded(value));
            }
        }
        for (field, cell) in schema.fields.iter().zip(&row.cells) {
            if field.function_output || !self.has(&field.name) {
                continue;
            }
            let as_text = ids_as_text && field.data_type == DataType::Int64;
            shown.insert(field.name.clone(), cell.to_output(as_text));
        }
        shown
    }
}

/// A dynamic value for output. The server reads it as plain JSON first, whose numbers are all doubles.
fn decoded(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, render::whole),
        Value::Array(items) => items.iter().map(decoded).collect(),
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), decoded(value))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;

    fn rows(model: &mut Model, rows: &Value) {
        data(model, "entities/insert", &json!({"collectionName": "c", "data": rows}));
    }

    fn ids(model: &mut Model, filter: &str) -> Vec<i64> {
        let body = json!({"collectionName": "c", "filter": filter, "outputFields": ["id"]});
        let found = data(model, "entities/query", &body);
        found.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    #[test]
    fn rows_are_inserted_replaced_and_deleted() {
        let mut model = quick(Profile::Milvus26);
        rows(&mut model, &json!([{"id": 2, "vector": [1, 2], "k": "a"}, {"id": 1, "vector": [3, 4]}]));
        assert_eq!(ids(&mut model, ""), [1, 2]);
        let upsert = json!({"collectionName": "c", "data": [{"id": 2, "vector": [5, 6]}]});
        assert_eq!(data(&mut model, "entities/upsert", &upsert), json!({"upsertCount": 1, "upsertIds": [2]}));
        assert_eq!(ids(&mut model, "k == \"a\""), [] as [i64; 0]);
        let delete = json!({"collectionName": "c", "filter": "id in [2, 77]"});
        assert_eq!(data(&mut model, "entities/delete", &delete), json!({"deleteCount": 2}), "keys listed, not rows");
        assert_eq!(data(&mut model, "entities/delete", &delete), json!({"deleteCount": 2}));
        assert_eq!(ids(&mut model, ""), [1]);
    }

    #[test]
    fn a_bad_row_keeps_the_others_out() {
        let mut model = quick(Profile::Milvus26);
        let cases = [
            (
                json!([{"id": 1, "vector": [1, 2]}, {"id": 2, "vector": [1]}]),
                "[]float32 size 1 doesn't equal to vector dimension 2 of FloatVector",
            ),
            (json!([{"id": 1}]), "missing vector field: vector: invalid parameter[expected=FloatVector][actual=]"),
            (
                json!([{"vector": [1, 2]}]),
                "strconv.ParseInt: parsing \"\": invalid syntax: invalid parameter[expected=Int64][actual=]",
            ),
            (json!([]), "missing required parameters"),
        ];
        for (bad, reason) in cases {
            let (code, text) = refused(&mut model, "entities/insert", &json!({"collectionName": "c", "data": bad}));
            assert_eq!((code, text), (1804, format!("fail to deal the insert data, error: {reason}")));
        }
        assert_eq!(ids(&mut model, ""), [] as [i64; 0]);
    }

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let mut model = quick(Profile::Milvus26);
        rows(&mut model, &json!([{"id": 1, "vector": [1, 2], "k": "a"}]));
        let update = json!({"collectionName": "c", "partialUpdate": true, "data": [{"id": 1, "l": "b"}]});
        data(&mut model, "entities/upsert", &update);
        let found = data(&mut model, "entities/get", &json!({"collectionName": "c", "id": "1"}));
        assert_eq!(found, json!([{"id": 1, "vector": [1.0, 2.0], "k": "a", "l": "b"}]));
        assert_eq!(refused(&mut quick(Profile::Milvus25), "entities/upsert", &update).0, 1804);
    }

    #[test]
    fn rows_are_counted_and_paged() {
        let mut model = quick(Profile::Milvus26);
        let many: Vec<Value> = (0..5).map(|id| json!({"id": id, "vector": [id, id]})).collect();
        rows(&mut model, &many.into());
        let count = json!({"collectionName": "c", "outputFields": [COUNT], "limit": 2});
        assert_eq!(data(&mut model, "entities/query", &count), json!([{COUNT: 5}]));
        let page = json!({"collectionName": "c", "outputFields": ["id"], "limit": 2, "offset": 1});
        assert_eq!(data(&mut model, "entities/query", &page), json!([{"id": 1}, {"id": 2}]));
        let window = json!({"collectionName": "c", "limit": WINDOW, "offset": 1});
        assert_eq!(refused(&mut model, "entities/query", &window).0, 65535);
        assert_eq!(refused(&mut model, "entities/query", &json!({"collectionName": "c", "limit": 0})).0, 1100);
    }

    #[test]
    fn a_generated_key_is_given_back() {
        let mut model = Model::new(Profile::Milvus26, None);
        data(&mut model, "collections/create", &json!({"collectionName": "c", "dimension": 2, "autoID": true}));
        let inserted = data(
            &mut model,
            "entities/insert",
            &json!({"collectionName": "c", "data": [{"vector": [1, 2]}, {"vector": [1, 2]}]}),
        );
        let ids = inserted["insertIds"].as_array().unwrap();
        assert_ne!(ids[0], ids[1]);
        let with_key = json!({"collectionName": "c", "data": [{"id": 1, "vector": [1, 2]}]});
        assert_eq!(refused(&mut model, "entities/insert", &with_key).0, 1804);
    }

    #[test]
    fn reads_and_writes_need_their_partition() {
        let mut model = quick(Profile::Milvus26);
        let unknown = json!({"collectionName": "c", "partitionName": "p", "data": [{"id": 1, "vector": [1, 2]}]});
        let text = "request is rejected by limiter, error: partition not found[partition=p]";
        assert_eq!(refused(&mut model, "entities/insert", &unknown), (1807, text.to_owned()));
        data(&mut model, "partitions/create", &json!({"collectionName": "c", "partitionName": "p"}));
        data(&mut model, "partitions/release", &json!({"collectionName": "c", "partitionNames": ["p"]}));
        let query = json!({"collectionName": "c", "partitionNames": ["p"]});
        assert_eq!(refused(&mut model, "entities/query", &query).0, 201);
    }
}
