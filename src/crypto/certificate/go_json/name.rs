//! Distinguished names, as Go's `pkix.Name`.

use serde::Serialize;

use super::lists::Oid;
use super::some;
use crate::crypto::certificate::name::Name;

/// Go's `pkix.Name`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NameJson {
    country: Option<Vec<String>>,
    organization: Option<Vec<String>>,
    organizational_unit: Option<Vec<String>>,
    locality: Option<Vec<String>>,
    province: Option<Vec<String>>,
    street_address: Option<Vec<String>>,
    postal_code: Option<Vec<String>>,
    serial_number: String,
    common_name: String,
    names: Option<Vec<Attribute>>,
    extra_names: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    r#type: Oid,
    value: String,
}

impl NameJson {
    pub(super) fn of(name: &Name) -> Self {
        let all = |arc| some(name.values(arc).map(str::to_owned).collect());
        let last = |arc| name.values(arc).last().unwrap_or_default().to_owned();
        let attributes = name.attributes().map(|(oid, value)| Attribute { r#type: Oid::of(oid), value: value.to_owned() });
        Self {
            country: all(6),
            organization: all(10),
            organizational_unit: all(11),
            locality: all(7),
            province: all(8),
            street_address: all(9),
            postal_code: all(17),
            serial_number: last(5),
            common_name: last(3),
            names: some(attributes.collect()),
            extra_names: None,
        }
    }
}
