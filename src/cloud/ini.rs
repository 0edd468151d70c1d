//! INI files as AWS's and Alibaba Cloud's tools write them.

use std::collections::BTreeMap;

/// Sections by name; a section that occurs twice is one.
pub type Ini = BTreeMap<String, BTreeMap<String, String>>;

/// Parses a file leniently: what is neither a section, a setting nor a comment is passed over, as are settings nested below another.
pub fn parse(text: &str) -> Ini {
    let mut sections = Ini::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        let nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let name = name.trim().to_owned();
            sections.entry(name.clone()).or_default();
            current = Some(name);
        } else if let (Some((key, value)), Some(section), false) = (line.split_once('='), &current, nested) {
            let value = value.split(" #").next().unwrap_or_default().trim();
            sections.entry(section.clone()).or_default().insert(key.trim().to_ascii_lowercase(), value.to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sections_settings_and_comments() {
        let parsed =
            parse("# c\nx=1\n[default]\nAWS_Key = a=b # note\ns3 =\n  nested = 1\n; c\n[profile x]\nregion=eu\n[default]\nmore=2\n");
        assert_eq!(parsed["default"]["aws_key"], "a=b");
        assert_eq!(parsed["default"]["more"], "2");
        assert!(!parsed["default"].contains_key("nested"));
        assert_eq!(parsed["profile x"]["region"], "eu");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}|[\\[\\]=#; \n\ta-z]{0,60}") {
            let _ = parse(&text);
        }
    }
}
