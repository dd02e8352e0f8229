//! The front of the API v1: its routes, its keys, its envelope.
//!
//! Measured on 2.3.5, 2.4 and 2.5; later versions are taken to be as 2.5 is. v1 says 200 for a success, names every
//! required key when one is missing, and reads no header but the one about integers.

use super::binding::{self, Field, Kind, Shape, Unfit};
use super::json::{Node, Value as Json};
use super::model::failure::{self, Failure};
use super::model::v1::{self as model, Call};
use super::model::{Model, cloud};
use super::render;
use crate::exchange::Request;
use crate::profile::Version;
use serde_json::{Map, Value, json};

const PREFIX: &str = "/v1/vector/";

/// What carries a call out.
type Run = fn(&mut Model, &Call<'_>) -> Result<Value, Failure>;

/// An operation of v1.
#[derive(Debug)]
pub(super) struct Route {
    /// Its name in the contract.
    pub(super) name: &'static str,
    method: &'static str,
    path: &'static str,
    shape: Shape,
    /// The keys without which it is refused, as the refusal lists them.
    required: &'static str,
    run: Run,
}

const DB: Field = Field::optional("dbName", Kind::Text);
const COLLECTION: Field = Field::optional("collectionName", Kind::Text);
const FILTER: Field = Field::optional("filter", Kind::Text);
const LIMIT: Field = Field::optional("limit", Kind::Int32);
const OFFSET: Field = Field::optional("offset", Kind::Int32);
const OUTPUT: Field = Field::optional("outputFields", Kind::TextList);
const ID: Field = Field::optional("id", Kind::Any);
const ROWS: Field = Field::optional("data", Kind::Maps);

/// An insert may hold one row instead of a list; so may an upsert.
const ONE_ROW: Field = Field::optional("data", Kind::Map);

static ROUTES: [Route; 10] = [
    Route {
        name: "v1/collections/list",
        method: "GET",
        path: "collections",
        shape: Shape { name: "", fields: &[DB] },
        required: "",
        run: model::list,
    },
    Route {
        name: "v1/collections/describe",
        method: "GET",
        path: "collections/describe",
        shape: Shape { name: "", fields: &[DB, COLLECTION] },
        required: "collectionName",
        run: model::describe,
    },
    Route {
        name: "v1/collections/create",
        method: "POST",
        path: "collections/create",
        shape: Shape {
            name: "CreateCollectionReq",
            fields: &[
                DB,
                COLLECTION,
                Field::optional("dimension", Kind::Int32),
                Field::optional("description", Kind::Text),
                Field::optional("metricType", Kind::Text),
                Field::optional("primaryField", Kind::Text),
                Field::optional("vectorField", Kind::Text),
            ],
        },
        required: "collectionName, dimension",
        run: model::create,
    },
    Route {
        name: "v1/collections/drop",
        method: "POST",
        path: "collections/drop",
        shape: Shape { name: "DropCollectionReq", fields: &[DB, COLLECTION] },
        required: "collectionName",
        run: model::drop,
    },
    Route {
        name: "v1/entities/insert",
        method: "POST",
        path: "insert",
        shape: Shape { name: "InsertReq", fields: &[DB, COLLECTION, ROWS] },
        required: "collectionName, data",
        run: model::insert,
    },
    Route {
        name: "v1/entities/upsert",
        method: "POST",
        path: "upsert",
        shape: Shape { name: "UpsertReq", fields: &[DB, COLLECTION, ROWS] },
        required: "collectionName, data",
        run: model::upsert,
    },
    Route {
        name: "v1/entities/query",
        method: "POST",
        path: "query",
        shape: Shape { name: "QueryReq", fields: &[DB, COLLECTION, FILTER, LIMIT, OFFSET, OUTPUT] },
        required: "collectionName, filter",
        run: model::query,
    },
    Route {
        name: "v1/entities/get",
        method: "POST",
        path: "get",
        shape: Shape { name: "GetReq", fields: &[DB, COLLECTION, ID, OUTPUT] },
        required: "collectionName, id",
        run: model::get,
    },
    Route {
        name: "v1/entities/delete",
        method: "POST",
        path: "delete",
        shape: Shape { name: "DeleteReq", fields: &[DB, COLLECTION, ID, FILTER] },
        required: "collectionName, id/filter",
        run: model::delete,
    },
    Route {
        name: "v1/entities/search",
        method: "POST",
        path: "search",
        shape: Shape {
            name: "SearchReq",
            fields: &[
                DB,
                COLLECTION,
                FILTER,
                LIMIT,
                OFFSET,
                OUTPUT,
                Field::optional("vector", Kind::Floats),
                Field::optional("params", Kind::Map),
            ],
        },
        required: "collectionName, vector",
        run: model::search,
    },
];

const CLUSTER: Field = Field::optional("clusterId", Kind::Text);

/// What only the managed service has. The documents of Milvus have it as well, and no Milvus does.
static OF_THE_CLOUD: [Route; 3] = [
    Route {
        name: "v1/import/create",
        method: "POST",
        path: "collections/import",
        shape: Shape { name: "ImportReq", fields: &[CLUSTER, COLLECTION, Field::optional("objectUrl", Kind::Text)] },
        required: "clusterId, collectionName, objectUrl",
        run: cloud::import_v1,
    },
    Route {
        name: "v1/import/get",
        method: "GET",
        path: "collections/import/get",
        shape: Shape { name: "", fields: &[CLUSTER, Field::optional("jobId", Kind::Text)] },
        required: "clusterId, jobId",
        run: cloud::progress_v1,
    },
    Route {
        name: "v1/import/list",
        method: "GET",
        path: "collections/import/list",
        shape: Shape { name: "", fields: &[CLUSTER] },
        required: "clusterId",
        run: cloud::imports_v1,
    },
];

/// The operation at a path, whatever the method; the path is without a query.
pub(super) fn at(path: &str, is_cloud: bool) -> Option<&'static Route> {
    let path = path.strip_prefix(PREFIX)?;
    let own = OF_THE_CLOUD.iter().filter(|_| is_cloud);
    ROUTES.iter().chain(own).find(|route| route.path == path)
}

/// The operation of a request.
pub(super) fn find(method: &str, path: &str, is_cloud: bool) -> Option<&'static Route> {
    at(path, is_cloud).filter(|route| route.method == method)
}

/// The keys and values of the query of a path, the first of each key; `null` when there is no query.
pub(super) fn query(path: &str) -> Value {
    let Some((_, query)) = path.split_once('?') else { return Value::Null };
    let mut keys = Map::new();
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        keys.entry(decoded(key)).or_insert_with(|| decoded(value).into());
    }
    keys.into()
}

/// The text behind the escapes of a query.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%').then(|| after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok())).flatten();
        let escaped = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = if escaped.is_some() { &after[2..] } else { after };
        bytes.push(match (escaped, first) {
            (Some(byte), _) => byte,
            (None, b'+') => b' ',
            (None, byte) => *byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Answers a request with the text of a body.
pub(super) fn answer(route: &Route, request: &Request, model: &mut Model, version: Version) -> String {
    let text = match route.method {
        "GET" => query(&request.path).to_string(),
        _ => String::from_utf8_lossy(&request.body).into_owned(),
    };
    let allowed = request.header("accept-type-allow-int64").map(|header| matches!(header, "true" | "1" | "t" | "T"));
    // 2.3 writes ids as texts unless asked for numbers, later versions the other way round.
    let ids_as_text = !allowed.unwrap_or(version >= Version(2, 4));
    match run(route, &text, ids_as_text, model, version) {
        Ok(data) => render::json(&json!({"code": 200, "data": data})),
        Err(refusal) if is_told_twice(route, &refusal, version) => {
            let twice = format!("{0}, error: {0}", refusal.message);
            render::json(&json!({"code": refusal.code, "message": twice})) + &refused(&refusal)
        }
        Err(refusal) => refused(&refusal),
    }
}

/// 2.4 and 2.5 write two objects when the collection of a query or search is missing.
fn is_told_twice(route: &Route, refusal: &Failure, version: Version) -> bool {
    let reads = matches!(route.path, "query" | "search");
    reads && refusal.code == 100 && (Version(2, 4)..Version(2, 6)).contains(&version)
}

fn refused(failure: &Failure) -> String {
    render::json(&json!({"code": failure.code, "message": failure.message}))
}

fn run(route: &Route, text: &str, ids_as_text: bool, model: &mut Model, version: Version) -> Result<Value, Failure> {
    let bound = bind(route, text, version)?;
    if route.required.split(", ").any(|keys| !keys.is_empty() && keys.split('/').all(|key| is_blank(&bound, key))) {
        let text = format!("missing required parameters, required parameters: [{}]", route.required);
        return Err(failure::v1(1802, text));
    }
    (route.run)(model, &Call { body: bound, ids_as_text })
}

/// Binds a body. Rows that are no list are read once more as a single row, whose fault is the one that is told.
fn bind<'t>(route: &Route, text: &'t str, version: Version) -> Result<Node<'t>, Failure> {
    let told = |unfit: Unfit| match unfit {
        Unfit::Nothing => failure::bad_json("error: EOF"),
        Unfit::Decoding(fault) | Unfit::Missing(fault) => failure::bad_json(&format!("error: {fault}")),
    };
    let single = match route.path {
        "insert" => Shape { name: "SingleInsertReq", fields: &[DB, COLLECTION, ONE_ROW] },
        "upsert" => Shape { name: "SingleUpsertReq", fields: &[DB, COLLECTION, ONE_ROW] },
        _ => return binding::bind(&route.shape, text, version).map_err(told),
    };
    binding::bind(&route.shape, text, version).or_else(|_| binding::bind(&single, text, version)).map_err(told)
}

/// Whether a key is absent, null, an empty text or zero. An empty list of rows is there.
fn is_blank(body: &Node<'_>, key: &str) -> bool {
    body.get(key).is_none_or(|node| match &node.value {
        Json::Null => true,
        Json::String(text) => text.is_empty() && key != "id",
        Json::Number(number) => key == "dimension" && number.parse() == Ok(0),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Reference};
    use super::*;
    use crate::exchange::Fields;
    use crate::profile::Profile;
    use bytes::Bytes;

    fn ask(reference: &Reference, method: &str, path: &str, body: &str) -> (u16, String) {
        let path = format!("{PREFIX}{path}");
        let body = Bytes::from(body.to_owned());
        let response = reference.answer(&Request { method: method.to_owned(), path, headers: Fields::default(), body });
        (response.status, String::from_utf8_lossy(&response.body).into_owned())
    }

    fn of(profile: Profile) -> Reference {
        let reference = Reference::new(Config { profile, token: None });
        let made = ask(&reference, "POST", "collections/create", r#"{"collectionName":"a","dimension":2}"#);
        assert_eq!(made, (200, r#"{"code":200,"data":{}}"#.to_owned()));
        reference
    }

    #[test]
    fn queries_are_decoded_and_of_equal_keys_the_first_counts() {
        assert_eq!(query("/x?a=b%20c+d&a=e&%C3%A9=%"), json!({"a": "b c d", "é": "%"}));
        assert_eq!(query("/x"), Value::Null);
    }

    #[test]
    fn the_method_belongs_to_the_route() {
        let reference = of(Profile::Milvus23);
        for (method, path, status) in [
            ("GET", "collections", 200),
            ("POST", "collections", 404),
            ("GET", "collections/drop", 404),
            ("GET", "collections/describe?collectionName=a", 200),
            ("POST", "collections/describe", 404),
        ] {
            assert_eq!(ask(&reference, method, path, "{}").0, status, "{method} {path}");
        }
    }

    #[test]
    fn a_row_alone_is_as_good_as_a_list_and_ids_are_texts_in_2_3() {
        for (profile, ids) in [(Profile::Milvus23, "[\""), (Profile::Milvus25, "[4")] {
            let reference = of(profile);
            for data in [r#"{"vector":[1,2]}"#, r#"[{"vector":[1,2]}]"#] {
                let body = format!(r#"{{"collectionName":"a","data":{data}}}"#);
                let answer = ask(&reference, "POST", "insert", &body).1;
                assert!(answer.contains(&format!("\"insertIds\":{ids}")), "{profile}: {answer}");
            }
            let answer = ask(&reference, "POST", "insert", r#"{"collectionName":"a","data":"x"}"#).1;
            assert!(answer.contains("SingleInsertReq.data of type map[string]interface {}"), "{answer}");
        }
    }

    #[test]
    fn every_required_key_is_named_when_one_is_missing() {
        let reference = of(Profile::Milvus26);
        for (path, keys) in [
            ("collections/create", "collectionName, dimension"),
            ("collections/drop", "collectionName"),
            ("delete", "collectionName, id/filter"),
            ("search", "collectionName, vector"),
        ] {
            let told = format!("missing required parameters, required parameters: [{keys}]");
            let answer = ask(&reference, "POST", path, r#"{"collectionName":"","dimension":0}"#).1;
            assert_eq!(answer, format!(r#"{{"code":1802,"message":"{told}"}}"#));
        }
    }

    #[test]
    fn a_missing_collection_is_told_twice_by_2_4_and_2_5() {
        for (profile, count) in [(Profile::Milvus23, 1), (Profile::Milvus24, 2), (Profile::Milvus26, 1)] {
            let answer = ask(&of(profile), "POST", "query", r#"{"collectionName":"b","filter":"id > 0"}"#).1;
            assert_eq!(answer.matches("\"code\":100").count(), count, "{profile}: {answer}");
        }
    }
}
