//! Entities: writing, reading and searching.

use super::answer::Answer;
use super::asked::{Asked, as_text, pair};
use super::call::{Calls, Stop};
use super::collections::describe_raw;
use super::proto::{
    CollectionSchema, ConsistencyLevel, DataType, DeleteRequest, DslType, InsertRequest, KeyValuePair, MutationResult,
    PlaceholderGroup, PlaceholderType, PlaceholderValue, QueryRequest, QueryResults, SearchRequest, SearchResults,
    UpsertRequest,
};
use super::rows::{columns, floats, ids, length, rows, single};
use super::schema::{is_vector, primary_key};
use prost::Message;
use serde_json::{Map, Value, json};

/// How many rows a query or a search gives unless told otherwise, which over HTTP is for the front to say.
const DEFAULT_LIMIT: i64 = 100;

/// The code for query vectors that are none.
const BAD_VECTORS: i64 = 1801;

async fn schema_of(calls: &Calls, asked: &Asked) -> Result<CollectionSchema, Stop> {
    Ok(describe_raw(calls, asked).await?.schema.unwrap_or_default())
}

/// The list of rows; a single one may stand alone.
fn given_rows(asked: &Asked) -> Vec<Value> {
    match asked.get("data") {
        Some(Value::Array(rows)) => rows.clone(),
        Some(row) => vec![row.clone()],
        None => Vec::new(),
    }
}

pub(super) async fn insert(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let schema = schema_of(calls, asked).await?;
    let rows = given_rows(asked);
    let question = InsertRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        partition_name: asked.text("partitionName"),
        fields_data: columns(&schema, &rows)?,
        num_rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
    };
    let done: MutationResult = calls.ask("Insert", question).await?;
    let data = json!({"insertCount": done.insert_cnt, "insertIds": ids(done.i_ds.as_ref())});
    Ok(Answer::data(data).and("cost", 0))
}

pub(super) async fn upsert(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    if asked.flag("partialUpdate") || asked.get("fieldOps").is_some() {
        return Err(Stop::uncarried("the gRPC driver carries no partial updates"));
    }
    let schema = schema_of(calls, asked).await?;
    let rows = given_rows(asked);
    let question = UpsertRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        partition_name: asked.text("partitionName"),
        fields_data: columns(&schema, &rows)?,
        num_rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
    };
    let done: MutationResult = calls.ask("Upsert", question).await?;
    let data = json!({"upsertCount": done.upsert_cnt, "upsertIds": ids(done.i_ds.as_ref())});
    Ok(Answer::data(data).and("cost", 0))
}

/// Parameters of filters are put in by the front of later versions.
fn without_templates(asked: &Asked) -> Result<(), Stop> {
    match asked.get("exprParams") {
        Some(_) => Err(Stop::uncarried("the gRPC driver carries no parameters of filters")),
        None => Ok(()),
    }
}

pub(super) async fn delete(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    without_templates(asked)?;
    let question = DeleteRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        partition_name: asked.text("partitionName"),
        expr: asked.text("filter"),
        consistency_level: ConsistencyLevel::Strong.into(),
    };
    let done: MutationResult = calls.ask("Delete", question).await?;
    Ok(Answer::data(json!({"deleteCount": done.delete_cnt})))
}

pub(super) async fn get(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let schema = schema_of(calls, asked).await?;
    let Some(key) = primary_key(&schema) else {
        return Err(Stop::uncarried("a collection without a primary key"));
    };
    let given = match asked.get("id") {
        Some(Value::Array(ids)) => ids.clone(),
        Some(id) => vec![id.clone()],
        None => Vec::new(),
    };
    let quoted = key.data_type == i32::from(DataType::VarChar);
    // The texts of filters are quoted as those of JSON are.
    let written = |id: &Value| if quoted { Value::String(as_text(id)).to_string() } else { as_text(id) };
    let list: Vec<String> = given.iter().map(written).collect();
    select(calls, asked, format!("{} in [{}]", key.name, list.join(", ")), Vec::new()).await
}

pub(super) async fn query(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    without_templates(asked)?;
    let counts = asked.texts("outputFields").iter().any(|field| field == "count(*)");
    let limit = asked.number("limit").or((!counts).then_some(DEFAULT_LIMIT)).filter(|limit| *limit > 0);
    let mut window = Vec::new();
    if let Some(limit) = limit {
        window.push(pair("limit", limit.to_string()));
        let offset = asked.number("offset").filter(|offset| *offset > 0);
        window.extend(offset.map(|offset| pair("offset", offset.to_string())));
    }
    select(calls, asked, asked.text("filter"), window).await
}

async fn select(calls: &Calls, asked: &Asked, expr: String, window: Vec<KeyValuePair>) -> Result<Answer, Stop> {
    let mut wanted = asked.texts("outputFields");
    if wanted.is_empty() {
        wanted.push("*".to_owned());
    }
    let (level, guarantee_timestamp) = read_at(asked.consistency()?);
    let question = QueryRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        expr,
        output_fields: wanted.clone(),
        partition_names: asked.texts("partitionNames"),
        guarantee_timestamp,
        query_params: window,
        consistency_level: level.unwrap_or(ConsistencyLevel::Bounded).into(),
        use_default_consistency: level.is_none(),
    };
    let found: QueryResults = calls.ask("Query", question).await?;
    let rows = rows(&found.fields_data, length(&found.fields_data), &wanted)?;
    Ok(Answer::data(rows.into_iter().map(Value::Object).collect::<Vec<_>>()).and("cost", 0))
}

/// The time up to which a read has to see writes, by which servers tell the levels apart.
fn read_at(level: Option<ConsistencyLevel>) -> (Option<ConsistencyLevel>, u64) {
    let time = match level {
        Some(ConsistencyLevel::Eventually) => 1,
        Some(ConsistencyLevel::Bounded) => 2,
        Some(ConsistencyLevel::Strong | ConsistencyLevel::Session | ConsistencyLevel::Customized) | None => 0,
    };
    (level, time)
}

pub(super) async fn search(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    without_templates(asked)?;
    for key in ["ids", "functionScore", "searchAggregation", "groupSize"] {
        if asked.get(key).is_some() {
            return Err(Stop::uncarried(format!("the gRPC driver carries no `{key}` of a search")));
        }
    }
    let schema = schema_of(calls, asked).await?;
    let vectors = asked.list("data");
    let (level, guarantee_timestamp) = read_at(asked.consistency()?);
    let output_fields = asked.texts("outputFields");
    let question = SearchRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        partition_names: asked.texts("partitionNames"),
        dsl: asked.text("filter"),
        placeholder_group: placeholders(&schema, asked, vectors)?,
        dsl_type: DslType::BoolExprV1.into(),
        output_fields: output_fields.clone(),
        search_params: search_params(&schema, asked),
        guarantee_timestamp,
        nq: i64::try_from(vectors.len()).unwrap_or_default(),
        consistency_level: level.unwrap_or(ConsistencyLevel::Bounded).into(),
        use_default_consistency: level.is_none(),
    };
    let found: SearchResults = calls.ask("Search", question).await?;
    let results = found.results.unwrap_or_default();
    let keys = ids(results.ids.as_ref());
    let named = primary_key(&schema).map_or("id", |key| key.name.as_str());
    let others = rows(&results.fields_data, keys.len(), &output_fields)?;
    let hits: Vec<Value> = keys
        .into_iter()
        .zip(&results.scores)
        .zip(others)
        .map(|((key, score), mut hit)| {
            hit.insert(named.to_owned(), key);
            hit.insert("distance".to_owned(), single(*score));
            Value::Object(hit)
        })
        .collect();
    let answer = Answer::data(hits).and("cost", 0);
    Ok(if results.topks.is_empty() { answer } else { answer.and("topks", results.topks) })
}

/// The field that is searched: the one named, or the only one with vectors.
fn searched(schema: &CollectionSchema, asked: &Asked) -> String {
    let mut vectors = schema.fields.iter().filter(|field| is_vector(field));
    match (asked.get("annsField"), vectors.next(), vectors.next()) {
        (Some(named), ..) => as_text(named),
        (None, Some(only), None) => only.name.clone(),
        (None, ..) => String::new(),
    }
}

fn placeholders(schema: &CollectionSchema, asked: &Asked, vectors: &[Value]) -> Result<Vec<u8>, Stop> {
    let field = searched(schema, asked);
    let kind = schema.fields.iter().find(|declared| declared.name == field).map(|declared| declared.data_type);
    if kind.is_some_and(|kind| (100..200).contains(&kind) && kind != i32::from(DataType::FloatVector)) {
        return Err(Stop::uncarried("the gRPC driver searches in vectors of floats only"));
    }
    let bytes = |vector: &Value| {
        let numbers =
            floats(vector).ok_or_else(|| Stop::failure(BAD_VECTORS, "a query vector has to be a list of numbers"))?;
        Ok(numbers.into_iter().flat_map(f32::to_le_bytes).collect())
    };
    let group = PlaceholderGroup {
        placeholders: vec![PlaceholderValue {
            tag: "$0".to_owned(),
            r#type: PlaceholderType::PlaceholderFloatVector.into(),
            values: vectors.iter().map(bytes).collect::<Result<_, Stop>>()?,
        }],
    };
    Ok(group.encode_to_vec())
}

fn search_params(schema: &CollectionSchema, asked: &Asked) -> Vec<KeyValuePair> {
    let given = asked.get("searchParams").and_then(Value::as_object).cloned().unwrap_or_default();
    let own = |key: &str| given.get(key).map(as_text);
    let mut params: Map<String, Value> = given.get("params").and_then(Value::as_object).cloned().unwrap_or_default();
    let known = ["params", "metricType", "metric_type", "ignoreGrowing", "ignore_growing"];
    let flat = given.iter().filter(|(key, _)| !known.contains(&key.as_str()));
    params.extend(flat.map(|(key, value)| (key.clone(), value.clone())));
    let limit = asked.number("limit").unwrap_or(DEFAULT_LIMIT);
    let mut told = vec![
        pair("anns_field", searched(schema, asked)),
        pair("topk", limit.to_string()),
        pair("offset", asked.number("offset").unwrap_or_default().to_string()),
        pair("params", Value::Object(params).to_string()),
        pair("round_decimal", "-1"),
    ];
    told.extend(own("metric_type").map(|metric| pair("metric_type", metric)));
    let growing = own("ignore_growing").or_else(|| own("ignoreGrowing"));
    told.extend(growing.map(|growing| pair("ignore_growing", growing)));
    told.extend(asked.get("groupingField").map(|field| pair("group_by_field", as_text(field))));
    told
}
