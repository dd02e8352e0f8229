//! Collections and their load state.

use super::answer::Answer;
use super::asked::{Asked, as_text, consistency, pair};
use super::call::{COLLECTION_NOT_FOUND, Calls, Stop};
use super::indexes;
use super::proto::{
    AlterCollectionRequest, BoolResponse, CollectionRequest, ConsistencyLevel, CreateCollectionRequest,
    DescribeCollectionResponse, FlushRequest, FlushResponse, GetLoadStateRequest, GetLoadStateResponse,
    GetLoadingProgressResponse, KeyValuePair, LoadCollectionRequest, LoadState, RenameCollectionRequest,
    ShowCollectionsRequest, ShowCollectionsResponse, StatisticsResponse,
};
use super::schema;
use prost::Message;
use serde_json::{Value, json};

/// The code for a field that no schema has.
const NO_SUCH_FIELD: i64 = 1802;

pub(super) fn named(asked: &Asked) -> CollectionRequest {
    CollectionRequest { db_name: asked.database(), collection_name: asked.collection() }
}

pub(super) async fn describe_raw(calls: &Calls, asked: &Asked) -> Result<DescribeCollectionResponse, Stop> {
    calls.ask("DescribeCollection", named(asked)).await
}

pub(super) async fn list(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = ShowCollectionsRequest { db_name: asked.database() };
    let shown: ShowCollectionsResponse = calls.ask("ShowCollections", question).await?;
    Ok(Answer::data(shown.collection_names))
}

pub(super) async fn has(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let has: BoolResponse = calls.ask("HasCollection", named(asked)).await?;
    Ok(Answer::data(json!({"has": has.value})))
}

/// Makes a collection, then its indexes, then loads it, as the one call over HTTP does. What was made before something
/// failed stays.
pub(super) async fn create(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let name = asked.collection();
    let written = asked.get("schema").filter(|schema| schema.get("fields").is_some_and(|fields| *fields != json!([])));
    let schema = match written {
        Some(written) => schema::full(written, &name, asked.text("description"))?,
        None => schema::quick(asked.body(), &name)?,
    };
    let params = asked.get("params");
    let param = |key: &str| params.and_then(|params| params.get(key));
    let number = |key: &str| param(key).and_then(Value::as_i64);
    let level = consistency(param("consistencyLevel"))?.unwrap_or(ConsistencyLevel::Bounded);
    let by_key = schema.fields.iter().any(|field| field.is_partition_key);
    let question = CreateCollectionRequest {
        db_name: asked.database(),
        collection_name: name,
        schema: schema.encode_to_vec(),
        shards_num: number("shardsNum").and_then(|number| i32::try_from(number).ok()).unwrap_or(1),
        consistency_level: level.into(),
        properties: properties(params),
        num_partitions: if by_key { number("partitionsNum").unwrap_or_default() } else { 0 },
    };
    calls.tell("CreateCollection", question).await?;
    let indexes = match written {
        Some(_) => asked.list("indexParams").to_vec(),
        None => {
            let field = asked.get("vectorFieldName").map_or_else(|| "vector".to_owned(), as_text);
            let metric = asked.get("metricType").map_or_else(|| "COSINE".to_owned(), as_text);
            vec![json!({"fieldName": field, "indexName": field, "indexType": "AUTOINDEX", "metricType": metric})]
        }
    };
    for index in &indexes {
        let field = index.get("fieldName").map(as_text).unwrap_or_default();
        if !schema.fields.iter().any(|declared| declared.name == field) {
            return Err(Stop::failure(NO_SUCH_FIELD, format!("the schema has no field `{field}` for an index")));
        }
        indexes::create_one(calls, asked, index).await?;
    }
    if !indexes.is_empty() {
        load(calls, asked, false).await?;
    }
    Ok(Answer::done())
}

/// The properties that HTTP takes as parameters.
fn properties(params: Option<&Value>) -> Vec<KeyValuePair> {
    let known = [
        ("ttlSeconds", "collection.ttl.seconds"),
        ("partitionKeyIsolation", "partitionkey.isolation"),
        ("mmap.enabled", "mmap.enabled"),
    ];
    let given = |(key, property): (&str, &str)| Some(pair(property, as_text(params?.get(key)?)));
    known.into_iter().filter_map(given).collect()
}

pub(super) async fn describe(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let described = describe_raw(calls, asked).await?;
    let of_load = load_state_of(calls, asked, Vec::new()).await;
    let load = of_load.map_or("", |state| state.as_str_name());
    let indexes = match indexes::described(calls, asked, String::new()).await {
        Ok(found) => found,
        // No index is a failure of that call, and none of this one.
        Err(Stop::Failure { .. }) => Vec::new(),
        Err(none) => return Err(none),
    };
    let schema = described.schema.unwrap_or_default();
    let indexes: Vec<Value> = indexes
        .iter()
        .map(|index| {
            let metric = schema::value_of(&index.params, "metric_type").unwrap_or("COSINE");
            json!({"fieldName": index.field_name, "indexName": index.index_name, "metricType": metric})
        })
        .collect();
    let level = ConsistencyLevel::try_from(described.consistency_level).unwrap_or(ConsistencyLevel::Bounded);
    Ok(Answer::data(json!({
        "collectionName": described.collection_name,
        "collectionID": described.collection_id,
        "description": schema.description,
        "autoId": schema::primary_key(&schema).is_some_and(|key| key.auto_id),
        "fields": schema::declared(&schema).map(schema::described).collect::<Vec<_>>(),
        "aliases": described.aliases,
        "indexes": indexes,
        "load": load,
        "shardsNum": described.shards_num,
        "partitionsNum": described.num_partitions,
        "consistencyLevel": level.as_str_name(),
        "enableDynamicField": schema.enable_dynamic_field,
        "properties": schema::pairs(&described.properties),
    })))
}

pub(super) async fn drop_one(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    calls.tell("DropCollection", named(asked)).await?;
    Ok(Answer::done())
}

pub(super) async fn rename(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = RenameCollectionRequest {
        db_name: asked.database(),
        old_name: asked.collection(),
        new_name: asked.text("newCollectionName"),
        new_db_name: asked.text("newDbName"),
    };
    calls.tell("RenameCollection", question).await?;
    Ok(Answer::done())
}

pub(super) async fn load(calls: &Calls, asked: &Asked, refresh: bool) -> Result<Answer, Stop> {
    let question = LoadCollectionRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        replica_number: asked.small("replicaNumber"),
        refresh,
        load_fields: asked.texts("loadFields"),
        skip_load_dynamic_field: asked.flag("skipLoadDynamicField"),
    };
    calls.tell("LoadCollection", question).await?;
    Ok(Answer::done())
}

pub(super) async fn release(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    calls.tell("ReleaseCollection", named(asked)).await?;
    Ok(Answer::done())
}

fn of_load(asked: &Asked, partition_names: Vec<String>) -> GetLoadStateRequest {
    GetLoadStateRequest { collection_name: asked.collection(), partition_names, db_name: asked.database() }
}

async fn load_state_of(calls: &Calls, asked: &Asked, partitions: Vec<String>) -> Result<LoadState, Stop> {
    let state: GetLoadStateResponse = calls.ask("GetLoadState", of_load(asked, partitions)).await?;
    Ok(LoadState::try_from(state.state).unwrap_or(LoadState::NotExist))
}

pub(super) async fn get_load_state(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let partitions = asked.texts("partitionNames");
    let state = load_state_of(calls, asked, partitions.clone()).await?;
    let told = |progress: i64| json!({"loadState": state.as_str_name(), "loadProgress": progress});
    match state {
        LoadState::NotExist => {
            let message = format!("collection not found[collection={}]", asked.collection());
            Err(Stop::failure(COLLECTION_NOT_FOUND, message))
        }
        LoadState::NotLoad => Ok(Answer::data(json!({"loadState": state.as_str_name()}))),
        LoadState::Loading | LoadState::Loaded => {
            let asked: Result<GetLoadingProgressResponse, Stop> =
                calls.ask("GetLoadingProgress", of_load(asked, partitions)).await;
            match asked {
                Ok(answer) => Ok(Answer::data(told(answer.progress)).and("message", "")),
                // It was released between the two calls: there is no progress any more.
                Err(Stop::Failure { message, .. }) => Ok(Answer::data(told(-1)).and("message", message)),
                Err(none) => Err(none),
            }
        }
    }
}

/// The number of rows in statistics.
pub(super) fn row_count(stats: &[KeyValuePair]) -> Value {
    let count = schema::value_of(stats, "row_count").and_then(|count| count.parse::<i64>().ok());
    json!({"rowCount": count.unwrap_or_default()})
}

pub(super) async fn get_stats(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let statistics: StatisticsResponse = calls.ask("GetCollectionStatistics", named(asked)).await?;
    Ok(Answer::data(row_count(&statistics.stats)))
}

pub(super) async fn flush(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = FlushRequest { db_name: asked.database(), collection_names: vec![asked.collection()] };
    let _: FlushResponse = calls.ask("Flush", question).await?;
    Ok(Answer::done())
}

pub(super) async fn alter(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = AlterCollectionRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        properties: asked.pairs("properties"),
        delete_keys: asked.texts("propertyKeys"),
    };
    calls.tell("AlterCollection", question).await?;
    Ok(Answer::done())
}
