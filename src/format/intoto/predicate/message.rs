//! Protobuf messages by their fields: read as `protojson` with `DiscardUnknown` reads them, written as it writes them.

use serde_json::{Map, Value};

use crate::encoding::UnixTime;
use crate::format::proto_json::{Fields, Node, ProtoJsonError};

/// A message: its name and its fields in camelCase.
pub(super) struct Message {
    pub(super) name: &'static str,
    pub(super) fields: &'static [(&'static str, Kind)],
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Text, left out where it is empty.
    Text,
    /// A bool, left out where it is false.
    Bool,
    /// Bytes, left out where there are none.
    Bytes,
    /// A time.
    Time,
    /// Any JSON object.
    Struct,
    /// Text by name, left out where there is none.
    Texts,
    /// A message.
    Message(&'static Message),
    /// Messages, left out where there is none.
    List(&'static Message),
}

impl Message {
    /// Reads `node`; what the message does not have is dropped.
    pub(super) fn read(&self, node: Node<'_>) -> Result<Value, ProtoJsonError> {
        let mut fields = Fields::of(node, self.name)?;
        let mut out = Map::new();
        for (name, kind) in self.fields {
            if let Some(value) = kind.read(&mut fields, name)? {
                out.insert((*name).to_owned(), value);
            }
        }
        Ok(out.into())
    }
}

impl Kind {
    fn read(self, fields: &mut Fields<'_>, name: &'static str) -> Result<Option<Value>, ProtoJsonError> {
        Ok(match self {
            Self::Text => Some(fields.text(name)?).filter(|text| !text.is_empty()).map(Value::from),
            Self::Bool => fields.boolean(name)?.then_some(true.into()),
            Self::Bytes => fields.bytes(name)?.map(|bytes| crate::encoding::base64::encode(&bytes).into()),
            Self::Texts => {
                let texts = fields.text_map(name)?;
                (!texts.is_empty()).then(|| texts.into_iter().map(|(key, text)| (key, text.into())).collect::<Map<_, _>>().into())
            }
            Self::Time => match fields.take(name)? {
                None => None,
                Some(Node::Text(time)) => {
                    Some(UnixTime::normalized(&time).ok_or_else(|| invalid("Timestamp", name, &Node::Text(time)))?.into())
                }
                Some(other) => return Err(invalid("Timestamp", name, &other)),
            },
            Self::Struct => match fields.take(name)? {
                None => None,
                Some(node @ Node::Object(_)) => Some(node.into_json()),
                Some(other) => return Err(invalid("Struct", name, &other)),
            },
            Self::Message(message) => fields.take(name)?.map(|node| message.read(node)).transpose()?,
            Self::List(message) => match fields.take(name)? {
                None => None,
                Some(Node::List(nodes)) => {
                    let values = nodes.into_iter().map(|node| message.read(node)).collect::<Result<Vec<_>, _>>()?;
                    (!values.is_empty()).then(|| values.into())
                }
                Some(other) => return Err(invalid("list", name, &other)),
            },
        })
    }
}

fn invalid(kind: &'static str, field: &'static str, node: &Node<'_>) -> ProtoJsonError {
    ProtoJsonError::InvalidValue { kind, field, value: node.to_string() }
}
