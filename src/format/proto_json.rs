//! Protobuf's JSON, read as Go's `protojson` reads it: camelCase and snake_case names, 64-bit integers as text or number, bytes in either
//! base64 alphabet, enumerations by name or number; unknown, duplicate and doubly set fields are refused.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::encoding::{UnixTime, base64, text};

/// Why a document is not the message that it should be. The texts follow Go's `protojson`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtoJsonError {
    /// No JSON, or more than one document.
    #[error("proto: syntax error: {0}")]
    Syntax(String),
    /// A field that the message does not have.
    #[error("proto: unknown field \"{}\" in {message}", text::quote(.field))]
    UnknownField {
        /// The field, as it was written.
        field: String,
        /// The message.
        message: &'static str,
    },
    /// A field that is there twice, in either spelling.
    #[error("proto: duplicate field \"{field}\" in {message}")]
    DuplicateField {
        /// The field.
        field: &'static str,
        /// The message.
        message: &'static str,
    },
    /// Two fields of one `oneof`.
    #[error("proto: error parsing \"{field}\", oneof {oneof} is already set")]
    OneofSetTwice {
        /// The second field.
        field: &'static str,
        /// The choice.
        oneof: &'static str,
    },
    /// A value of another kind than the field's.
    #[error("proto: invalid value for {kind} field {field}: {}", text::quote(.value))]
    InvalidValue {
        /// What the field holds.
        kind: &'static str,
        /// The field.
        field: &'static str,
        /// The value, as text.
        value: String,
    },
}

/// A JSON value in which nothing is lost: objects keep duplicate names. Texts are borrowed where they can be, since some have hundreds of
/// megabytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// Text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// Names and values, in order.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::List(_) => f.write_str("["),
            Self::Object(_) => f.write_str("{"),
        }
    }
}

impl Node<'_> {
    /// The value as `serde_json` has it; of duplicate names the last one counts.
    pub fn into_json(self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => value.into(),
            Self::Number(value) => value.into(),
            Self::Text(value) => value.into_owned().into(),
            Self::List(nodes) => nodes.into_iter().map(Self::into_json).collect(),
            Self::Object(entries) => entries.into_iter().map(|(key, value)| (key.into_owned(), value.into_json())).collect(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Node<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for NodeVisitor<'a> {
            type Value = Node<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Node<'a>, E> {
                Ok(Node::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Node<'a>, E> {
                Ok(Node::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node<'a>, E> {
                Ok(Node::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node<'a>, E> {
                Ok(Node::Number(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Node<'a>, E> {
                Ok(serde_json::Number::from_f64(value).map_or(Node::Null, Node::Number))
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'a>, E> {
                Ok(Node::Text(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Node<'a>, E> {
                Ok(Node::Text(Cow::Owned(value.to_owned())))
            }
            fn visit_string<E>(self, value: String) -> Result<Node<'a>, E> {
                Ok(Node::Text(Cow::Owned(value)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node<'a>, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = list.next_element()? {
                    nodes.push(node);
                }
                Ok(Node::List(nodes))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node<'a>, A::Error> {
                let mut entries = Vec::new();
                while let Some((Name(name), value)) = object.next_entry::<Name<'a>, Node<'a>>()? {
                    entries.push((name, value));
                }
                Ok(Node::Object(entries))
            }
        }
        deserializer.deserialize_any(NodeVisitor(PhantomData))
    }
}

/// A name, borrowed where it can be.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads one JSON document, whole.
///
/// # Errors
/// [`ProtoJsonError::Syntax`].
pub fn parse(json: &[u8]) -> Result<Node<'_>, ProtoJsonError> {
    serde_json::from_slice(json).map_err(|error| ProtoJsonError::Syntax(error.to_string()))
}

/// The fields of one message that were not taken yet.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    message: &'static str,
    entries: Vec<(Cow<'a, str>, Node<'a>)>,
}

impl<'a> Fields<'a> {
    /// The fields of `node`, an object.
    ///
    /// # Errors
    /// [`ProtoJsonError::InvalidValue`] where it is none.
    pub fn of(node: Node<'a>, message: &'static str) -> Result<Self, ProtoJsonError> {
        match node {
            Node::Object(entries) => Ok(Self { message, entries }),
            other => Err(ProtoJsonError::InvalidValue { kind: "message", field: message, value: other.to_string() }),
        }
    }

    /// Takes the field `name` (camelCase; its snake_case spelling counts too). `None` where it is absent or `null`.
    ///
    /// # Errors
    /// [`ProtoJsonError::DuplicateField`].
    pub fn take(&mut self, name: &'static str) -> Result<Option<Node<'a>>, ProtoJsonError> {
        let snake = snake_case(name);
        let mut found = None;
        while let Some(at) = self.entries.iter().position(|(key, _)| key == name || *key == snake) {
            if found.is_some() {
                return Err(ProtoJsonError::DuplicateField { field: name, message: self.message });
            }
            found = Some(self.entries.remove(at).1);
        }
        Ok(found.filter(|node| *node != Node::Null))
    }

    /// A text field whose protobuf name is camelCase itself, so that it has no other spelling; empty where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn text_of_one_spelling(&mut self, name: &'static str) -> Result<String, ProtoJsonError> {
        let snake = snake_case(name);
        match self.entries.iter().find(|(key, _)| *key == *snake && snake != name) {
            Some((field, _)) => Err(ProtoJsonError::UnknownField { field: field.clone().into_owned(), message: self.message }),
            None => self.text(name),
        }
    }

    /// A text field; empty where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn text(&mut self, name: &'static str) -> Result<String, ProtoJsonError> {
        match self.take(name)? {
            None => Ok(String::new()),
            Some(Node::Text(value)) => Ok(value.into_owned()),
            Some(other) => Err(invalid("string", name, &other)),
        }
    }

    /// A bytes field; `None` where it is absent or empty, which protobuf does not tell apart.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn bytes(&mut self, name: &'static str) -> Result<Option<Vec<u8>>, ProtoJsonError> {
        Ok(self.take(name)?.map(|node| bytes_of(name, node)).transpose()?.filter(|bytes| !bytes.is_empty()))
    }

    /// A bool field; `false` where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn boolean(&mut self, name: &'static str) -> Result<bool, ProtoJsonError> {
        match self.take(name)? {
            None => Ok(false),
            Some(Node::Bool(value)) => Ok(value),
            Some(other) => Err(invalid("bool", name, &other)),
        }
    }

    /// An int64 or int32 field; zero where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn integer(&mut self, name: &'static str) -> Result<i64, ProtoJsonError> {
        self.take(name)?.map_or(Ok(0), |node| integer_of(&node).ok_or_else(|| invalid("int64", name, &node)))
    }

    /// An enumeration, by name or number; zero where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn enumeration(&mut self, name: &'static str, names: &[(&str, i32)]) -> Result<i32, ProtoJsonError> {
        let Some(node) = self.take(name)? else { return Ok(0) };
        let number = match &node {
            Node::Text(value) => names.iter().find(|(known, _)| known == value).map(|(_, number)| *number),
            Node::Number(_) => integer_of(&node).and_then(|number| i32::try_from(number).ok()),
            _ => None,
        };
        number.ok_or_else(|| invalid("enum", name, &node))
    }

    /// A time (`google.protobuf.Timestamp`); fractions of a second are dropped.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn time(&mut self, name: &'static str) -> Result<Option<UnixTime>, ProtoJsonError> {
        let Some(node) = self.take(name)? else { return Ok(None) };
        let moment = if let Node::Text(value) = &node { UnixTime::parse_rfc3339(value) } else { None };
        moment.map(Some).ok_or_else(|| invalid("google.protobuf.Timestamp", name, &node))
    }

    /// A message field; `None` where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn message(&mut self, name: &'static str, message: &'static str) -> Result<Option<Self>, ProtoJsonError> {
        self.take(name)?.map(|node| Self::of(node, message)).transpose()
    }

    /// A repeated field; empty where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`], also for a `null` among the elements.
    pub fn list(&mut self, name: &'static str) -> Result<Vec<Node<'a>>, ProtoJsonError> {
        match self.take(name)? {
            None => Ok(Vec::new()),
            Some(Node::List(nodes)) => match nodes.iter().find(|node| **node == Node::Null) {
                Some(null) => Err(invalid("repeated", name, null)),
                None => Ok(nodes),
            },
            Some(other) => Err(invalid("repeated", name, &other)),
        }
    }

    /// A repeated message field; empty where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn messages(&mut self, name: &'static str, message: &'static str) -> Result<Vec<Self>, ProtoJsonError> {
        self.list(name)?.into_iter().map(|node| Self::of(node, message)).collect()
    }

    /// A map of text to text; empty where it is absent.
    ///
    /// # Errors
    /// [`ProtoJsonError`].
    pub fn text_map(&mut self, name: &'static str) -> Result<BTreeMap<String, String>, ProtoJsonError> {
        let Some(node) = self.take(name)? else { return Ok(BTreeMap::new()) };
        let Node::Object(entries) = node else { return Err(invalid("map", name, &node)) };
        let mut map = BTreeMap::new();
        for (key, value) in entries {
            let Node::Text(value) = value else { return Err(invalid("string", name, &value)) };
            if map.insert(key.into_owned(), value.into_owned()).is_some() {
                return Err(ProtoJsonError::DuplicateField { field: name, message: self.message });
            }
        }
        Ok(map)
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`ProtoJsonError::UnknownField`].
    pub fn finish(self) -> Result<(), ProtoJsonError> {
        match self.entries.into_iter().next() {
            None => Ok(()),
            Some((field, _)) => Err(ProtoJsonError::UnknownField { field: field.into_owned(), message: self.message }),
        }
    }
}

/// The bytes that a node holds as base64.
///
/// # Errors
/// [`ProtoJsonError::InvalidValue`].
pub fn bytes_of(name: &'static str, node: Node<'_>) -> Result<Vec<u8>, ProtoJsonError> {
    match &node {
        Node::Text(value) => base64::decode_protojson(value).map_err(|_| invalid("bytes", name, &node)),
        _ => Err(invalid("bytes", name, &node)),
    }
}

fn invalid(kind: &'static str, field: &'static str, node: &Node<'_>) -> ProtoJsonError {
    ProtoJsonError::InvalidValue { kind, field, value: node.to_string() }
}

fn integer_of(node: &Node<'_>) -> Option<i64> {
    match node {
        Node::Number(number) => number.as_i64().or_else(|| integral(number.as_f64()?)),
        // As Go: the text must be a number of JSON (no `+`, no leading zero), without white space around it.
        Node::Text(value) if value.trim() == value => integer_of(&Node::Number(serde_json::from_str(value).ok()?)),
        _ => None,
    }
}

fn integral(value: f64) -> Option<i64> {
    // Beyond 2^53 a float no longer names one integer.
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}

fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn fields(json: &str) -> Fields<'_> {
        Fields::of(parse(json.as_bytes()).unwrap(), "M").unwrap()
    }

    #[test]
    fn integers_as_go_takes_them() {
        for (text, expected) in [
            ("7", Some(7)),
            ("\"7\"", Some(7)),
            ("-7", Some(-7)),
            ("7.0", Some(7)),
            ("\"7.0\"", Some(7)),
            ("1e2", Some(100)),
            ("\"9223372036854775807\"", Some(i64::MAX)),
            ("9223372036854775807", Some(i64::MAX)),
            ("null", Some(0)),
            ("7.5", None),
            ("\"\"", None),
            ("\" 7\"", None),
            ("\"x\"", None),
            ("\"07\"", None),
            ("\"+7\"", None),
            ("\"-0\"", Some(0)),
            ("9223372036854775808", None),
            ("true", None),
        ] {
            assert_eq!(fields(&format!("{{\"logIndex\":{text}}}")).integer("logIndex").ok(), expected, "{text}");
        }
    }

    #[test]
    fn both_spellings_are_one_field() {
        assert_eq!(fields(r#"{"log_index":1}"#).integer("logIndex"), Ok(1));
        assert!(fields(r#"{"log_index":1,"logIndex":1}"#).integer("logIndex").is_err());
        assert!(fields(r#"{"logIndex":1,"logIndex":null}"#).integer("logIndex").is_err());
        assert!(fields(r#"{"a":[null]}"#).list("a").is_err());
        assert!(fields(r#"{"a":1}"#).finish().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_document_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&bytes).map(|node| node.into_json());
        }
    }
}
