//! One CSV record as Go's `encoding/csv` reads it (RFC 4180, with Go's error texts).

/// Why a text is no CSV record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// Nothing but line breaks.
    #[error("EOF")]
    Empty,
    /// A quote inside a field that does not start with one.
    #[error("parse error on line {line}, column {column}: bare \" in non-quoted-field")]
    BareQuote {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
    /// A quoted field that does not end, or goes on after its end.
    #[error("{}parse error on line {line}, column {column}: extraneous or missing \" in quoted-field", record_start(*.start, *.line))]
    Quote {
        /// The line on which the record starts.
        start: usize,
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
}

fn record_start(start: usize, line: usize) -> String {
    if start == line { String::new() } else { format!("record on line {start}; ") }
}

/// The fields of the first record of `text`; empty lines before it are skipped, what follows it is ignored.
///
/// # Errors
/// [`CsvError`].
pub fn record(text: &str) -> Result<Vec<String>, CsvError> {
    let mut lines = Lines::new(text);
    let line = lines.by_ref().find(|line| line != "\n").ok_or(CsvError::Empty)?;
    let mut reader = Reader { start: lines.number, line_number: lines.number, line, position: 0, column: 1, lines };
    let mut fields = Vec::new();
    loop {
        let (field, more) = if reader.rest().starts_with('"') { reader.quoted()? } else { reader.plain()? };
        fields.push(field);
        if !more {
            return Ok(fields);
        }
    }
}

/// Lines with their line break, as `\n`; a carriage return at the very end is dropped.
struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text, number: 0 }
    }
}

impl Iterator for Lines<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = self.rest.find('\n').map_or(self.rest.len(), |index| index + 1);
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(match (line.strip_suffix("\r\n"), line.strip_suffix('\r')) {
            (Some(line), _) => format!("{line}\n"),
            (None, Some(line)) => line.to_owned(),
            (None, None) => line.to_owned(),
        })
    }
}

struct Reader<'a> {
    start: usize,
    line_number: usize,
    line: String,
    /// In `line`, in bytes.
    position: usize,
    /// Where Go counts the column from.
    column: usize,
    lines: Lines<'a>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.line[self.position..]
    }

    fn skip(&mut self, bytes: usize) {
        self.position += bytes;
        self.column += bytes;
    }

    /// The field, and whether a comma follows it.
    fn plain(&mut self) -> Result<(String, bool), CsvError> {
        let comma = self.rest().find(',');
        let field = match comma {
            Some(index) => &self.rest()[..index],
            None => self.rest().trim_end_matches('\n'),
        };
        if let Some(index) = field.find('"') {
            return Err(CsvError::BareQuote { line: self.line_number, column: self.column + index });
        }
        let field = field.to_owned();
        self.skip(comma.map_or(field.len(), |index| index + 1));
        Ok((field, comma.is_some()))
    }

    fn quoted(&mut self) -> Result<(String, bool), CsvError> {
        let mut field = String::new();
        self.skip(1);
        loop {
            let Some(index) = self.rest().find('"') else {
                let tail = self.rest().to_owned();
                self.next_line(&tail)?;
                field.push_str(&tail);
                continue;
            };
            field.push_str(&self.rest()[..index]);
            self.skip(index + 1);
            match self.rest().as_bytes().first() {
                Some(b'"') => {
                    field.push('"');
                    self.skip(1);
                }
                Some(b',') => {
                    self.skip(1);
                    return Ok((field, true));
                }
                None | Some(b'\n') => return Ok((field, false)),
                Some(_) => return Err(self.quote_error(self.column - 1)),
            }
        }
    }

    fn next_line(&mut self, tail: &str) -> Result<(), CsvError> {
        self.skip(tail.len());
        let Some(line) = self.lines.next() else { return Err(self.quote_error(self.column)) };
        self.line_number += 1;
        self.line = line;
        self.position = 0;
        self.column = 1;
        Ok(())
    }

    fn quote_error(&self, column: usize) -> CsvError {
        CsvError::Quote { start: self.start, line: self.line_number, column }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn records() {
        for (text, fields) in [
            ("a", vec!["a"]),
            ("a,", vec!["a", ""]),
            ("\n\r\na,b\nc", vec!["a", "b"]),
            ("\"a\"\"b\",c", vec!["a\"b", "c"]),
            ("\"a\nb\",c", vec!["a\nb", "c"]),
            ("x\r", vec!["x"]),
        ] {
            assert_eq!(record(text).unwrap(), fields, "{text:?}");
        }
    }

    #[test]
    fn errors_are_gos() {
        for (text, error) in [
            ("a\"b", "parse error on line 1, column 2: bare \" in non-quoted-field"),
            ("x,\"ab", "parse error on line 1, column 6: extraneous or missing \" in quoted-field"),
            ("\"a\"b", "parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            ("\"a\nb\"c", "record on line 1; parse error on line 2, column 2: extraneous or missing \" in quoted-field"),
            ("\n", "EOF"),
        ] {
            assert_eq!(record(text).unwrap_err().to_string(), error, "{text:?}");
        }
    }
}
