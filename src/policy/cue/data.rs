//! The JSON that a policy is asked about. Numbers stay exact, and a repeated key stays repeated: CUE unifies its values.

use std::rc::Rc;
use std::sync::Arc;

use super::number::Number;

/// How deep it may nest.
const MAX_DEPTH: usize = 256;

/// A value of JSON (and what functions return).
#[derive(Debug)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Vec<Rc<Data>>),
    Object(Vec<(Arc<str>, Rc<Data>)>),
}

/// A whole text.
#[derive(Debug)]
pub(super) struct Document {
    pub root: Rc<Data>,
    /// Whether an object in it has a key twice.
    pub repeats_keys: bool,
}

/// Reads JSON; `None` for what is none, nests too deep, or has numbers or texts that CUE would not take.
pub(super) fn read(bytes: &[u8]) -> Option<Document> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader { text, offset: 0, repeats_keys: false };
    let root = reader.value(0)?;
    reader.skip_space();
    (reader.offset == text.len()).then_some(Document { root, repeats_keys: reader.repeats_keys })
}

struct Reader<'a> {
    text: &'a str,
    offset: usize,
    repeats_keys: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.offset += 1;
        }
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        if found {
            self.offset += 1;
        }
        found
    }

    fn value(&mut self, depth: usize) -> Option<Rc<Data>> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_space();
        let data = match self.peek()? {
            b'{' => self.object(depth)?,
            b'[' => self.list(depth)?,
            b'"' => Data::Text(self.string()?),
            b'-' | b'0'..=b'9' => Data::Number(self.number()?),
            _ => self.word()?,
        };
        Some(Rc::new(data))
    }

    fn word(&mut self) -> Option<Data> {
        for (word, data) in [("null", Data::Null), ("true", Data::Bool(true)), ("false", Data::Bool(false))] {
            if self.text[self.offset..].starts_with(word) {
                self.offset += word.len();
                return Some(data);
            }
        }
        None
    }

    fn object(&mut self, depth: usize) -> Option<Data> {
        self.offset += 1;
        let mut members = Vec::new();
        if self.accept(b'}') {
            return Some(Data::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return None;
            }
            let key = self.string()?;
            if !self.accept(b':') {
                return None;
            }
            members.push((key, self.value(depth + 1)?));
            if self.accept(b'}') {
                break;
            }
            if !self.accept(b',') {
                return None;
            }
        }
        self.note_repeats(&members);
        Some(Data::Object(members))
    }

    fn note_repeats(&mut self, members: &[(Arc<str>, Rc<Data>)]) {
        if self.repeats_keys || members.len() < 2 {
            return;
        }
        let mut keys: Vec<&str> = members.iter().map(|(key, _)| &**key).collect();
        keys.sort_unstable();
        self.repeats_keys = keys.windows(2).any(|pair| pair[0] == pair[1]);
    }

    fn list(&mut self, depth: usize) -> Option<Data> {
        self.offset += 1;
        let mut elements = Vec::new();
        if self.accept(b']') {
            return Some(Data::List(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            if self.accept(b']') {
                return Some(Data::List(elements));
            }
            if !self.accept(b',') {
                return None;
            }
        }
    }

    fn number(&mut self) -> Option<Number> {
        let start = self.offset;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.offset += 1;
        }
        let text = &self.text[start..self.offset];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, power) = digits.split_once(['e', 'E']).map_or((digits, None), |(mantissa, power)| (mantissa, Some(power)));
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let power_digits = power.map(|power| power.strip_prefix(['+', '-']).unwrap_or(power));
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !all_digits(whole) || leading_zero || !fraction.is_none_or(all_digits) || !power_digits.is_none_or(all_digits) {
            return None;
        }
        Number::parse(&text.replace('+', ""))
    }

    fn string(&mut self) -> Option<Arc<str>> {
        self.offset += 1;
        let start = self.offset;
        let plain = self.text.as_bytes()[start..].iter().position(|byte| matches!(byte, b'"' | b'\\') || *byte < 0x20)?;
        self.offset += plain;
        if self.peek() == Some(b'"') {
            self.offset += 1;
            return Some(Arc::from(&self.text[start..start + plain]));
        }
        let mut out = self.text[start..start + plain].to_owned();
        loop {
            let c = self.text[self.offset..].chars().next()?;
            self.offset += c.len_utf8();
            match c {
                '"' => return Some(Arc::from(out)),
                '\\' => out.push(self.escape()?),
                c if c < ' ' => return None,
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.offset += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                let unit = match unit {
                    0xd800..=0xdbff if self.text[self.offset..].starts_with("\\u") => {
                        self.offset += 2;
                        let low = self.unit().filter(|low| (0xdc00..=0xdfff).contains(low))?;
                        0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
                    }
                    unit => unit,
                };
                char::from_u32(unit)?
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.offset..self.offset + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.offset += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}
