//! Long strings: where one was written in JSON already, it is sent as it is.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A long string.
#[derive(Clone, Debug)]
pub struct JsonString(Form);

#[derive(Clone, Debug)]
enum Form {
    Text(String),
    /// The string as it is in JSON. Shared, so that a cached one is sent without a copy of its own.
    Json(Arc<String>),
}

impl JsonString {
    /// A string that is written in JSON already, with its quotation marks. For results of a service: [`to_json`] alone writes it.
    ///
    /// [`to_json`]: crate::message::to_json
    pub fn from_json(json: String) -> Self {
        debug_assert!(serde_json::from_str::<Cow<'_, str>>(&json).is_ok(), "it is not a string in JSON");
        Self(Form::Json(Arc::new(json)))
    }

    /// The bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        match &self.0 {
            Form::Text(text) => text.capacity(),
            Form::Json(json) => json.capacity(),
        }
    }

    /// The string as one's own.
    pub fn into_text(self) -> String {
        match self.0 {
            Form::Text(text) => text,
            Form::Json(_) => self.text().into_owned(),
        }
    }

    /// The string. Borrowed unless it was made by [`JsonString::from_json`].
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Text(text) => text.into(),
            Form::Json(json) => serde_json::from_str::<String>(json).unwrap_or_default().into(),
        }
    }
}

impl<T: Into<String>> From<T> for JsonString {
    fn from(text: T) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl PartialEq for JsonString {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Serialize for JsonString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Text(text) => serializer.serialize_str(text),
            Form::Json(json) => serializer.serialize_bytes(json.as_bytes()),
        }
    }
}

impl<'de> Deserialize<'de> for JsonString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for JsonString {
    fn schema_name() -> Cow<'static, str> {
        "JsonString".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_in_json_is_the_string() {
        let text = "a \"b\"\n\u{1}\u{1F600}";
        let json = serde_json::to_string(text).unwrap();
        let ready = JsonString::from_json(json.clone());
        assert_eq!(crate::message::to_json(&[&ready]).unwrap(), format!("[{json}]").as_bytes());
        assert_eq!(ready.text(), text);
        let read: JsonString = serde_json::from_str(&json).unwrap();
        assert!(matches!(read.text(), Cow::Borrowed(borrowed) if borrowed == text));
    }
}
