//! Splits a policy into tokens; line ends become commas where CUE puts them.

use std::sync::Arc;

use super::super::error::{CueError, Position};
use super::super::number::Number;

/// How deep interpolations may nest.
const MAX_NESTING: usize = 16;

/// Longest first.
const SYMBOLS: &[&str] = &[
    "_|_", "...", "==", "!=", "<=", ">=", "=~", "!~", "&&", "||", "{", "}", "(", ")", "[", "]", ":", ",", ".", "?", "!", "=", "<", ">",
    "+", "-", "*", "/", "&", "|", "~", ";",
];

#[derive(Debug, Clone)]
pub(super) enum Token {
    Symbol(&'static str),
    Name(Arc<str>),
    Number(Number),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    Interpolation {
        pieces: Vec<Piece>,
        bytes: bool,
    },
    /// `@name(…)`; attributes mean nothing to an evaluation.
    Attribute,
    End,
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(Vec<u8>),
    Tokens(Vec<Spot>),
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub at: Position,
    pub token: Token,
}

impl Token {
    /// Whether a line end behind it is a comma.
    fn ends_line(&self) -> bool {
        match self {
            Self::Symbol(symbol) => matches!(*symbol, ")" | "]" | "}" | "..." | "?" | "_|_"),
            Self::Name(name) => !matches!(&**name, "for" | "if" | "in" | "let" | "import" | "package" | "div" | "mod" | "quo" | "rem"),
            Self::End => false,
            _ => true,
        }
    }
}

pub(super) struct Lexer<'a> {
    pub(super) file: &'a str,
    index: u16,
    pub(super) source: &'a [u8],
    pub(super) offset: usize,
    line: u32,
    line_start: usize,
    nesting: usize,
}

/// All tokens of `text`, with an `End` behind them.
pub(super) fn tokens((index, file): (u16, &str), text: &str) -> Result<Vec<Spot>, CueError> {
    let mut lexer = Lexer { file, index, source: text.as_bytes(), offset: 0, line: 1, line_start: 0, nesting: 0 };
    let mut spots = Vec::new();
    if text.starts_with('\u{feff}') {
        lexer.offset = 3;
    }
    lexer.run(&mut spots, false)?;
    Ok(spots)
}

impl Lexer<'_> {
    /// Reads to the end, or, in an interpolation, to the parenthesis that closes it.
    fn run(&mut self, spots: &mut Vec<Spot>, interpolation: bool) -> Result<(), CueError> {
        let mut depth = 0usize;
        loop {
            let crossed = self.skip_space();
            let wants_comma = spots.last().is_some_and(|spot: &Spot| spot.token.ends_line());
            let at = self.position();
            if (crossed || (self.offset >= self.source.len() && !interpolation)) && wants_comma {
                spots.push(Spot { at, token: Token::Symbol(",") });
            }
            if self.offset >= self.source.len() {
                if interpolation {
                    return Err(self.error(at, "string literal not terminated"));
                }
                spots.push(Spot { at, token: Token::End });
                return Ok(());
            }
            let token = self.next_token()?;
            if interpolation {
                match token {
                    Token::Symbol("(") => depth += 1,
                    Token::Symbol(")") if depth == 0 => {
                        spots.push(Spot { at, token: Token::End });
                        return Ok(());
                    }
                    Token::Symbol(")") => depth -= 1,
                    _ => {}
                }
            }
            spots.push(Spot { at, token });
        }
    }

    /// The tokens of an interpolation, whose opening parenthesis was read.
    pub(super) fn interpolated(&mut self) -> Result<Vec<Spot>, CueError> {
        let at = self.position();
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.error(at, "interpolations nest too deep"));
        }
        let mut spots = Vec::new();
        self.run(&mut spots, true)?;
        self.nesting -= 1;
        Ok(spots)
    }

    pub(super) fn position(&self) -> Position {
        let column = u32::try_from(self.offset - self.line_start + 1).unwrap_or(u32::MAX);
        Position { file: self.index, line: self.line, column }
    }

    pub(super) fn error(&self, at: Position, reason: impl Into<String>) -> CueError {
        CueError::Syntax { file: self.file.to_owned(), at, reason: reason.into() }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.source.get(self.offset).copied()
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.source[self.offset..].starts_with(text.as_bytes())
    }

    /// To be called behind every line feed that was read.
    pub(super) fn begin_line(&mut self) {
        self.line += 1;
        self.line_start = self.offset;
    }

    /// Skips blanks and comments; says whether a line ended.
    fn skip_space(&mut self) -> bool {
        let mut crossed = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => {
                    self.offset += 1;
                    self.begin_line();
                    crossed = true;
                }
                b' ' | b'\t' | b'\r' => self.offset += 1,
                b'/' if self.starts_with("//") => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.offset += 1;
                    }
                }
                _ => break,
            }
        }
        crossed
    }

    fn next_token(&mut self) -> Result<Token, CueError> {
        let at = self.position();
        let rest = &self.source[self.offset..];
        match rest[0] {
            b'"' | b'\'' => return self.string(0),
            b'#' => {
                let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
                if matches!(rest.get(hashes), Some(b'"' | b'\'')) {
                    self.offset += hashes;
                    return self.string(hashes);
                }
            }
            b'@' => return self.attribute(),
            byte if byte.is_ascii_digit() => return self.number(),
            b'.' if rest.get(1).is_some_and(u8::is_ascii_digit) => return self.number(),
            _ => {}
        }
        let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(symbol.as_bytes()));
        if let Some(symbol) = symbol {
            self.offset += symbol.len();
            return Ok(Token::Symbol(symbol));
        }
        if let Some(name) = self.name() {
            return Ok(Token::Name(name));
        }
        let text = String::from_utf8_lossy(rest);
        let shown = text.chars().next().unwrap_or_default();
        Err(self.error(at, format!("illegal character {}", crate::encoding::text::quote(&shown.to_string()))))
    }

    /// `x`, `_x`, `#x`, `_#x`, `$x`, with letters and digits of every script.
    fn name(&mut self) -> Option<Arc<str>> {
        let text = std::str::from_utf8(&self.source[self.offset..]).ok()?;
        let mark = ["_#", "#"].into_iter().find(|mark| text.starts_with(mark)).map_or(0, str::len);
        let body = &text[mark..];
        let is_letter = |c: char| c.is_alphabetic() || c == '_' || c == '$';
        let end = body.char_indices().find(|(at, c)| !(is_letter(*c) || (*at > 0 && c.is_numeric()))).map_or(body.len(), |(at, _)| at);
        if end == 0 {
            return None;
        }
        self.offset += mark + end;
        Some(Arc::from(&text[..mark + end]))
    }

    fn number(&mut self) -> Result<Token, CueError> {
        let at = self.position();
        let start = self.offset;
        let hexadecimal = self.starts_with("0x") || self.starts_with("0X");
        let mut previous = 0u8;
        while let Some(byte) = self.peek() {
            let sign = matches!(byte, b'+' | b'-') && matches!(previous, b'e' | b'E') && !hexadecimal;
            let dots = byte == b'.' && self.starts_with("..");
            if !(byte.is_ascii_alphanumeric() || byte == b'_' || (byte == b'.' && !dots) || sign) {
                break;
            }
            previous = byte;
            self.offset += 1;
        }
        let text = String::from_utf8_lossy(&self.source[start..self.offset]);
        let text = if text.starts_with('.') { format!("0{text}") } else { text.into_owned() };
        let text = text.replacen("e+", "e", 1).replacen("E+", "e", 1);
        Number::parse(&text).map(Token::Number).ok_or_else(|| self.error(at, format!("invalid number {text}")))
    }

    /// `@name(…)`: skipped, strings and brackets in it being balanced.
    fn attribute(&mut self) -> Result<Token, CueError> {
        let at = self.position();
        self.offset += 1;
        if self.name().is_none() || self.peek() != Some(b'(') {
            return Err(self.error(at, "invalid attribute: expected '('"));
        }
        self.offset += 1;
        let mut depth = 1usize;
        while depth > 0 {
            match self.peek() {
                None | Some(b'\n') => return Err(self.error(at, "attribute missing ')'")),
                Some(b'"' | b'\'') => {
                    self.string(0)?;
                    continue;
                }
                Some(b'(' | b'[' | b'{') => depth += 1,
                Some(b')' | b']' | b'}') => depth -= 1,
                Some(_) => {}
            }
            self.offset += 1;
        }
        Ok(Token::Attribute)
    }
}
