//! How a member of the params is written in a path or a query, by its schema.

use serde_json::Value;

/// How a member is written as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The text itself.
    Text,
    /// Digits, after a sign where it may be negative.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// JSON.
    Json,
    /// The text itself, or JSON where it begins as an object: a path, which as text does not begin so.
    TextOrObject,
    /// Several values: the name is repeated.
    List(Box<Form>),
}

impl Form {
    /// By a schema in which there are no references.
    pub(super) fn of(schema: &Value) -> Self {
        for combination in ["anyOf", "oneOf", "allOf"] {
            if let Some(parts) = schema.get(combination).and_then(Value::as_array) {
                let is_null = |part: &&Value| part.get("type").is_some_and(|it| it == "null");
                let forms: Vec<Self> = parts.iter().filter(|part| !is_null(part)).map(Self::of).collect();
                return Self::any(&forms);
            }
        }
        if schema.get("const").is_some_and(Value::is_string) || schema.get("enum").is_some() {
            return Self::Text;
        }
        let name = match schema.get("type") {
            Some(Value::String(name)) => name.as_str(),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|it| *it != "null").unwrap_or(""),
            _ => "",
        };
        match name {
            "string" => Self::Text,
            "integer" => Self::Integer,
            "boolean" => Self::Boolean,
            "array" => Self::List(Box::new(schema.get("items").map_or(Self::Json, Self::of))),
            _ => Self::Json,
        }
    }

    fn any(forms: &[Self]) -> Self {
        match forms {
            [first, others @ ..] if others.iter().all(|other| other == first) => first.clone(),
            _ if forms.contains(&Self::Text) => Self::TextOrObject,
            _ => Self::Json,
        }
    }

    /// A text as JSON; the error says what it should be.
    pub(super) fn json(&self, text: &str) -> Result<Value, &'static str> {
        match self {
            Self::Integer => text
                .parse::<u64>()
                .map(Value::from)
                .or_else(|_| text.parse::<i64>().map(Value::from))
                .map_err(|_| "an integer"),
            Self::Boolean => text.parse::<bool>().map(Value::from).map_err(|_| "`true` or `false`"),
            Self::Json => serde_json::from_str(text).map_err(|_| "JSON"),
            Self::TextOrObject if text.starts_with('{') => {
                serde_json::from_str(text).map_err(|_| "a text or a JSON object")
            }
            Self::Text | Self::TextOrObject => Ok(text.into()),
            Self::List(item) => item.json(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_has_a_form() {
        let check = |schema: Value, expect: Form| assert_eq!(Form::of(&schema), expect, "{schema}");
        check(json!({ "type": "string" }), Form::Text);
        check(json!({ "type": ["integer", "null"], "format": "uint32" }), Form::Integer);
        check(json!({ "type": "boolean", "default": false }), Form::Boolean);
        check(json!({ "oneOf": [{ "const": "a", "type": "string" }, { "enum": ["b"] }] }), Form::Text);
        check(json!({ "anyOf": [{ "type": "string" }, { "type": "object" }] }), Form::TextOrObject);
        check(json!({ "anyOf": [{ "type": "object" }, { "type": "null" }] }), Form::Json);
        check(json!({ "type": "array", "items": { "type": "integer" } }), Form::List(Box::new(Form::Integer)));
        check(json!(true), Form::Json);
    }

    #[test]
    fn a_text_is_read_by_its_form() {
        let check = |form: Form, text: &str, expect: Result<Value, &str>| assert_eq!(form.json(text), expect, "{text}");
        check(Form::Text, "7", Ok(json!("7")));
        check(Form::Integer, "18446744073709551615", Ok(json!(u64::MAX)));
        check(Form::Integer, "-3", Ok(json!(-3)));
        check(Form::Integer, "1.5", Err("an integer"));
        check(Form::Integer, "", Err("an integer"));
        check(Form::Boolean, "true", Ok(json!(true)));
        check(Form::Boolean, "1", Err("`true` or `false`"));
        check(Form::Json, r#"{"a":[1]}"#, Ok(json!({ "a": [1] })));
        check(Form::Json, "a", Err("JSON"));
        check(Form::TextOrObject, "/a", Ok(json!("/a")));
        check(Form::TextOrObject, r#"{"base64":"YQ=="}"#, Ok(json!({ "base64": "YQ==" })));
        check(Form::TextOrObject, "{a", Err("a text or a JSON object"));
        check(Form::List(Box::new(Form::Integer)), "1", Ok(json!(1)));
    }
}
