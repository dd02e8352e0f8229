//! Schemas of collections, from JSON to protocol buffers and back.

use super::asked::{as_text, pair};
use super::call::Stop;
use super::proto::{CollectionSchema, DataType, FieldSchema, KeyValuePair, ValueField, value_field};
use serde_json::{Map, Value, json};

/// The schema of a collection that is asked for by its dimension alone.
pub(super) fn quick(body: &Map<String, Value>, name: &str) -> Result<CollectionSchema, Stop> {
    let text = |key: &str, default: &str| body.get(key).and_then(Value::as_str).unwrap_or(default).to_owned();
    let params = |key: &str| body.get("params").and_then(|params| params.get(key)).map(as_text);
    let auto_id = body.get("autoID").and_then(Value::as_bool).unwrap_or_default();
    let key_type = match text("idType", "Int64").to_lowercase().as_str() {
        "int64" | "" => DataType::Int64,
        "varchar" => DataType::VarChar,
        other => return Err(Stop::failure(1100, format!("`{other}` is no type of a primary key"))),
    };
    let key = FieldSchema {
        name: text("primaryFieldName", "id"),
        is_primary_key: true,
        data_type: key_type.into(),
        auto_id,
        type_params: params("max_length").map(|length| pair("max_length", length)).into_iter().collect(),
        ..FieldSchema::default()
    };
    let vector = FieldSchema {
        name: text("vectorFieldName", "vector"),
        data_type: DataType::FloatVector.into(),
        type_params: body.get("dimension").map(|dimension| pair("dim", as_text(dimension))).into_iter().collect(),
        ..FieldSchema::default()
    };
    Ok(CollectionSchema {
        name: name.to_owned(),
        description: text("description", ""),
        auto_id,
        fields: vec![key, vector],
        enable_dynamic_field: params("enableDynamicField").is_none_or(|value| value != "false"),
    })
}

/// The schema of a collection that is asked for with one.
pub(super) fn full(schema: &Value, name: &str, description: String) -> Result<CollectionSchema, Stop> {
    // What is left out in silence would make a server look as if it had taken it.
    let left_out = ["functions", "structFields", "externalSource", "externalSpec"];
    let is_there = |key: &&&str| schema.get(**key).is_some_and(|value| !value.is_null() && *value != json!([]));
    if let Some(key) = left_out.iter().find(is_there) {
        return Err(Stop::uncarried(format!("the gRPC driver carries no `{key}` of a schema")));
    }
    let flag = |key: &str| schema.get(key).and_then(Value::as_bool).unwrap_or_default();
    let auto_id = flag("autoID") || flag("autoId");
    let fields = schema.get("fields").and_then(Value::as_array).into_iter().flatten();
    Ok(CollectionSchema {
        name: name.to_owned(),
        description,
        auto_id,
        fields: fields.map(|written| field(written, auto_id)).collect::<Result<_, _>>()?,
        enable_dynamic_field: flag("enableDynamicField"),
    })
}

fn field(written: &Value, auto_id: bool) -> Result<FieldSchema, Stop> {
    let flag = |key: &str| written.get(key).and_then(Value::as_bool).unwrap_or_default();
    let kind = |key: &str| match written.get(key).and_then(Value::as_str) {
        None | Some("") => Ok(DataType::None),
        Some(name) => DataType::from_str_name(name)
            .ok_or_else(|| Stop::uncarried(format!("the gRPC driver knows no data type {name}"))),
    };
    let data_type = kind("dataType")?;
    let params = written.get("elementTypeParams").and_then(Value::as_object);
    let is_primary_key = flag("isPrimary");
    Ok(FieldSchema {
        name: written.get("fieldName").map(as_text).unwrap_or_default(),
        is_primary_key,
        description: written.get("description").map(as_text).unwrap_or_default(),
        data_type: data_type.into(),
        type_params: params.into_iter().flatten().map(|(key, value)| pair(key, as_text(value))).collect(),
        auto_id: is_primary_key && auto_id,
        element_type: kind("elementDataType")?.into(),
        default_value: written.get("defaultValue").and_then(|value| default_value(data_type, value)),
        is_partition_key: flag("isPartitionKey"),
        is_clustering_key: flag("isClusteringKey"),
        nullable: flag("nullable"),
        ..FieldSchema::default()
    })
}

fn default_value(data_type: DataType, value: &Value) -> Option<ValueField> {
    use value_field::Data;
    let data = match data_type {
        DataType::Bool => Data::BoolData(value.as_bool()?),
        DataType::Int8 | DataType::Int16 | DataType::Int32 => Data::IntData(i32::try_from(value.as_i64()?).ok()?),
        DataType::Int64 => Data::LongData(value.as_i64()?),
        #[expect(clippy::cast_possible_truncation, reason = "a Float field holds no more")]
        DataType::Float => Data::FloatData(value.as_f64()? as f32),
        DataType::Double => Data::DoubleData(value.as_f64()?),
        _ => Data::StringData(value.as_str()?.to_owned()),
    };
    Some(ValueField { data: Some(data) })
}

/// The name of a type, as HTTP writes it.
pub(super) fn type_name(number: i32) -> String {
    DataType::try_from(number).map_or_else(|_| number.to_string(), |kind| kind.as_str_name().to_owned())
}

/// The key by which rows are told apart.
pub(super) fn primary_key(schema: &CollectionSchema) -> Option<&FieldSchema> {
    schema.fields.iter().find(|field| field.is_primary_key)
}

/// The fields that a user declared.
pub(super) fn declared(schema: &CollectionSchema) -> impl Iterator<Item = &FieldSchema> {
    schema.fields.iter().filter(|field| !field.is_dynamic && field.name != "$meta")
}

/// Whether a field holds vectors.
pub(super) fn is_vector(field: &FieldSchema) -> bool {
    (100..200).contains(&field.data_type)
}

/// A field as HTTP describes it.
pub(super) fn described(field: &FieldSchema) -> Value {
    let mut told = json!({
        "name": field.name,
        "id": field.field_id,
        "type": type_name(field.data_type),
        "primaryKey": field.is_primary_key,
        "partitionKey": field.is_partition_key,
        "clusteringKey": field.is_clustering_key,
        "autoId": field.auto_id,
        "nullable": field.nullable,
        "description": field.description,
    });
    if !field.type_params.is_empty() {
        told["params"] = pairs(&field.type_params);
    }
    if field.data_type == i32::from(DataType::Array) {
        told["elementType"] = type_name(field.element_type).into();
    }
    told
}

/// Pairs of texts as HTTP writes them.
pub(super) fn pairs(pairs: &[KeyValuePair]) -> Value {
    pairs.iter().map(|pair| json!({"key": pair.key, "value": pair.value})).collect()
}

/// The value of a pair.
pub(super) fn value_of<'p>(pairs: &'p [KeyValuePair], key: &str) -> Option<&'p str> {
    pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.as_str())
}
