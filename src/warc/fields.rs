//! Named fields in the order of the file, repeats kept (WARC/1.1 §4, §5.1).

use std::ops::Range;

/// The named fields of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    text: String,
    spans: Vec<(Range<usize>, Range<usize>)>,
}

/// What was odd about the lines of a head, for the reader to report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    pub(crate) bare_lf: bool,
    pub(crate) folded: bool,
    pub(crate) not_utf8: bool,
    pub(crate) control: bool,
    pub(crate) surplus_cr: bool,
    pub(crate) no_colon: Option<usize>,
    pub(crate) bad_name: Option<usize>,
}

impl Fields {
    /// Parses the lines after the version line; bytes that are not UTF-8 are replaced, and noted.
    pub(crate) fn parse(lines: &[u8]) -> (Self, Oddities) {
        let mut odd = Oddities::default();
        let text = match std::str::from_utf8(lines) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                odd.not_utf8 = true;
                String::from_utf8_lossy(lines).into_owned()
            }
        };
        let text = unfold(text, &mut odd);
        let mut spans = Vec::with_capacity(16);
        let mut start = 0;
        for line in Lines(&text) {
            odd.bare_lf |= !line.ends_with("\r\n");
            odd.surplus_cr |= line.ends_with("\r\r\n");
            let bare = trim_end(line, |b| matches!(b, b'\r' | b'\n'));
            odd.control |= bare.bytes().any(|b| b.is_ascii_control() && b != b'\t');
            if !bare.is_empty() {
                match split_line(bare) {
                    Some((name, value)) => {
                        if !is_token(bare.get(name.clone()).unwrap_or_default()) {
                            odd.bad_name.get_or_insert(start);
                        }
                        spans.push((shift(name, start), shift(value, start)));
                    }
                    None => odd.no_colon = odd.no_colon.or(Some(start)),
                }
            }
            start += line.len();
        }
        (Self { text, spans }, odd)
    }

    /// All fields in order, as (name, value); folded lines are joined.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.spans.iter().map(|(name, value)| (self.slice(name), self.slice(value)))
    }

    /// The first value of a field, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.spans.iter().find(|(span, _)| self.is(span, name)).map(|(_, value)| self.slice(value))
    }

    /// Every value of a field, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.spans.iter().filter(move |(span, _)| self.is(span, name)).map(|(_, value)| self.slice(value))
    }

    fn is(&self, span: &Range<usize>, name: &str) -> bool {
        span.len() == name.len() && self.slice(span).eq_ignore_ascii_case(name)
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

/// Lines with their line feeds.
struct Lines<'a>(&'a str);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let end = memchr::memchr(b'\n', self.0.as_bytes()).map_or(self.0.len(), |at| at + 1);
        let (line, rest) = self.0.split_at_checked(end).filter(|(line, _)| !line.is_empty())?;
        self.0 = rest;
        Some(line)
    }
}

/// Without the ASCII bytes at the end that are to go.
fn trim_end(text: &str, go: impl Fn(u8) -> bool) -> &str {
    let end = text.bytes().rposition(|b| !go(b)).map_or(0, |at| at + 1);
    text.get(..end).unwrap_or(text)
}

/// A folded line continues the value before it: its line end becomes white space, so that offsets stay true.
fn unfold(text: String, odd: &mut Oddities) -> String {
    let folds = |at: usize| matches!(text.as_bytes().get(at + 1), Some(b' ' | b'\t'));
    if !memchr::memchr_iter(b'\n', text.as_bytes()).any(folds) {
        return text;
    }
    odd.folded = true;
    text.replace("\r\n ", "   ").replace("\r\n\t", "   ").replace("\n ", "  ").replace("\n\t", "  ")
}

fn shift(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

fn split_line(line: &str) -> Option<(Range<usize>, Range<usize>)> {
    let is_space = |b: u8| matches!(b, b' ' | b'\t');
    let colon = memchr::memchr(b':', line.as_bytes())?;
    let value = line.get(colon + 1..)?;
    let start = colon + 1 + value.bytes().position(|b| !is_space(b)).unwrap_or(value.len());
    let end = (colon + 1 + trim_end(value, is_space).len()).max(start);
    Some((0..colon, start..end))
}

/// RFC 2616 §2.2 token, which RFC 9110 §5.6.2 keeps.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn order_case_and_repeats_are_kept() {
        let (fields, odd) = Fields::parse(b"WARC-Type: response\r\nX-a:1\r\nx-A:  2 \r\n\r\n");
        assert_eq!(odd, Oddities::default());
        assert_eq!(
            fields.iter().collect::<Vec<_>>(),
            [("WARC-Type", "response"), ("X-a", "1"), ("x-A", "2")]
        );
        assert_eq!(fields.all("x-a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.get("warc-type"), Some("response"));
    }

    #[test]
    fn odd_lines_are_read_and_noted() {
        let (fields, odd) = Fields::parse(b"A: 1\nB: x\r\n  y\r\nno colon\r\nbad name: 2\r\nC: \xff\r\n\r\n");
        assert!(odd.bare_lf && odd.folded && odd.not_utf8);
        assert!(odd.no_colon.is_some() && odd.bad_name.is_some());
        assert_eq!(fields.get("B"), Some("x    y"));
        assert_eq!(fields.get("bad name"), Some("2"));
        assert_eq!(fields.get("C"), Some("\u{fffd}"));
    }

    #[test]
    fn an_empty_value_is_a_value() {
        let (fields, _) = Fields::parse(b"A:\r\nB:   \r\n\r\n");
        assert_eq!((fields.get("A"), fields.get("B")), (Some(""), Some("")));
    }
}
