//! String and bytes literals: `"…"`, `'…'`, their multi-line and raw (`#"…"#`) forms, escapes and interpolations.

use super::super::error::{CueError, Position};
use super::lex::{Lexer, Piece, Token};

/// How a literal is written.
#[derive(Clone, Copy)]
struct Form {
    quote: u8,
    hashes: usize,
    multiline: bool,
    at: Position,
}

impl Form {
    fn is_bytes(self) -> bool {
        self.quote == b'\''
    }

    /// What ends it.
    fn closing(self) -> Vec<u8> {
        let mut closing = vec![self.quote; if self.multiline { 3 } else { 1 }];
        closing.extend(std::iter::repeat_n(b'#', self.hashes));
        closing
    }
}

impl Lexer<'_> {
    /// Reads a literal, whose leading hashes were read.
    pub(super) fn string(&mut self, hashes: usize) -> Result<Token, CueError> {
        let at = self.position();
        let quote = self.source[self.offset];
        let multiline = self.source[self.offset..].starts_with(&[quote; 3]);
        let form = Form { quote, hashes, multiline, at };
        self.offset += if multiline { 3 } else { 1 };
        let indentation = if multiline { self.open_multiline(form)? } else { Vec::new() };
        let mut pieces = vec![Piece::Text(Vec::new())];
        let closing = form.closing();
        loop {
            let at_line_start = multiline && self.offset > 0 && self.source[self.offset - 1] == b'\n';
            if at_line_start && self.skip_indentation(&indentation, form)? {
                break;
            }
            if !multiline && self.source[self.offset..].starts_with(&closing) {
                self.offset += closing.len();
                break;
            }
            self.string_element(form, &mut pieces)?;
        }
        if multiline {
            // The line feed in front of the closing quotes is no part of the text.
            self.offset += closing.len();
            if let Some(Piece::Text(last)) = pieces.last_mut() {
                last.pop();
            }
        }
        self.finished(form, pieces)
    }

    /// One character, escape or interpolation.
    fn string_element(&mut self, form: Form, pieces: &mut Vec<Piece>) -> Result<(), CueError> {
        let Some(byte) = self.peek() else { return Err(self.error(form.at, "string literal not terminated")) };
        let escape: Vec<u8> = std::iter::once(b'\\').chain(std::iter::repeat_n(b'#', form.hashes)).collect();
        if self.source[self.offset..].starts_with(&escape) {
            self.offset += escape.len();
            if self.peek() == Some(b'(') {
                self.offset += 1;
                let tokens = self.interpolated()?;
                pieces.push(Piece::Tokens(tokens));
                pieces.push(Piece::Text(Vec::new()));
                return Ok(());
            }
            let bytes = self.escape(form)?;
            push(pieces, &bytes);
            return Ok(());
        }
        self.offset += 1;
        match byte {
            b'\n' if form.multiline => {
                self.begin_line();
                push(pieces, b"\n");
            }
            b'\r' if form.multiline && self.peek() == Some(b'\n') => {}
            b'\n' | b'\r' => return Err(self.error(form.at, "string literal not terminated")),
            _ => push(pieces, &[byte]),
        }
        Ok(())
    }

    /// Behind the opening quotes of a multi-line literal: a line end, then text indented as its closing quotes are.
    fn open_multiline(&mut self, form: Form) -> Result<Vec<u8>, CueError> {
        if self.peek() == Some(b'\r') {
            self.offset += 1;
        }
        if self.peek() != Some(b'\n') {
            return Err(self.error(form.at, "expected newline after multiline quote"));
        }
        self.offset += 1;
        self.begin_line();
        let closing = form.closing();
        let lines = self.source[self.offset..].split(|byte| *byte == b'\n');
        for line in lines {
            let blank = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            if line[blank..].starts_with(&closing) {
                return Ok(line[..blank].to_vec());
            }
        }
        Err(self.error(form.at, "string literal not terminated"))
    }

    /// At the start of a line: skips what all lines are indented by; says whether the literal ends here.
    fn skip_indentation(&mut self, indentation: &[u8], form: Form) -> Result<bool, CueError> {
        let rest = &self.source[self.offset..];
        if let Some(text) = rest.strip_prefix(indentation) {
            self.offset += indentation.len();
            return Ok(text.starts_with(&form.closing()));
        }
        let empty = rest.starts_with(b"\n") || rest.starts_with(b"\r\n");
        if empty { Ok(false) } else { Err(self.error(self.position(), "invalid whitespace")) }
    }

    fn escape(&mut self, form: Form) -> Result<Vec<u8>, CueError> {
        let at = self.position();
        let invalid = || CueError::Syntax { file: self.file.to_owned(), at, reason: "unknown escape sequence".to_owned() };
        let letter = self.peek().ok_or_else(invalid)?;
        let simple = match letter {
            b'a' => Some(7),
            b'b' => Some(8),
            b'f' => Some(12),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'v' => Some(11),
            b'\\' | b'/' => Some(letter),
            b'"' | b'\'' if letter == form.quote => Some(letter),
            _ => None,
        };
        if let Some(byte) = simple {
            self.offset += 1;
            return Ok(vec![byte]);
        }
        let (skip, count, radix) = match letter {
            b'u' => (1, 4, 16),
            b'U' => (1, 8, 16),
            b'x' if form.is_bytes() => (1, 2, 16),
            b'0'..=b'7' if form.is_bytes() => (0, 3, 8),
            _ => return Err(invalid()),
        };
        let start = self.offset + skip;
        let digits = self.source.get(start..start + count).ok_or_else(invalid)?;
        let digits = std::str::from_utf8(digits).map_err(|_| invalid())?;
        let plain = digits.chars().all(|c| c.is_digit(radix));
        let code = u32::from_str_radix(digits, radix).ok().filter(|_| plain).ok_or_else(invalid)?;
        let bytes = if matches!(letter, b'u' | b'U') {
            char::from_u32(code).ok_or_else(invalid)?.to_string().into_bytes()
        } else {
            vec![u8::try_from(code).map_err(|_| invalid())?]
        };
        self.offset = start + count;
        Ok(bytes)
    }

    fn finished(&self, form: Form, mut pieces: Vec<Piece>) -> Result<Token, CueError> {
        if pieces.len() > 1 {
            return Ok(Token::Interpolation { pieces, bytes: form.is_bytes() });
        }
        let Some(Piece::Text(bytes)) = pieces.pop() else { return Ok(Token::Text("".into())) };
        if form.is_bytes() {
            return Ok(Token::Bytes(bytes.into()));
        }
        let text = String::from_utf8(bytes).map_err(|_| self.error(form.at, "invalid UTF-8 in string"))?;
        Ok(Token::Text(text.into()))
    }
}

fn push(pieces: &mut [Piece], bytes: &[u8]) {
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        text.extend_from_slice(bytes);
    }
}
