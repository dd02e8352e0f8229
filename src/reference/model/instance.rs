//! What a server tells of its insides: segments and quotas. The model has neither.

use super::failure;
use super::{Answer, Arguments, Model, Outcome};
use crate::reference::json::{Node, Value as Json};
use serde_json::json;

pub(in crate::reference) fn segments(_: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    match arguments.body.get("segmentIDs").map_or(&[][..], Node::items) {
        [] => Ok(Answer::data(json!({"segmentInfos": []}))),
        [first, ..] => Err(failure::segment_missing(match first.value {
            Json::Number(number) => number,
            _ => "0",
        })),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has the same signature")]
pub(in crate::reference) fn quotas(_: &mut Model, _: &Arguments<'_>) -> Outcome {
    let metrics = r#"{"QueryNodeMetrics":{},"DataNodeMetrics":{},"ProxyMetrics":{},"DataCoordMetrics":null}"#;
    Ok(Answer::data(metrics.into()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, refused};
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn there_are_no_segments() {
        let mut model = Model::new(Profile::Milvus26, None);
        assert_eq!(data(&mut model, "segments/describe", &json!({})), json!({"segmentInfos": []}));
        let (code, text) = refused(&mut model, "segments/describe", &json!({"segmentIDs": [7, 8]}));
        assert_eq!((code, text.as_str()), (600, "segment not found[segment=7]"));
    }

    #[test]
    fn quotas_are_told_as_text_that_holds_json() {
        let told = data(&mut Model::new(Profile::Milvus30, None), "quotacenter/describe", &json!({}));
        let inner: serde_json::Value = serde_json::from_str(told.as_str().unwrap()).unwrap();
        assert_eq!(inner["DataCoordMetrics"], json!(null));
    }
}
