//! Rows of JSON to columns, and columns to rows.

use super::asked::as_text;
use super::call::Stop;
use super::proto::{
    ArrayArray, BoolArray, CollectionSchema, DataType, DoubleArray, FieldData, FieldSchema, FloatArray, IDs, IntArray,
    JsonArray, LongArray, ScalarField, StringArray, VectorField, field_data, i_ds, scalar_field, vector_field,
};
use super::schema::{declared, is_vector, type_name};
use serde_json::{Map, Number, Value, json};

/// The code with which HTTP refuses rows that cannot be turned into columns.
const BAD_ROWS: i64 = 1804;

fn bad_rows(why: impl std::fmt::Display) -> Stop {
    Stop::failure(BAD_ROWS, format!("fail to deal the insert data, error: {why}"))
}

/// The columns of rows. What can be told to the server is told, right or wrong, so that it is the server that refuses; rows
/// that make no columns are refused here.
pub(super) fn columns(schema: &CollectionSchema, rows: &[Value]) -> Result<Vec<FieldData>, Stop> {
    let objects: Vec<&Map<String, Value>> = rows
        .iter()
        .map(|row| row.as_object().ok_or_else(|| bad_rows("a row is no object")))
        .collect::<Result<_, _>>()?;
    let mut columns = Vec::with_capacity(schema.fields.len() + 1);
    for field in declared(schema) {
        columns.extend(column(field, &objects)?);
    }
    let is_declared = |key: &str| declared(schema).any(|field| field.name == key);
    if schema.enable_dynamic_field {
        let rest = objects.iter().map(|row| {
            let others = row.iter().filter(|(key, value)| !is_declared(key) && !value.is_null());
            let others: Map<String, Value> = others.map(|(key, value)| (key.clone(), value.clone())).collect();
            Value::Object(others).to_string().into_bytes()
        });
        columns.push(FieldData {
            r#type: DataType::Json.into(),
            field_name: "$meta".to_owned(),
            field: Some(scalars(scalar_field::Data::JsonData(JsonArray { data: rest.collect() }))),
            is_dynamic: true,
            ..FieldData::default()
        });
    } else if let Some(key) = objects.iter().flat_map(|row| row.keys()).find(|key| !is_declared(key)) {
        return Err(bad_rows(format!("there is no field `{key}`, and the collection has no dynamic field")));
    }
    Ok(columns)
}

/// The values of a field; nothing when no row has any.
fn column(field: &FieldSchema, rows: &[&Map<String, Value>]) -> Result<Option<FieldData>, Stop> {
    let given: Vec<Option<&Value>> =
        rows.iter().map(|row| row.get(&field.name).filter(|value| !value.is_null())).collect();
    if given.iter().all(Option::is_none) {
        return Ok(None);
    }
    let gaps = given.iter().any(Option::is_none);
    if gaps && !field.nullable && field.default_value.is_none() {
        return Err(bad_rows(format!("not every row has a value for `{}`", field.name)));
    }
    if gaps && is_vector(field) {
        return Err(Stop::uncarried("the gRPC driver carries no vectors that are null"));
    }
    let values: Vec<&Value> = given.iter().flatten().copied().collect();
    let data = if is_vector(field) {
        field_data::Field::Vectors(vectors(field, &values)?)
    } else {
        field_data::Field::Scalars(ScalarField { data: Some(scalar(field, field.data_type, &values)?) })
    };
    let valid_data = if gaps { given.iter().map(Option::is_some).collect() } else { Vec::new() };
    Ok(Some(FieldData {
        r#type: field.data_type,
        field_name: field.name.clone(),
        field: Some(data),
        valid_data,
        ..FieldData::default()
    }))
}

fn scalars(data: scalar_field::Data) -> field_data::Field {
    field_data::Field::Scalars(ScalarField { data: Some(data) })
}

fn vectors(field: &FieldSchema, values: &[&Value]) -> Result<VectorField, Stop> {
    if field.data_type != i32::from(DataType::FloatVector) {
        return Err(uncarried(field.data_type));
    }
    let mut flat = Vec::new();
    let mut length = 0;
    for value in values {
        let vector = floats(value).ok_or_else(|| bad_rows(format!("`{}` wants lists of numbers", field.name)))?;
        if length == 0 {
            length = vector.len();
        }
        flat.extend(vector);
    }
    let dim = i64::try_from(length).unwrap_or_default();
    Ok(VectorField { dim, data: Some(vector_field::Data::FloatVector(FloatArray { data: flat })) })
}

/// The numbers of a vector.
pub(super) fn floats(value: &Value) -> Option<Vec<f32>> {
    #[expect(clippy::cast_possible_truncation, reason = "a vector holds no more")]
    let single = |number: &Value| number.as_f64().map(|number| number as f32);
    value.as_array()?.iter().map(single).collect()
}

fn scalar(field: &FieldSchema, data_type: i32, values: &[&Value]) -> Result<scalar_field::Data, Stop> {
    use scalar_field::Data;
    let kind = DataType::try_from(data_type).map_err(|_| uncarried(data_type))?;
    let wrong = |value: &Value| bad_rows(format!("`{}` wants a {}, not {value}", field.name, kind.as_str_name()));
    // Numbers may come as texts.
    let integer = |value: &&Value| {
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then(|| format!("{number:.0}"));
        let text = match value {
            Value::Number(number) if number.is_f64() => number.as_f64().and_then(whole),
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        text.and_then(|text| text.parse::<i64>().ok()).ok_or_else(|| wrong(value))
    };
    let float = |value: &&Value| {
        let parsed = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        parsed.ok_or_else(|| wrong(value))
    };
    Ok(match kind {
        DataType::Bool => {
            let flag = |value: &&Value| value.as_bool().ok_or_else(|| wrong(value));
            Data::BoolData(BoolArray { data: values.iter().map(flag).collect::<Result<_, _>>()? })
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 => {
            let small = |value: &&Value| i32::try_from(integer(value)?).map_err(|_| wrong(value));
            Data::IntData(IntArray { data: values.iter().map(small).collect::<Result<_, _>>()? })
        }
        DataType::Int64 => Data::LongData(LongArray { data: values.iter().map(integer).collect::<Result<_, _>>()? }),
        DataType::Float => {
            #[expect(clippy::cast_possible_truncation, reason = "a Float field holds no more")]
            let single = |value: &&Value| float(value).map(|number| number as f32);
            Data::FloatData(FloatArray { data: values.iter().map(single).collect::<Result<_, _>>()? })
        }
        DataType::Double => Data::DoubleData(DoubleArray { data: values.iter().map(float).collect::<Result<_, _>>()? }),
        DataType::VarChar | DataType::String => {
            Data::StringData(StringArray { data: values.iter().map(|value| as_text(value)).collect() })
        }
        DataType::Json => {
            Data::JsonData(JsonArray { data: values.iter().map(|value| value.to_string().into_bytes()).collect() })
        }
        DataType::Array => {
            let list = |value: &&Value| {
                let items: Vec<&Value> = value.as_array().ok_or_else(|| wrong(value))?.iter().collect();
                Ok(ScalarField { data: Some(scalar(field, field.element_type, &items)?) })
            };
            let data = values.iter().map(list).collect::<Result<_, Stop>>()?;
            Data::ArrayData(ArrayArray { data, element_type: field.element_type })
        }
        _ => return Err(uncarried(data_type)),
    })
}

fn uncarried(data_type: i32) -> Stop {
    Stop::uncarried(format!("the gRPC driver carries no values of type {}", type_name(data_type)))
}

/// The keys that rows came to have.
pub(super) fn ids(ids: Option<&IDs>) -> Vec<Value> {
    match ids.and_then(|ids| ids.id_field.as_ref()) {
        Some(i_ds::IdField::IntId(ids)) => ids.data.iter().map(|id| Value::from(*id)).collect(),
        Some(i_ds::IdField::StrId(ids)) => ids.data.iter().map(|id| Value::from(id.as_str())).collect(),
        None => Vec::new(),
    }
}

/// The rows of columns, with those dynamic keys that were `wanted`; `*` and `$meta` want all of them.
pub(super) fn rows(columns: &[FieldData], count: usize, wanted: &[String]) -> Result<Vec<Map<String, Value>>, Stop> {
    let mut rows = vec![Map::new(); count];
    let all = wanted.iter().any(|name| name == "*" || name == "$meta");
    for column in columns {
        if column.is_dynamic {
            for (row, text) in rows.iter_mut().zip(json_texts(column)) {
                let Ok(Value::Object(keys)) = serde_json::from_slice(text) else { continue };
                row.extend(keys.into_iter().filter(|(key, _)| all || wanted.contains(key)));
            }
            continue;
        }
        for (index, row) in rows.iter_mut().enumerate() {
            let is_null = column.valid_data.get(index).is_some_and(|valid| !valid);
            let value = if is_null { Value::Null } else { cell(column, index)? };
            row.insert(column.field_name.clone(), value);
        }
    }
    Ok(rows)
}

/// How many rows columns have.
pub(super) fn length(columns: &[FieldData]) -> usize {
    columns.iter().map(column_length).max().unwrap_or_default()
}

fn column_length(column: &FieldData) -> usize {
    use scalar_field::Data;
    match &column.field {
        Some(field_data::Field::Scalars(ScalarField { data: Some(data) })) => match data {
            Data::BoolData(values) => values.data.len(),
            Data::IntData(values) => values.data.len(),
            Data::LongData(values) => values.data.len(),
            Data::FloatData(values) => values.data.len(),
            Data::DoubleData(values) => values.data.len(),
            Data::StringData(values) => values.data.len(),
            Data::ArrayData(values) => values.data.len(),
            Data::JsonData(values) => values.data.len(),
        },
        Some(field_data::Field::Vectors(VectorField { dim, data: Some(vector_field::Data::FloatVector(values)) })) => {
            usize::try_from(*dim).ok().filter(|dim| *dim > 0).map_or(0, |dim| values.data.len() / dim)
        }
        _ => 0,
    }
}

fn json_texts(column: &FieldData) -> &[Vec<u8>] {
    match &column.field {
        Some(field_data::Field::Scalars(ScalarField { data: Some(scalar_field::Data::JsonData(texts)) })) => {
            &texts.data
        }
        _ => &[],
    }
}

/// A value as HTTP writes it: JSON as its text, an array wrapped as protocol buffers are.
fn cell(column: &FieldData, index: usize) -> Result<Value, Stop> {
    use scalar_field::Data;
    let value = match &column.field {
        Some(field_data::Field::Scalars(ScalarField { data: Some(data) })) => match data {
            Data::BoolData(values) => values.data.get(index).map(|value| json!(value)),
            Data::IntData(values) => values.data.get(index).map(|value| json!(value)),
            Data::LongData(values) => values.data.get(index).map(|value| json!(value)),
            Data::FloatData(values) => values.data.get(index).map(|value| single(*value)),
            Data::DoubleData(values) => values.data.get(index).map(|value| json!(value)),
            Data::StringData(values) => values.data.get(index).map(|value| json!(value)),
            Data::JsonData(values) => values.data.get(index).map(|text| json!(String::from_utf8_lossy(text))),
            Data::ArrayData(values) => values.data.get(index).map(array),
        },
        Some(field_data::Field::Vectors(VectorField { dim, data: Some(vector_field::Data::FloatVector(values)) })) => {
            let dim = usize::try_from(*dim).unwrap_or_default();
            let vector = values.data.get(index * dim..(index + 1) * dim);
            vector.map(|vector| vector.iter().map(|number| single(*number)).collect())
        }
        // A column without data is one whose values are all empty, such as texts that protocol buffers leave out.
        Some(field_data::Field::Scalars(_)) => None,
        Some(field_data::Field::Vectors(_)) | None => return Err(uncarried(column.r#type)),
    };
    Ok(value.unwrap_or_default())
}

fn array(values: &ScalarField) -> Value {
    use scalar_field::Data;
    let (name, data) = match &values.data {
        Some(Data::BoolData(values)) => ("BoolData", json!(values.data)),
        Some(Data::IntData(values)) => ("IntData", json!(values.data)),
        Some(Data::LongData(values)) => ("LongData", json!(values.data)),
        Some(Data::FloatData(values)) => ("FloatData", values.data.iter().map(|value| single(*value)).collect()),
        Some(Data::DoubleData(values)) => ("DoubleData", json!(values.data)),
        Some(Data::StringData(values)) => ("StringData", json!(values.data)),
        Some(Data::ArrayData(_) | Data::JsonData(_)) | None => return json!({"Data": null}),
    };
    json!({"Data": {name: {"data": data}}})
}

/// A number of single precision with as few digits as tell it from others; what is no number is null.
pub(super) fn single(number: f32) -> Value {
    let shortest = number.to_string().parse().ok().and_then(Number::from_f64);
    shortest.map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(name: &str, data_type: DataType) -> FieldSchema {
        FieldSchema { name: name.to_owned(), data_type: data_type.into(), ..FieldSchema::default() }
    }

    fn schema() -> CollectionSchema {
        let tags = FieldSchema { element_type: DataType::VarChar.into(), ..field("tags", DataType::Array) };
        let fields = vec![
            FieldSchema { is_primary_key: true, ..field("id", DataType::Int64) },
            field("title", DataType::VarChar),
            field("ratio", DataType::Float),
            field("info", DataType::Json),
            tags,
            FieldSchema { nullable: true, ..field("pages", DataType::Int32) },
            field("vector", DataType::FloatVector),
        ];
        CollectionSchema { fields, enable_dynamic_field: true, ..CollectionSchema::default() }
    }

    #[test]
    fn rows_come_back_from_columns_as_http_writes_them() {
        let sent = json!([
            {"id": 1, "title": "a", "ratio": 0.1, "info": {"k": 1}, "tags": ["x"], "pages": 3, "vector": [0.5, 1], "color": "red"},
            {"id": 2, "title": "", "ratio": 2, "info": [], "tags": [], "pages": 4, "vector": [0.25, -1.5], "size": 2},
        ]);
        let columns = columns(&schema(), sent.as_array().unwrap()).unwrap();
        let got = rows(&columns, length(&columns), &["*".to_owned()]).unwrap();
        let expected = json!([
            {"id": 1, "title": "a", "ratio": 0.1, "info": "{\"k\":1}", "tags": {"Data": {"StringData": {"data": ["x"]}}},
             "pages": 3, "vector": [0.5, 1.0], "color": "red"},
            {"id": 2, "title": "", "ratio": 2.0, "info": "[]", "tags": {"Data": {"StringData": {"data": []}}},
             "pages": 4, "vector": [0.25, -1.5], "size": 2},
        ]);
        assert_eq!(json!(got), expected);
        let only_color = rows(&columns, 2, &["color".to_owned()]).unwrap();
        assert!(only_color[0].contains_key("color") && !only_color[1].contains_key("size"));
    }

    #[test]
    fn a_null_leaves_a_gap_that_is_marked() {
        let sent = json!([{"id": 1, "pages": null}, {"id": 2, "pages": 7}]);
        let columns = columns(&schema(), sent.as_array().unwrap()).unwrap();
        let pages = columns.iter().find(|column| column.field_name == "pages").unwrap();
        assert_eq!((pages.valid_data.as_slice(), column_length(pages)), (&[false, true][..], 1));
        let id = columns.iter().find(|column| column.field_name == "id").unwrap();
        assert!(id.valid_data.is_empty());
        let vector = FieldSchema { nullable: true, ..field("vector", DataType::FloatVector) };
        let schema = CollectionSchema { fields: vec![vector], ..schema() };
        let sent = [json!({"vector": [1.0]}), json!({"vector": null})];
        assert!(matches!(super::columns(&schema, &sent), Err(Stop::None(_))));
    }

    #[test]
    fn what_makes_no_columns_is_refused_and_what_is_merely_wrong_is_sent() {
        let refused = |rows: Value, dynamic| {
            let schema = CollectionSchema { enable_dynamic_field: dynamic, ..schema() };
            match columns(&schema, rows.as_array().unwrap()) {
                Err(Stop::Failure { code, .. }) => Some(code),
                Err(Stop::None(error)) => panic!("{error}"),
                Ok(_) => None,
            }
        };
        assert_eq!(refused(json!([{"id": "x"}]), true), Some(1804));
        assert_eq!(refused(json!([5]), true), Some(1804));
        assert_eq!(refused(json!([{"id": 1, "nope": 1}]), false), Some(1804));
        assert_eq!(refused(json!([{"id": 1, "title": "a"}, {"id": 2}]), true), Some(1804));
        // A missing field or a wrong dimension is for the server to refuse.
        assert_eq!(refused(json!([{"title": "a"}, {"title": "b"}]), true), None);
        assert_eq!(refused(json!([{"id": 1, "vector": [1, 2, 3, 4, 5]}]), true), None);
    }

    #[test]
    fn types_without_a_form_are_uncarried() {
        let schema = CollectionSchema { fields: vec![field("v", DataType::SparseFloatVector)], ..schema() };
        let stop = columns(&schema, &[json!({"v": {"1": 0.5}})]).unwrap_err();
        assert!(
            matches!(stop, Stop::None(crate::target::SendError::Unimplemented(why)) if why.contains("SparseFloat"))
        );
    }

    proptest! {
        #[test]
        fn integers_and_texts_of_any_value_survive(id in any::<i64>(), title in "\\PC{0,8}", ratio in any::<f32>()) {
            prop_assume!(ratio.is_finite());
            let sent = [json!({"id": id, "title": title, "ratio": single(ratio)})];
            let columns = columns(&schema(), &sent).unwrap();
            let got = rows(&columns, 1, &["*".to_owned()]).unwrap();
            prop_assert_eq!(json!(got[0]), json!({"id": id, "title": title, "ratio": single(ratio)}));
        }
    }
}
