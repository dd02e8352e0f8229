//! The calls of the API v1, carried out by the operations of v2 that do the same, with the words that v1 has for refusals.

use super::failure::{self, Failure, MissingText};
use super::{Answer, Arguments, DEFAULT_DATABASE, Model, Outcome, collection, entity, search, text, texts};
use crate::profile::Version;
use crate::reference::json::{self, Node, Value as Json};
use serde_json::{Map, Value, json};

/// The bound request of one call of v1.
pub(in crate::reference) struct Call<'a> {
    /// The object with the canonical spelling of every key.
    pub(in crate::reference) body: Node<'a>,
    /// Whether 64-bit integers are to be answered as text.
    pub(in crate::reference) ids_as_text: bool,
}

/// A request of v2 in the making: its keys with their values as JSON texts.
struct Translated<'c> {
    call: &'c Call<'c>,
    entries: Vec<(&'static str, String)>,
}

impl Translated<'_> {
    fn with(mut self, key: &'static str, value: &Value) -> Self {
        self.entries.push((key, value.to_string()));
        self
    }

    /// Adds a key of the call as it was sent, under the name that v2 has for it.
    fn sent(mut self, key: &str, name: &'static str) -> Self {
        if let Some(node) = self.call.body.get(key).filter(|node| !node.is_null()) {
            self.entries.push((name, node.raw.to_owned()));
        }
        self
    }

    fn text(&self) -> String {
        let entries: Vec<String> = self.entries.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", entries.join(","))
    }
}

/// Where v1 is stricter or other than what measurements of 2.4 showed.
const OLDEST: Version = Version(2, 3);

const DEFAULT_LIMIT: i64 = 100;

/// The most looks that a load takes.
const LOOKS: usize = 3;

impl Call<'_> {
    fn database(&self) -> &str {
        match text(&self.body, "dbName") {
            "" => DEFAULT_DATABASE,
            name => name,
        }
    }

    fn collection(&self) -> &str {
        text(&self.body, "collectionName")
    }

    /// A request of v2 that names the same collection.
    fn translated(&self) -> Translated<'_> {
        let entries =
            [("dbName", json!(self.database()).to_string()), ("collectionName", json!(self.collection()).to_string())];
        Translated { call: self, entries: entries.into() }
    }

    fn database_is_there(&self, model: &Model) -> Result<(), Failure> {
        let name = self.database();
        if model.databases.contains_key(name) { Ok(()) } else { Err(failure::v1_database_missing(name)) }
    }
}

/// Makes a call of v2 with a body that is known to be an object.
fn call(model: &mut Model, body: &str, ids_as_text: bool, run: fn(&mut Model, &Arguments<'_>) -> Outcome) -> Outcome {
    let parsed = json::parse(body);
    let body = parsed.map_err(|_| failure::bad_json("error: a number that no JSON can hold"))?;
    // What v1 refuses to users with few rights was not measured, so it refuses nothing.
    run(model, &Arguments { body, header_database: None, ids_as_text, caller: None })
}

/// Makes a call of v2 and gives its data, with the words of v1 for a missing collection.
fn data(
    model: &mut Model,
    v1: &Call<'_>,
    body: &Translated<'_>,
    run: fn(&mut Model, &Arguments<'_>) -> Outcome,
) -> Result<Value, Failure> {
    v1.database_is_there(model)?;
    let version = model.version;
    let outcome = call(model, &body.text(), v1.ids_as_text, run);
    outcome.map(|answer: Answer| answer.data).map_err(|refusal| reworded(v1, refusal, version))
}

fn reworded(v1: &Call<'_>, refusal: Failure, version: Version) -> Failure {
    if version != OLDEST {
        return refusal;
    }
    if refusal.code == 100 {
        return failure::v1_collection_missing(v1.database(), v1.collection());
    }
    if refusal.message.contains("does not support metric type") {
        let text = "metric type not found or not supported, supported: [L2 IP COSINE HAMMING JACCARD]";
        return failure::v1(65535, text);
    }
    let message = refusal.message.replace("is invalid, it should be", "is invalid, top k should be");
    Failure { message, ..refusal }
}

pub(in crate::reference) fn list(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    data(model, v1, &v1.translated(), collection::list)
}

pub(in crate::reference) fn create(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    let or = |key: &str, default: &'static str| match text(&v1.body, key) {
        "" => default.to_owned(),
        name => name.to_owned(),
    };
    let body = v1
        .translated()
        .with("autoID", &json!(true))
        .with("description", &json!(text(&v1.body, "description")))
        // The documents say COSINE.
        .with("metricType", &json!(or("metricType", "L2")))
        .with("primaryFieldName", &json!(or("primaryField", "id")))
        .with("vectorFieldName", &json!(or("vectorField", "vector")))
        .with("indexName", &json!("vector_idx"))
        .sent("dimension", "dimension");
    data(model, v1, &body, collection::create)
}

pub(in crate::reference) fn describe(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    let version = model.version;
    let told = data(model, v1, &v1.translated(), collection::describe)?;
    // v1 has no other way to look at a load, and one look was enough when it was measured.
    for _ in 0..LOOKS {
        data(model, v1, &v1.translated(), collection::get_load_state)?;
    }
    let mut known = vec!["autoId", "description", "name", "primaryKey"];
    if version >= Version(2, 4) {
        known.extend(["clusteringKey", "partitionKey"]);
    }
    if version >= Version(2, 5) {
        known.push("nullable");
    }
    let field = |field: &Value| {
        let mut shown: Map<String, Value> = known.iter().map(|key| ((*key).to_owned(), field[*key].clone())).collect();
        shown.insert("type".to_owned(), field_type(field).into());
        Value::Object(shown)
    };
    let fields: Value = told["fields"].as_array().into_iter().flatten().map(field).collect();
    let mut shown = json!({"fields": fields});
    for key in ["collectionName", "description", "enableDynamicField", "indexes", "load", "shardsNum"] {
        shown[key] = told[key].clone();
    }
    Ok(shown)
}

/// `FloatVector(4)`, `VarChar(64)`, `Int64`: the type with its size in brackets.
fn field_type(field: &Value) -> String {
    let name = field["type"].as_str().unwrap_or_default();
    let size = field["params"].as_array().into_iter().flatten().find_map(|param| {
        let sized = matches!(param["key"].as_str(), Some("dim" | "max_length"));
        sized.then(|| param["value"].as_str()).flatten()
    });
    size.map_or_else(|| name.to_owned(), |size| format!("{name}({size})"))
}

pub(in crate::reference) fn drop(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    v1.database_is_there(model)?;
    let name = v1.collection();
    if model.database(v1.database())?.resolve(name).is_none() {
        return Err(failure::v1_collection_to_drop_missing(v1.database(), name));
    }
    data(model, v1, &v1.translated(), collection::drop)
}

pub(in crate::reference) fn insert(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    check_rows(model, v1)?;
    data(model, v1, &rows(v1), entity::insert)
}

pub(in crate::reference) fn upsert(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    v1.database_is_there(model)?;
    let generated = model.database(v1.database())?.resolve(v1.collection()).is_some_and(|known| known.schema.auto_id);
    if generated {
        return Err(failure::mismatched("cannot upsert an autoID collection: ", "autoID: false", "autoID: true"));
    }
    data(model, v1, &rows(v1), entity::upsert)
}

/// A request of v2 with the rows of the call, of which one may stand without a list.
fn rows<'c>(v1: &'c Call<'c>) -> Translated<'c> {
    let mut body = v1.translated();
    if let Some(row) = v1.body.get("data").filter(|data| matches!(data.value, Json::Object(_))) {
        body.entries.push(("data", format!("[{}]", row.raw)));
        return body;
    }
    body.sent("data", "data")
}

/// The checks of rows that v1 makes in another order than v2: the vector first, then that a generated key is left out.
fn check_rows(model: &Model, v1: &Call<'_>) -> Result<(), Failure> {
    v1.database_is_there(model)?;
    let Some(known) = model.database(v1.database())?.resolve(v1.collection()) else { return Ok(()) };
    let (schema, version) = (&known.schema, model.version);
    let data = v1.body.get("data");
    let single = data.filter(|data| matches!(data.value, Json::Object(_)));
    let rows = single.map_or_else(|| data.map_or(&[][..], Node::items), std::slice::from_ref);
    for row in rows {
        let key = row.get(&schema.primary().name);
        if version == OLDEST && schema.auto_id && key.is_some() {
            return Err(failure::row("invalid parameter[expected=][actual=set primary key but autoID == true]"));
        }
        for vector in schema.vectors() {
            let given = row.get(&vector.name);
            if version == OLDEST && given.is_none_or(|given| given.items().len() != vector.dimension()) {
                return Err(failure::row("vector length diff from dimension"));
            }
            if given.is_none() {
                let text = format!("missing vector field: {}", vector.name);
                return Err(failure::row_value(&text, vector.data_type.name(), ""));
            }
        }
        let unreadable =
            key.filter(|_| schema.auto_id).and_then(Node::as_str).filter(|key| key.parse::<i64>().is_err());
        if let Some(key) = unreadable {
            return Err(failure::row_value(
                &format!("strconv.ParseInt: parsing {key:?}: invalid syntax"),
                "Int64",
                key,
            ));
        }
    }
    Ok(())
}

pub(in crate::reference) fn query(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    v1.database_is_there(model)?;
    known_for_a_read(model, v1)?;
    let fields = texts(&v1.body, "outputFields");
    let limit = v1.body.get("limit").and_then(|limit| limit.raw.parse().ok()).unwrap_or(DEFAULT_LIMIT);
    if fields.contains(&"count(*)") && limit > 0 {
        let text = "count entities with pagination is not allowed";
        return Err(if model.version == OLDEST { failure::v1(65535, text) } else { failure::invalid(text) });
    }
    let body = v1
        .translated()
        .with("limit", &json!(limit))
        .with("filter", &json!(text(&v1.body, "filter")))
        .with("outputFields", &json!(if fields.is_empty() { vec!["*"] } else { fields }))
        .sent("offset", "offset");
    data(model, v1, &body, entity::query).map_err(|refusal| plan(model, refusal))
}

/// A read looks the collection up by itself, in other words than the calls that need the schema.
fn known_for_a_read(model: &Model, v1: &Call<'_>) -> Result<(), Failure> {
    let name = v1.collection();
    super::names::check_collection(name, "name", model.version)?;
    let known = model.database(v1.database())?.resolve(name);
    known.map(|_| ()).ok_or_else(|| failure::collection_missing(MissingText::Found, v1.database(), name))
}

/// 2.3 does not classify filters that it cannot read, and says of no plan but that of a search what it was for.
fn plan(model: &Model, refusal: Failure) -> Failure {
    let refusal = unclassified(model, refusal);
    match refusal.message.find("cannot parse expression") {
        Some(at) if model.version == OLDEST => failure::v1(refusal.code, &refusal.message[at..]),
        _ => refusal,
    }
}

fn unclassified(model: &Model, refusal: Failure) -> Failure {
    match refusal.message.strip_suffix(": invalid parameter") {
        Some(text) if model.version == OLDEST && text.contains("cannot parse expression") => failure::v1(65535, text),
        _ => refusal,
    }
}

pub(in crate::reference) fn get(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    data(model, v1, &v1.translated().sent("outputFields", "outputFields").sent("id", "id"), entity::get)
}

pub(in crate::reference) fn delete(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    v1.database_is_there(model)?;
    let filter = match (text(&v1.body, "filter"), v1.body.get("id")) {
        ("", Some(id)) => {
            let known = model.database(v1.database())?.resolve(v1.collection());
            known.map(|known| listed(id, &known.schema.primary().name)).transpose()?.unwrap_or_default()
        }
        (filter, _) => filter.to_owned(),
    };
    let deleted = data(model, v1, &v1.translated().with("filter", &json!(filter)), entity::delete);
    deleted.map(|_| json!({})).map_err(|refusal| plan(model, refusal))
}

/// The filter for keys, as v1 writes it: without quotes, so that only numbers come out right.
fn listed(id: &Node<'_>, field: &str) -> Result<String, Failure> {
    let whole = std::slice::from_ref(id);
    let items = if matches!(id.value, Json::Array(_)) { id.items() } else { whole };
    let keys = items.iter().map(|item| {
        let key = item.as_str().unwrap_or(item.raw);
        key.parse::<i64>().map(|key| key.to_string()).map_err(|_| failure::key_cast(key))
    });
    Ok(format!("{field} in [{}]", keys.collect::<Result<Vec<_>, _>>()?.join(",")))
}

pub(in crate::reference) fn search(model: &mut Model, v1: &Call<'_>) -> Result<Value, Failure> {
    v1.database_is_there(model)?;
    let param = |key: &str| v1.body.get("params").and_then(|params| params.get(key));
    if param("range_filter").is_some() && param("radius").is_none() {
        return Err(failure::bad_json("error: invalid search params"));
    }
    known_for_a_read(model, v1)?;
    let known = model.database(v1.database())?.resolve(v1.collection());
    let dimension = known.and_then(|known| known.schema.vectors().next().map(super::schema::Field::dimension));
    let given = v1.body.get("vector").map_or(0, |vector| vector.items().len());
    let fits = dimension.is_none_or(|dimension| dimension == given);
    // A vector of another length is refused last, by the node that searches.
    let vector =
        if fits { v1.body.get("vector").map_or("[]", |vector| vector.raw).to_owned() } else { zeros(dimension) };
    let mut body = v1
        .translated()
        .sent("filter", "filter")
        .sent("outputFields", "outputFields")
        .sent("limit", "limit")
        .sent("offset", "offset");
    if let Some(params) = v1.body.get("params").filter(|params| !params.is_null()) {
        body.entries.push(("searchParams", format!("{{\"params\":{}}}", params.raw)));
    }
    body.entries.push(("data", format!("[{vector}]")));
    let found = match data(model, v1, &body, entity::search) {
        // Measured on 2.4 and 2.5, where v2 is no stricter; that newer servers refuse it was seen with v2 alone.
        Err(refusal) if search::tells_reversed_range(&refusal) => json!([]),
        found => found.map_err(|refusal| unclassified(model, refusal))?,
    };
    if fits { Ok(found) } else { Err(failure::v1_vector_length(model.version, dimension.unwrap_or_default(), given)) }
}

fn zeros(dimension: Option<usize>) -> String {
    format!("[{}]", vec!["0"; dimension.unwrap_or_default()].join(","))
}
