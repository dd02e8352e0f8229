//! What an update does with the fields of a row that is there: puts the value in place of the old one, or adds items to
//! an array, or takes them out.

use super::failure::{self, Failure};
use super::row::{self, Cell, Row};
use super::schema::Schema;
use super::text;
use crate::reference::json::Node;

/// What is done with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Replace,
    Append,
    Remove,
}

/// What is done with which field; a field that is not named is replaced.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldOps(Vec<(String, Op)>);

impl FieldOps {
    /// Reads the list of a request.
    pub(super) fn read(list: Option<&Node<'_>>) -> Result<Self, Failure> {
        let entries = list.map_or(&[][..], Node::items);
        let ops = entries.iter().map(|entry| {
            let word = text(entry, "op");
            let op = match word.to_ascii_uppercase().as_str() {
                "REPLACE" => Op::Replace,
                "ARRAY_APPEND" => Op::Append,
                "ARRAY_REMOVE" => Op::Remove,
                _ => return Err(failure::invalid(format!("unsupported partial update op: {word}"))),
            };
            Ok((text(entry, "fieldName").to_owned(), op))
        });
        ops.collect::<Result<_, _>>().map(Self)
    }

    /// Whether one of them is more than to replace, which makes an update of an upsert.
    pub(super) fn change_arrays(&self) -> bool {
        self.0.iter().any(|(_, op)| *op != Op::Replace)
    }

    /// Refuses a row in which an array grew beyond what its field holds.
    pub(super) fn check_grown(&self, row: &Row, number: usize, schema: &Schema) -> Result<(), Failure> {
        for (name, _) in self.0.iter().filter(|(_, op)| *op == Op::Append) {
            if let (Some(field), Some(Cell::Array(_, items))) = (schema.field(name), row.cell(schema, name)) {
                row::check_capacity(items.len(), field, number)?;
            }
        }
        Ok(())
    }

    /// What a field holds after this value came.
    pub(super) fn apply(&self, field: &str, old: &Cell, new: Cell) -> Cell {
        let named = self.0.iter().find(|(name, _)| name == field);
        match (named.map_or(Op::Replace, |(_, op)| *op), old, new) {
            (Op::Append, Cell::Array(element, old), Cell::Array(_, new)) => {
                Cell::Array(*element, old.iter().cloned().chain(new).collect())
            }
            (Op::Remove, Cell::Array(element, old), Cell::Array(_, new)) => {
                Cell::Array(*element, old.iter().filter(|item| !new.contains(item)).cloned().collect())
            }
            (_, _, new) => new,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::super::testing::{call, data, refused, settle};
    use crate::profile::Profile;
    use serde_json::{Value, json};

    fn model() -> Model {
        let mut model = Model::new(Profile::Milvus26, None);
        let fields = json!([
            {"fieldName": "id", "dataType": "Int64", "isPrimary": true},
            {"fieldName": "tags", "dataType": "Array", "elementDataType": "Int64",
             "elementTypeParams": {"max_capacity": 4}},
            {"fieldName": "vector", "dataType": "FloatVector", "elementTypeParams": {"dim": 2}},
        ]);
        let index = json!([{"fieldName": "vector", "indexName": "v", "metricType": "L2"}]);
        let body = json!({"collectionName": "c", "schema": {"fields": fields}, "indexParams": index});
        data(&mut model, "collections/create", &body);
        settle(&mut model, "c");
        let row = json!({"id": 1, "tags": [1, 2], "vector": [0, 1]});
        data(&mut model, "entities/insert", &json!({"collectionName": "c", "data": [row]}));
        model
    }

    fn change(op: &str, tags: &Value) -> Value {
        let row = json!({"id": 1, "tags": tags});
        json!({"collectionName": "c", "data": [row], "fieldOps": [{"fieldName": "tags", "op": op}], "partialUpdate": true})
    }

    fn tags(model: &mut Model) -> Value {
        let body = json!({"collectionName": "c", "filter": "id == 1", "outputFields": ["tags"]});
        data(model, "entities/query", &body)[0]["tags"]["Data"]["LongData"]["data"].clone()
    }

    #[test]
    fn items_are_added_taken_out_and_replaced() {
        let mut model = model();
        for (op, given, left) in [
            ("ARRAY_APPEND", json!([3]), json!([1, 2, 3])),
            ("array_remove", json!([2, 9]), json!([1, 3])),
            ("REPLACE", json!([7]), json!([7])),
        ] {
            data(&mut model, "entities/upsert", &change(op, &given));
            assert_eq!(tags(&mut model), left, "{op}");
        }
    }

    #[test]
    fn an_array_does_not_grow_beyond_its_capacity() {
        let mut model = model();
        assert_eq!(refused(&mut model, "entities/upsert", &change("ARRAY_APPEND", &json!([3, 4, 5]))).0, 1100);
        assert_eq!(tags(&mut model), json!([1, 2]));
    }

    #[test]
    fn an_operation_that_is_unknown_is_refused() {
        let mut model = model();
        let (code, message) = refused(&mut model, "entities/upsert", &change("ARRAY_TURN", &json!([3])));
        assert_eq!((code, message.as_str()), (1100, "unsupported partial update op: ARRAY_TURN: invalid parameter"));
    }

    #[test]
    fn an_update_needs_the_collection_to_be_loaded() {
        let mut model = model();
        data(&mut model, "collections/release", &json!({"collectionName": "c"}));
        let update = change("REPLACE", &json!([3]));
        assert_eq!(call(&mut model, "entities/upsert", &update).unwrap_err().code, 101);
    }
}
