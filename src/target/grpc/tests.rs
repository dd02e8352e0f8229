//! The client against a server that answers each call as a test says. It speaks HTTP/2 by itself, so that no line of the
//! client is also its judge.

use super::proto::{
    BoolResponse, CollectionSchema, CreateCollectionRequest, CreateIndexRequest, DataType, DescribeCollectionResponse,
    DescribeIndexResponse, FieldData, FieldSchema, GetLoadStateRequest, GetLoadStateResponse,
    GetLoadingProgressResponse, GetVersionResponse, IDs, IndexDescription, InsertRequest, LoadCollectionRequest,
    LoadPartitionsRequest, LongArray, MutationResult, PlaceholderGroup, QueryRequest, QueryResults, ScalarField,
    SearchRequest, SearchResultData, SearchResults, ShowCollectionsResponse, Status, StringArray, field_data, i_ds,
    scalar_field,
};
use super::*;
use crate::contract::{Contract, OVER_GRPC, Tree};
use crate::exchange::Fields;
use crate::profile::Profile;
use crate::target::{Certainty, PreflightError, Secret, Target, preflight};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use prost::Message;
use serde_json::json;
use std::sync::Mutex;
use tokio::net::{TcpListener, TcpStream};

const LIMIT: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

/// What the server answers.
enum Reply {
    /// A message.
    Message(Vec<u8>),
    /// A status of gRPC alone.
    Status(u16, &'static str),
    /// Nothing, ever.
    Silence,
}

fn reply(message: &impl Message) -> Reply {
    Reply::Message(message.encode_to_vec())
}

fn failure(code: i32, error_code: i32, reason: &str) -> Reply {
    reply(&Status { error_code, reason: reason.to_owned(), code })
}

const UNIMPLEMENTED: Reply = Reply::Status(12, "unknown method");
const UNAUTHENTICATED: Reply = Reply::Status(16, "auth check failure, please check username and password are correct");

/// A call as the server saw it: its name, its message and its token.
#[derive(Clone, Debug)]
struct Seen {
    rpc: String,
    message: Vec<u8>,
    authorization: Option<String>,
}

impl Seen {
    fn read<M: Message + Default>(&self) -> M {
        M::decode(self.message.as_slice()).unwrap()
    }
}

/// A server on a port of its own, with the calls that it saw.
struct Stub {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    async fn answering<F: Fn(&Seen) -> Reply + Send + Sync + 'static>(answer: F) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, noted) = (Arc::new(answer), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&answer), Arc::clone(&noted)));
            }
        });
        Self { port, seen }
    }

    fn client(&self) -> Grpc {
        Grpc::new(&Connection::new(format!("grpc://127.0.0.1:{}", self.port))).unwrap()
    }

    /// The only call of this name.
    fn only(&self, rpc: &str) -> Seen {
        let seen = self.seen.lock().unwrap();
        let mut found = seen.iter().filter(|seen| seen.rpc == rpc);
        let only = found.next().unwrap_or_else(|| panic!("{rpc} was not called: {seen:?}")).clone();
        assert!(found.next().is_none(), "{rpc} was called twice");
        only
    }

    fn names(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.rpc.clone()).collect()
    }

    async fn ask(&self, operation: &str, body: Value) -> Result<Value, SendError> {
        let answer = self.client().send(&request(operation, &body), LIMIT).await?;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        Ok(serde_json::from_slice(&answer.body).unwrap())
    }
}

fn request(operation: &str, body: &Value) -> Request {
    Request {
        method: "POST".to_owned(),
        path: format!("/v2/vectordb/{operation}"),
        headers: Fields::default(),
        body: Bytes::from(body.to_string()),
    }
}

async fn connection<F: Fn(&Seen) -> Reply>(stream: TcpStream, answer: Arc<F>, noted: Arc<Mutex<Vec<Seen>>>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    // Calls that are never answered stay open as long as the connection.
    let mut open = Vec::new();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let (head, mut body) = request.into_parts();
        let mut framed = Vec::new();
        while framed.len() < 5 || framed.len() < 5 + u32::from_be_bytes(framed[1..5].try_into().unwrap()) as usize {
            let chunk = std::future::poll_fn(|context| {
                // The connection has to be driven while the body is read.
                let _ = connection.poll_closed(context);
                body.poll_data(context)
            });
            framed.extend(chunk.await.unwrap().unwrap());
        }
        let seen = Seen {
            rpc: head.uri.path().rsplit('/').next().unwrap().to_owned(),
            message: framed[5..].to_vec(),
            authorization: head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()),
        };
        assert_eq!(head.uri.path(), format!("/milvus.proto.milvus.MilvusService/{}", seen.rpc));
        let answered = answer(&seen);
        noted.lock().unwrap().push(seen);
        let head = http::Response::builder().header("content-type", "application/grpc").body(()).unwrap();
        let (message, status, text) = match answered {
            Reply::Message(message) => (Some(message), 0, ""),
            Reply::Status(status, text) => (None, status, text),
            Reply::Silence => {
                open.push(respond);
                continue;
            }
        };
        let mut sender = respond.send_response(head, false).unwrap();
        if let Some(message) = message {
            let mut framed = vec![0];
            framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
            framed.extend(message);
            sender.send_data(framed.into(), false).unwrap();
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from(status));
        trailers.insert("grpc-message", HeaderValue::from_static(text));
        sender.send_trailers(trailers).unwrap();
    }
}

fn books() -> DescribeCollectionResponse {
    let field = |name: &str, data_type: DataType| FieldSchema {
        name: name.to_owned(),
        data_type: data_type.into(),
        ..FieldSchema::default()
    };
    let key = FieldSchema { is_primary_key: true, field_id: 100, ..field("number", DataType::Int64) };
    let fields = vec![key, field("title", DataType::VarChar), field("vector", DataType::FloatVector)];
    DescribeCollectionResponse {
        collection_name: "books".to_owned(),
        collection_id: 7,
        schema: Some(CollectionSchema { fields, enable_dynamic_field: true, ..CollectionSchema::default() }),
        shards_num: 1,
        num_partitions: 1,
        consistency_level: 2,
        ..DescribeCollectionResponse::default()
    }
}

fn titles(texts: &[&str]) -> FieldData {
    let data = StringArray { data: texts.iter().map(|text| (*text).to_owned()).collect() };
    FieldData {
        r#type: DataType::VarChar.into(),
        field_name: "title".to_owned(),
        field: Some(field_data::Field::Scalars(ScalarField { data: Some(scalar_field::Data::StringData(data)) })),
        ..FieldData::default()
    }
}

fn numbers(ids: &[i64]) -> IDs {
    IDs { id_field: Some(i_ds::IdField::IntId(LongArray { data: ids.to_vec() })) }
}

#[tokio::test]
async fn exactly_the_operations_listed_are_done() {
    let stub = Stub::answering(|_| UNIMPLEMENTED).await;
    for operation in OVER_GRPC {
        let Err(SendError::Unimplemented(why)) =
            stub.ask(operation, json!({"collectionName": "books", "indexParams": [{}]})).await
        else {
            panic!("{operation} was answered");
        };
        assert!(why.starts_with("the server does not implement "), "{operation}: {why}");
    }
    let contract = Contract::load(&Tree::embedded()).unwrap();
    assert!(OVER_GRPC.iter().all(|operation| contract.operations.contains_key(*operation)));
    for operation in contract.operations.keys().filter(|name| !OVER_GRPC.contains(&name.as_str())) {
        let Err(SendError::Unimplemented(why)) = stub.ask(operation, json!({})).await else {
            panic!("{operation} was answered");
        };
        assert!(why.contains("the gRPC driver does no"), "{operation}: {why}");
    }
}

#[tokio::test]
async fn a_quick_collection_is_made_indexed_and_loaded() {
    let stub = Stub::answering(|_| failure(0, 0, "")).await;
    let asked = json!({"collectionName": "books", "dimension": 4, "metricType": "L2", "dbName": "library"});
    assert_eq!(stub.ask("collections/create", asked).await.unwrap(), json!({"code": 0, "data": {}}));
    assert_eq!(stub.names(), ["CreateCollection", "CreateIndex", "LoadCollection"]);
    let created: CreateCollectionRequest = stub.only("CreateCollection").read();
    assert_eq!((created.db_name.as_str(), created.consistency_level, created.shards_num), ("library", 2, 1));
    let schema = CollectionSchema::decode(created.schema.as_slice()).unwrap();
    let fields: Vec<_> = schema.fields.iter().map(|field| (field.name.as_str(), field.data_type)).collect();
    assert_eq!(fields, [("id", DataType::Int64.into()), ("vector", DataType::FloatVector.into())]);
    assert!(schema.enable_dynamic_field && schema.fields[0].is_primary_key);
    assert_eq!(schema::value_of(&schema.fields[1].type_params, "dim"), Some("4"));
    let index: CreateIndexRequest = stub.only("CreateIndex").read();
    assert_eq!((index.field_name.as_str(), index.index_name.as_str()), ("vector", "vector"));
    assert_eq!(schema::value_of(&index.extra_params, "metric_type"), Some("L2"));
    let load: LoadCollectionRequest = stub.only("LoadCollection").read();
    assert_eq!((load.collection_name.as_str(), load.db_name.as_str(), load.refresh), ("books", "library", false));
}

#[tokio::test]
async fn what_failed_after_the_collection_was_made_is_told() {
    let stub = Stub::answering(|seen| match seen.rpc.as_str() {
        "CreateIndex" => failure(1100, 5, "metric type not fit"),
        _ => failure(0, 0, ""),
    })
    .await;
    let field = |name: &str, kind: &str| json!({"fieldName": name, "dataType": kind});
    let schema = json!({"fields": [field("id", "Int64"), field("vector", "FloatVector")]});
    let asked = |index: &str| json!({"collectionName": "books", "schema": schema, "indexParams": [{"fieldName": index, "metricType": "L2"}]});
    let answer = stub.ask("collections/create", asked("vector")).await.unwrap();
    assert_eq!(answer, json!({"code": 1100, "message": "metric type not fit"}));
    assert_eq!(stub.names(), ["CreateCollection", "CreateIndex"]);
    assert_eq!(stub.ask("collections/create", asked("nope")).await.unwrap()["code"], 1802);
}

#[tokio::test]
async fn nothing_is_left_out_of_a_schema_in_silence() {
    let stub = Stub::answering(|_| failure(0, 0, "")).await;
    let fields = json!([{"fieldName": "id", "dataType": "Int64", "isPrimary": true}]);
    let schema = json!({"fields": fields, "functions": [{"name": "words"}]});
    let refused = stub.ask("collections/create", json!({"collectionName": "books", "schema": schema})).await;
    assert!(matches!(refused, Err(SendError::Unimplemented(why)) if why.contains("`functions`")));
    assert!(stub.names().is_empty());
    let schema = json!({"fields": fields, "functions": []});
    stub.ask("collections/create", json!({"collectionName": "books", "schema": schema})).await.unwrap();
    assert_eq!(stub.names(), ["CreateCollection"]);
}

#[tokio::test]
async fn fields_are_chosen_for_a_load() {
    let stub = Stub::answering(|_| failure(0, 0, "")).await;
    let chosen = json!({"collectionName": "books", "loadFields": ["id", "vector"], "skipLoadDynamicField": true});
    stub.ask("collections/load", chosen).await.unwrap();
    let load: LoadCollectionRequest = stub.only("LoadCollection").read();
    assert_eq!((load.load_fields, load.skip_load_dynamic_field), (vec!["id".to_owned(), "vector".to_owned()], true));
    let chosen = json!({"collectionName": "books", "partitionNames": ["january"], "loadFields": ["id"]});
    stub.ask("partitions/load", chosen).await.unwrap();
    let load: LoadPartitionsRequest = stub.only("LoadPartitions").read();
    assert_eq!((load.partition_names, load.load_fields), (vec!["january".to_owned()], vec!["id".to_owned()]));
    assert!(!load.skip_load_dynamic_field);
}

#[tokio::test]
async fn load_states_are_told_as_over_http() {
    for (state, progress, told) in [
        (0, None, json!({"code": 100, "message": "collection not found[collection=books]"})),
        (1, None, json!({"code": 0, "data": {"loadState": "LoadStateNotLoad"}})),
        (2, Some(40), json!({"code": 0, "message": "", "data": {"loadState": "LoadStateLoading", "loadProgress": 40}})),
        (
            3,
            Some(100),
            json!({"code": 0, "message": "", "data": {"loadState": "LoadStateLoaded", "loadProgress": 100}}),
        ),
    ] {
        let stub = Stub::answering(move |seen| match seen.rpc.as_str() {
            "GetLoadState" => reply(&GetLoadStateResponse { status: None, state }),
            _ => reply(&GetLoadingProgressResponse { status: None, progress: progress.unwrap() }),
        })
        .await;
        let asked = json!({"collectionName": "books", "partitionNames": ["january"]});
        assert_eq!(stub.ask("collections/get_load_state", asked).await.unwrap(), told);
        let state: GetLoadStateRequest = stub.only("GetLoadState").read();
        assert_eq!(state.partition_names, ["january"]);
    }
}

#[tokio::test]
async fn a_collection_is_described_from_three_calls() {
    let stub = Stub::answering(|seen| match seen.rpc.as_str() {
        "DescribeCollection" => reply(&books()),
        "GetLoadState" => reply(&GetLoadStateResponse { status: None, state: 3 }),
        _ => {
            let params = vec![asked::pair("metric_type", "IP")];
            let found = IndexDescription {
                index_name: "by_vector".to_owned(),
                field_name: "vector".to_owned(),
                params,
                ..IndexDescription::default()
            };
            reply(&DescribeIndexResponse { status: None, index_descriptions: vec![found] })
        }
    })
    .await;
    let told = stub.ask("collections/describe", json!({"collectionName": "books"})).await.unwrap();
    let data = &told["data"];
    assert_eq!(data["load"], "LoadStateLoaded");
    assert_eq!(data["indexes"], json!([{"fieldName": "vector", "indexName": "by_vector", "metricType": "IP"}]));
    assert_eq!((&data["consistencyLevel"], &data["enableDynamicField"]), (&json!("Bounded"), &json!(true)));
    assert_eq!(data["fields"][0]["name"], "number");
    assert_eq!((&data["fields"][0]["type"], &data["fields"][0]["id"]), (&json!("Int64"), &json!(100)));
}

#[tokio::test]
async fn rows_are_written_in_columns() {
    let stub = Stub::answering(|seen| match seen.rpc.as_str() {
        "DescribeCollection" => reply(&books()),
        _ => reply(&MutationResult { insert_cnt: 2, i_ds: Some(numbers(&[1, 2])), ..MutationResult::default() }),
    })
    .await;
    let row = |number: i64| json!({"number": number, "title": "t", "vector": [0.5, 1.0], "color": "red"});
    let asked = json!({"collectionName": "books", "partitionName": "january", "data": [row(1), row(2)]});
    let answer = stub.ask("entities/insert", asked).await.unwrap();
    assert_eq!(answer, json!({"code": 0, "cost": 0, "data": {"insertCount": 2, "insertIds": [1, 2]}}));
    let sent: InsertRequest = stub.only("Insert").read();
    assert_eq!((sent.num_rows, sent.partition_name.as_str()), (2, "january"));
    let names: Vec<_> = sent.fields_data.iter().map(|column| (column.field_name.as_str(), column.is_dynamic)).collect();
    assert_eq!(names, [("number", false), ("title", false), ("vector", false), ("$meta", true)]);
}

#[tokio::test]
async fn a_query_has_a_window_and_a_count_has_none() {
    let stub = Stub::answering(|_| {
        reply(&QueryResults { fields_data: vec![titles(&["one", "two"])], ..QueryResults::default() })
    })
    .await;
    let asked = json!({"collectionName": "books", "filter": "number > 0", "offset": 3, "consistencyLevel": "Strong"});
    let answer = stub.ask("entities/query", asked).await.unwrap();
    assert_eq!(answer, json!({"code": 0, "cost": 0, "data": [{"title": "one"}, {"title": "two"}]}));
    let sent: QueryRequest = stub.only("Query").read();
    assert_eq!(schema::value_of(&sent.query_params, "limit"), Some("100"));
    assert_eq!(schema::value_of(&sent.query_params, "offset"), Some("3"));
    assert_eq!((sent.consistency_level, sent.use_default_consistency, sent.guarantee_timestamp), (0, false, 0));
    assert_eq!(sent.output_fields, ["*"]);

    let stub = Stub::answering(|_| reply(&QueryResults::default())).await;
    stub.ask("entities/query", json!({"collectionName": "books", "outputFields": ["count(*)"]})).await.unwrap();
    let sent: QueryRequest = stub.only("Query").read();
    assert!(sent.query_params.is_empty() && sent.use_default_consistency);
}

#[tokio::test]
async fn a_search_finds_its_field_and_tells_its_hits() {
    let stub = Stub::answering(|seen| match seen.rpc.as_str() {
        "DescribeCollection" => reply(&books()),
        _ => {
            let results = SearchResultData {
                fields_data: vec![titles(&["one", "two"])],
                scores: vec![0.0, 0.1],
                ids: Some(numbers(&[1, 2])),
                topks: vec![2],
                ..SearchResultData::default()
            };
            reply(&SearchResults { results: Some(results), ..SearchResults::default() })
        }
    })
    .await;
    let asked = json!({
        "collectionName": "books", "data": [[1.0, -2.0]], "limit": 5, "outputFields": ["title"],
        "searchParams": {"params": {"radius": 2}, "range_filter": 0.5, "metric_type": "L2"},
    });
    let answer = stub.ask("entities/search", asked).await.unwrap();
    let hits = json!([{"number": 1, "distance": 0.0, "title": "one"}, {"number": 2, "distance": 0.1, "title": "two"}]);
    assert_eq!(answer, json!({"code": 0, "cost": 0, "topks": [2], "data": hits}));
    let sent: SearchRequest = stub.only("Search").read();
    let param = |key: &str| schema::value_of(&sent.search_params, key);
    assert_eq!((param("anns_field"), param("topk"), param("metric_type")), (Some("vector"), Some("5"), Some("L2")));
    assert_eq!(param("params"), Some(r#"{"radius":2,"range_filter":0.5}"#));
    let group = PlaceholderGroup::decode(sent.placeholder_group.as_slice()).unwrap();
    assert_eq!(group.placeholders[0].values, [vec![0, 0, 128, 63, 0, 0, 0, 192]]);
    assert_eq!((sent.nq, group.placeholders[0].tag.as_str()), (1, "$0"));
}

#[tokio::test]
async fn keys_are_written_into_a_filter_as_their_type_wants_it() {
    for (kind, ids, filter) in [
        (DataType::Int64, json!([1, "2"]), "number in [1, 2]"),
        (DataType::VarChar, json!(["a\"b\\", "c"]), r#"number in ["a\"b\\", "c"]"#),
        (DataType::Int64, json!(7), "number in [7]"),
    ] {
        let stub = Stub::answering(move |seen| match seen.rpc.as_str() {
            "DescribeCollection" => {
                let mut described = books();
                described.schema.as_mut().unwrap().fields[0].data_type = kind.into();
                reply(&described)
            }
            _ => reply(&QueryResults::default()),
        })
        .await;
        let answer = stub.ask("entities/get", json!({"collectionName": "books", "id": ids})).await.unwrap();
        assert_eq!(answer["data"], json!([]));
        assert_eq!(stub.only("Query").read::<QueryRequest>().expr, filter);
    }
}

#[tokio::test]
async fn refusals_keep_their_code_and_words() {
    let stub = Stub::answering(|seen| match seen.rpc.as_str() {
        "HasCollection" => {
            let status = Status { code: 1100, error_code: 5, reason: "bad name".to_owned() };
            reply(&BoolResponse { status: Some(status), value: false })
        }
        "DropPartition" => failure(65535, 1, "partition is loaded"),
        "DropCollection" => UNAUTHENTICATED,
        _ => Reply::Status(3, "no such thing"),
    })
    .await;
    for (operation, told) in [
        ("collections/has", json!({"code": 1100, "message": "bad name"})),
        ("partitions/drop", json!({"code": 65535, "message": "partition is loaded"})),
        ("aliases/drop", json!({"code": 65535, "message": "rpc error: code = InvalidArgument desc = no such thing"})),
    ] {
        assert_eq!(stub.ask(operation, json!({"collectionName": "books"})).await.unwrap(), told, "{operation}");
    }
    let refused = stub.ask("collections/drop", json!({"collectionName": "books"})).await.unwrap();
    assert_eq!(refused["code"], 1800);
}

#[tokio::test]
async fn the_token_is_carried_in_base64() {
    let stub = Stub::answering(|_| reply(&ShowCollectionsResponse::default())).await;
    let mut asked = request("collections/list", &json!({}));
    asked.headers.push(("Authorization".to_owned(), "Bearer root:Milvus".to_owned()));
    stub.client().send(&asked, LIMIT).await.unwrap();
    assert_eq!(stub.only("ShowCollections").authorization.as_deref(), Some("cm9vdDpNaWx2dXM="));
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let stub = Stub::answering(|_| Reply::Silence).await;
    let refused = stub.client().send(&request("collections/list", &json!({})), SHORT).await;
    assert_eq!(refused.unwrap_err(), SendError::Timeout { after: SHORT });
}

#[test]
fn addresses_are_read_as_those_of_http_are() {
    for (given, read) in [
        ("grpc://localhost:19530", Ok("grpc://localhost:19530")),
        ("grpc://localhost", Ok("grpc://localhost:19530")),
        ("grpc://localhost:80/", Ok("grpc://localhost:80")),
        ("grpc://[::1]:1", Ok("grpc://[::1]:1")),
        ("grpc://[::1]", Ok("grpc://[::1]:19530")),
        ("grpc://root:hunter22@host", Err("--token user:password")),
        ("grpc://host:1/gateway", Err("no path")),
        ("grpc://", Err("names no host")),
    ] {
        let found = Grpc::new(&Connection::new(given));
        match read {
            Ok(read) => assert_eq!(found.unwrap().url(), read),
            Err(told) => {
                let refused = found.unwrap_err().to_string();
                assert!(refused.contains(told) && !refused.contains("hunter22"), "{given}: {refused}");
            }
        }
    }
}

/// The look at a stub with a token.
async fn look(port: u16, token: Option<&str>) -> Result<crate::target::Recognition, PreflightError> {
    let target = Target::connect(&Connection::new(format!("grpc://127.0.0.1:{port}"))).unwrap();
    let contract = Contract::load(&Tree::embedded()).unwrap();
    preflight(&target, &contract, token.map(Secret::new).as_ref(), None, SHORT).await
}

fn version(told: &'static str) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    move |seen| match (seen.rpc.as_str(), seen.authorization.as_deref()) {
        ("GetVersion", _) => reply(&GetVersionResponse { status: None, version: told.to_owned() }),
        _ => reply(&ShowCollectionsResponse::default()),
    }
}

#[tokio::test]
async fn the_profile_is_known_by_the_version() {
    let stub = Stub::answering(version("v2.5.13")).await;
    let found = look(stub.port, Some("root:Milvus")).await.unwrap();
    assert_eq!((found.profile, found.certainty, found.auth), (Profile::Milvus25, Certainty::Certain, false));
    let contract = Contract::load(&Tree::embedded()).unwrap();
    assert!(found.capabilities(&contract, None).contains("grpc"));
    let stub = Stub::answering(version("milvus_lite-3.2.2")).await;
    let refused = look(stub.port, None).await.unwrap_err().to_string();
    assert!(refused.contains("`milvus_lite-3.2.2`") && refused.contains("--profile: milvus-2.3"), "{refused}");
}

#[tokio::test]
async fn tokens_are_asked_for_taken_and_refused() {
    let stub = Stub::answering(|seen| match seen.authorization.as_deref() {
        Some("cm9vdDpNaWx2dXM=") => version("v2.6.1")(seen),
        _ => UNAUTHENTICATED,
    })
    .await;
    assert!(look(stub.port, Some("root:Milvus")).await.unwrap().auth);
    assert!(matches!(look(stub.port, None).await, Err(PreflightError::TokenMissing { .. })));
    let refused = look(stub.port, Some("root:hunter22")).await.unwrap_err();
    assert!(matches!(refused, PreflightError::TokenRefused { .. }) && !refused.to_string().contains("hunter22"));
}

#[tokio::test]
async fn a_port_that_is_not_milvus_is_told() {
    // Nothing listens.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert!(matches!(look(free, None).await, Err(PreflightError::Refused { .. })));
    // A gRPC server of something else.
    let stub = Stub::answering(|_| UNIMPLEMENTED).await;
    let told = look(stub.port, None).await.unwrap_err().to_string();
    assert!(told.contains("does not implement ShowCollections"), "{told}");
    // A Milvus that starts and never gets ready.
    let starting = |_: &Seen| {
        let status = Status { code: 1, error_code: 1, reason: "service unavailable".to_owned() };
        reply(&ShowCollectionsResponse { status: Some(status), ..ShowCollectionsResponse::default() })
    };
    let stub = Stub::answering(starting).await;
    let told = look(stub.port, None).await.unwrap_err().to_string();
    assert!(told.contains("was not ready within") && told.contains("service unavailable"), "{told}");
    // A server of HTTP/1, and one that says nothing.
    for (heard, expected) in [("HTTP/1.1 400 Bad Request\r\n\r\n", "answers HTTP/1"), ("", "no complete answer")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut greeting = [0; 16];
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut greeting).await;
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, heard.as_bytes()).await;
                if heard.is_empty() {
                    kept.push(stream);
                }
            }
        });
        let told = look(port, None).await.unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
    }
}
