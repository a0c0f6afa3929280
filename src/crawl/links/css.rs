//! The references in a style sheet, by the tokens of CSS Syntax level 3.

use std::iter::Peekable;
use std::str::CharIndices;

use encoding_rs::{Encoding, UTF_8};

use super::Kind;

/// Blocks and functions open at once; deeper nesting is read as if it were this deep.
const DEEPEST: usize = 256;

/// Every URL of a style sheet, or of a style attribute: `url()`, `@import`, `image-set()`.
pub(super) fn references(css: &str) -> Vec<(String, Kind)> {
    let mut reader = Reader::default();
    let mut tokens = Tokens::new(css);
    while let Some(token) = tokens.next() {
        reader.take(token);
    }
    reader.found
}

/// The encoding that `@charset "…";` names, which must be the very first bytes.
pub(super) fn declared_charset(css: &[u8]) -> Option<&'static Encoding> {
    let rest = css.strip_prefix(b"@charset \"")?;
    let label = rest.split(|byte| *byte == b'"').next()?;
    let encoding = Encoding::for_label(label)?;
    // A style sheet that could be read so far is no UTF-16.
    Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    AtKeyword(String),
    Function(String),
    Url(String),
    String(String),
    Open,
    Close,
    Semicolon,
    Other,
}

/// What is open around a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// `url("…")`, `src("…")`.
    Url,
    /// `image-set("…" 1x)`.
    ImageSet,
    /// Anything else.
    Other,
}

/// What an at-rule's prelude makes of a string or URL in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prelude {
    /// The next one is a style sheet.
    Import,
    /// Names only: `@namespace`, `@charset`.
    Names,
}

#[derive(Debug, Default)]
struct Reader {
    found: Vec<(String, Kind)>,
    open: Vec<Around>,
    prelude: Option<Prelude>,
}

impl Reader {
    fn take(&mut self, token: Token) {
        match token {
            Token::AtKeyword(name) => self.prelude = prelude(&name),
            Token::Function(name) => self.enter(around(&name)),
            Token::Open => {
                self.prelude = None;
                self.enter(Around::Other);
            }
            Token::Close => drop(self.open.pop()),
            Token::Semicolon => self.prelude = None,
            Token::Url(reference) => self.refer(reference),
            Token::String(text) => {
                let in_url = matches!(self.open.last(), Some(Around::Url | Around::ImageSet));
                let in_import = self.prelude == Some(Prelude::Import) && self.open.is_empty();
                if in_url || in_import {
                    self.refer(text);
                }
            }
            Token::Other => {}
        }
    }

    fn enter(&mut self, around: Around) {
        if self.open.len() < DEEPEST {
            self.open.push(around);
        }
    }

    fn refer(&mut self, reference: String) {
        match self.prelude {
            Some(Prelude::Import) => {
                self.found.push((reference, Kind::Style));
                // What follows are layers and conditions.
                self.prelude = Some(Prelude::Names);
            }
            Some(Prelude::Names) => {}
            None => self.found.push((reference, Kind::Asset)),
        }
    }
}

fn prelude(at_keyword: &str) -> Option<Prelude> {
    match at_keyword.to_ascii_lowercase().as_str() {
        "import" => Some(Prelude::Import),
        "namespace" | "charset" => Some(Prelude::Names),
        _ => None,
    }
}

fn around(function: &str) -> Around {
    match function.to_ascii_lowercase().as_str() {
        "url" | "src" => Around::Url,
        "image-set" | "-webkit-image-set" => Around::ImageSet,
        _ => Around::Other,
    }
}

/// The tokens that matter, in order; everything else is [`Token::Other`], white space and comments are nothing.
struct Tokens<'a> {
    rest: Peekable<CharIndices<'a>>,
    text: &'a str,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text.char_indices().peekable(), text }
    }

    fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        let first = self.peek(0)?;
        if self.starts_name() {
            return Some(self.name_or_function());
        }
        if first.is_ascii_digit() {
            // A number takes its unit along, so that `1url(` is no function.
            self.name();
            return Some(Token::Other);
        }
        self.bump();
        Some(match first {
            '"' | '\'' => self.string(first),
            '@' if self.starts_name() => Token::AtKeyword(self.name()),
            '#' => {
                self.name();
                Token::Other
            }
            '(' | '[' | '{' => Token::Open,
            ')' | ']' | '}' => Token::Close,
            ';' => Token::Semicolon,
            _ => Token::Other,
        })
    }

    fn name_or_function(&mut self) -> Token {
        let name = self.name();
        if self.peek(0) != Some('(') {
            return Token::Other;
        }
        self.bump();
        if !name.eq_ignore_ascii_case("url") {
            return Token::Function(name);
        }
        while self.peek(0).is_some_and(is_blank) {
            self.bump();
        }
        match self.peek(0) {
            Some('"' | '\'') => Token::Function(name),
            _ => self.unquoted_url(),
        }
    }

    /// What follows `url(`, up to its parenthesis; [`Token::Other`] where that is no URL.
    fn unquoted_url(&mut self) -> Token {
        let (mut url, mut bad) = (String::new(), false);
        loop {
            match self.bump() {
                None | Some(')') => break,
                Some('\\') if self.peek(0).is_some_and(|c| c != '\n') => url.push(self.escaped()),
                Some(c) if is_blank(c) => bad |= !self.ends_after_blanks(),
                Some('"' | '\'' | '(' | '\\') => bad = true,
                Some(c) => url.push(c),
            }
        }
        if bad { Token::Other } else { Token::Url(url) }
    }

    fn ends_after_blanks(&mut self) -> bool {
        while self.peek(0).is_some_and(is_blank) {
            self.bump();
        }
        matches!(self.peek(0), None | Some(')'))
    }

    /// What follows a quote. A line end makes it no string.
    fn string(&mut self, quote: char) -> Token {
        let mut text = String::new();
        loop {
            match self.peek(0) {
                Some('\n') => return Token::Other,
                None => return Token::String(text),
                Some(c) => {
                    self.bump();
                    match c {
                        c if c == quote => return Token::String(text),
                        '\\' if self.peek(0) == Some('\n') => drop(self.bump()),
                        '\\' if self.peek(0).is_some() => text.push(self.escaped()),
                        '\\' => {}
                        c => text.push(c),
                    }
                }
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek(0) {
            match c {
                '\\' if self.peek(1).is_some_and(|c| c != '\n') => {
                    self.bump();
                    name.push(self.escaped());
                }
                c if is_name(c) => {
                    self.bump();
                    name.push(c);
                }
                _ => break,
            }
        }
        name
    }

    fn starts_name(&mut self) -> bool {
        let escape =
            |one: Option<char>, two: Option<char>| one == Some('\\') && two.is_some_and(|c| c != '\n');
        let starts = |c: Option<char>| c.is_some_and(|c| is_name(c) && !c.is_ascii_digit() && c != '-');
        let (one, two, three) = (self.peek(0), self.peek(1), self.peek(2));
        match one {
            Some('-') => starts(two) || two == Some('-') || escape(two, three),
            _ => starts(one) || escape(one, two),
        }
    }

    /// What follows a backslash: up to six hexadecimal digits and a blank, or the character itself.
    fn escaped(&mut self) -> char {
        let mut digits = String::new();
        while digits.len() < 6 {
            match self.peek(0).filter(char::is_ascii_hexdigit) {
                Some(digit) => digits.push(digit),
                None => break,
            }
            self.bump();
        }
        if digits.is_empty() {
            return self.bump().unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        if self.peek(0).is_some_and(is_blank) {
            self.bump();
        }
        let code = u32::from_str_radix(&digits, 16).ok().filter(|code| *code != 0);
        code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn skip_blanks(&mut self) {
        loop {
            if self.peek(0) == Some('/') && self.peek(1) == Some('*') {
                let end = self.text_from_here().get(2..).and_then(|text| text.find("*/"));
                let length = end.map_or(self.text_from_here().len(), |end| end + 4);
                self.skip(length);
            } else if self.peek(0).is_some_and(is_blank) {
                self.bump();
            } else {
                return;
            }
        }
    }

    fn text_from_here(&mut self) -> &'a str {
        let at = self.rest.peek().map_or(self.text.len(), |(at, _)| *at);
        self.text.get(at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        let text = self.text_from_here().get(bytes..).unwrap_or_default();
        *self = Self::new(text);
    }

    fn peek(&mut self, ahead: usize) -> Option<char> {
        match ahead {
            0 => self.rest.peek().map(|(_, c)| *c),
            _ => self.text_from_here().chars().nth(ahead),
        }
    }

    fn bump(&mut self) -> Option<char> {
        self.rest.next().map(|(_, c)| c)
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(css: &str) -> Vec<(String, Kind)> {
        references(css)
    }

    fn assets(css: &str) -> Vec<String> {
        found(css).into_iter().filter(|(_, kind)| *kind == Kind::Asset).map(|(url, _)| url).collect()
    }

    #[test]
    fn urls_in_all_their_spellings() {
        assert_eq!(assets("a{background:url(a.png)}"), ["a.png"]);
        assert_eq!(assets("a{background:URL( 'a b.png' )}"), ["a b.png"]);
        assert_eq!(assets("a{background:url(\"a\\\"b.png\") url(  c.png\n)}"), ["a\"b.png", "c.png"]);
        assert_eq!(assets(r"a{background:url(a\ b\29.png)}"), ["a b).png"]);
        assert_eq!(assets(r"a{background:\75 rl(a.png);b:u\72l('b')}"), ["a.png", "b"]);
        assert_eq!(assets("a{src:url('a\\\nb.png')}"), ["ab.png"]);
        assert_eq!(assets("@font-face{src:url(f.woff2)format('woff2'),url(f.woff)}"), ["f.woff2", "f.woff"]);
        assert_eq!(
            assets("a{background:image-set('a.png' 1x, \"b.png\" type('image/png') 2x)}"),
            ["a.png", "b.png"]
        );
        assert_eq!(assets("color:red;background:url(x"), ["x"]);
        assert_eq!(assets("a{mask:src('a.svg')}"), ["a.svg"]);
    }

    #[test]
    fn imports_are_style_sheets_and_conditions_are_not() {
        let css = "@charset 'x';@import 'a.css';@import url(b.css) screen;@IMPORT url('c.css') layer(\"d\") supports(src:url(x));@namespace svg url(http://www.w3.org/2000/svg);a{b:url(e)}";
        let expected =
            [("a.css", Kind::Style), ("b.css", Kind::Style), ("c.css", Kind::Style), ("e", Kind::Asset)];
        assert_eq!(found(css), expected.map(|(url, kind)| (url.to_owned(), kind)));
    }

    #[test]
    fn comments_strings_and_damage_hide_nothing_and_show_nothing() {
        assert_eq!(assets("/* url(no) */a{b:url(/*yes*/)}/* open url(no)"), ["/*yes*/"]);
        assert_eq!(assets("a::after{content:'url(no)'} b{c:url(yes)}"), ["yes"]);
        assert_eq!(assets("a{b:url(no'no) ; c:url(a b) ; d:url(yes)}"), ["yes"]);
        assert_eq!(assets("a{content:'broken\n} b{c:url(yes)}"), ["yes"]);
        assert_eq!(assets("a{b:1url(no) #url(no2)}"), Vec::<String>::new());
        assert_eq!(assets(&("(".repeat(100_000) + "url(yes)")), ["yes"]);
    }

    #[test]
    fn a_declared_charset_is_read() {
        assert_eq!(declared_charset(b"@charset \"iso-8859-1\";"), Some(encoding_rs::WINDOWS_1252));
        assert_eq!(declared_charset(b"@charset \"utf-16\";"), Some(UTF_8));
        assert_eq!(declared_charset(b"a{}"), None);
    }
}
