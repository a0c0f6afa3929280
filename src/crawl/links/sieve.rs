//! Leaves out the tags that cannot matter, which are nearly all: the parser behind has a page's text and its links left,
//! and goes several times as fast.
//!
//! A tag is left out only where that is sure to change nothing: an element that refers to nothing by itself, whose
//! attributes are all known to refer to nothing. Whatever is odd is passed on as it stands, to a parser that knows what
//! to make of it. That goes for scripts and comments too, which are not told apart here: a whole tag missing from
//! them is no loss.

/// Longest tag that is left out.
const LONGEST: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Sieve {
    place: Place,
    /// The element inside which every tag counts, until its end.
    inside: Option<&'static str>,
    /// What may be the begin of a tag to be left out.
    held: String,
    /// The last byte that was passed.
    last: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    /// In a tag that is passed on, and the quote that is open.
    Tag(Option<u8>),
}

/// What begins at a `<`.
enum Tag {
    /// It ends after so many bytes, and is left out.
    LeftOut(usize),
    Passed,
    /// The next part will tell.
    Unfinished,
}

impl Sieve {
    /// Appends to `out` what is left of the next part of a page.
    pub(super) fn pass(&mut self, part: &str, out: &mut String) {
        if self.held.is_empty() {
            self.sift(part, out);
        } else {
            let mut text = std::mem::take(&mut self.held);
            text.push_str(part);
            self.sift(&text, out);
        }
        self.last = self.last(out);
    }

    fn last(&self, out: &str) -> u8 {
        out.as_bytes().last().copied().unwrap_or(self.last)
    }

    /// Appends what was held back. No more parts come.
    pub(super) fn end(&mut self, out: &mut String) {
        out.push_str(&std::mem::take(&mut self.held));
    }

    fn sift(&mut self, text: &str, out: &mut String) {
        let mut rest = text;
        while !rest.is_empty() {
            rest = match self.place {
                Place::Tag(quote) => self.to_tag_end(rest, quote, out),
                Place::Text => self.next_tag(rest, out),
            };
        }
    }

    /// Passes text up to the next tag, and decides about that.
    fn next_tag<'a>(&mut self, rest: &'a str, out: &mut String) -> &'a str {
        let at = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let (before, tag) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        if tag.is_empty() {
            return "";
        }
        // `<<b>a href=x>`: nothing may be put together that stood apart.
        let alone = !matches!(self.last(out), b'<' | b'/' | b'!' | b'-');
        match judge(tag.as_bytes(), self.inside.is_none() && alone) {
            Tag::LeftOut(length) => tag.get(length..).unwrap_or_default(),
            Tag::Unfinished => {
                self.held.push_str(tag);
                ""
            }
            Tag::Passed => {
                self.enter(tag);
                out.push('<');
                tag.get(1..).unwrap_or_default()
            }
        }
    }

    /// In a title, tags are text; in pictures and formulas they say where these end.
    fn enter(&mut self, tag: &str) {
        let (end, name, _) = name(tag.as_bytes());
        match self.inside {
            None if end => {}
            None => {
                let special = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
                self.inside = ["title", "svg", "math"].into_iter().find(special);
            }
            Some(known) if end && name.eq_ignore_ascii_case(known.as_bytes()) => self.inside = None,
            Some(_) => {}
        }
        if end || name.first().is_some_and(u8::is_ascii_alphabetic) {
            self.place = Place::Tag(None);
        }
    }

    fn to_tag_end<'a>(&mut self, rest: &'a str, quote: Option<u8>, out: &mut String) -> &'a str {
        let bytes = rest.as_bytes();
        let found = match quote {
            Some(quote) => memchr::memchr(quote, bytes),
            None => memchr::memchr3(b'>', b'"', b'\'', bytes),
        };
        let Some(at) = found else {
            out.push_str(rest);
            return "";
        };
        self.place = match (quote, bytes.get(at)) {
            (Some(_), _) => Place::Tag(None),
            (None, Some(b'>')) => Place::Text,
            (None, quote) => Place::Tag(quote.copied()),
        };
        let (before, after) = rest.split_at_checked(at + 1).unwrap_or((rest, ""));
        out.push_str(before);
        after
    }
}

/// Judges what begins with `<`; `may` is false where everything is passed.
fn judge(tag: &[u8], may: bool) -> Tag {
    let (end, name, rest) = name(tag);
    if rest.is_empty() && tag.len() < 32 {
        return Tag::Unfinished;
    }
    if !may || !refers_to_nothing(name) {
        return Tag::Passed;
    }
    let mut attributes = rest;
    loop {
        let before = attributes;
        attributes = attributes.trim_ascii_start();
        match attributes {
            [b'>', after @ ..] | [b'/', b'>', after @ ..] => return Tag::LeftOut(tag.len() - after.len()),
            [] | [b'/'] => return if tag.len() < LONGEST { Tag::Unfinished } else { Tag::Passed },
            _ if end || before.len() == attributes.len() => return Tag::Passed,
            _ => {}
        }
        match attribute(attributes) {
            Some(Some(after)) => attributes = after,
            Some(None) => return Tag::Passed,
            None => return if tag.len() < LONGEST { Tag::Unfinished } else { Tag::Passed },
        }
    }
}

/// Whether it is an end tag, its name, and what comes after that.
fn name(tag: &[u8]) -> (bool, &[u8], &[u8]) {
    let end = tag.get(1) == Some(&b'/');
    let name = tag.get(if end { 2 } else { 1 }..).unwrap_or_default();
    let length = name.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (name, rest) = name.split_at_checked(length).unwrap_or_default();
    (end, name, rest)
}

/// What comes after an attribute that refers to nothing; `Some(None)` where it may be another, `None` where it has
/// no end yet.
fn attribute(text: &[u8]) -> Option<Option<&[u8]>> {
    let length = text.iter().take_while(|byte| byte.is_ascii_lowercase() || **byte == b'-').count();
    let (name, rest) = text.split_at_checked(length)?;
    let [equals, quote, rest @ ..] = rest else { return None };
    // Of the elements in question only `a` has a `href`; one that begins so leads no further than this page.
    let says_nothing = says_nothing(name) || (name == b"href" && rest.first() == Some(&b'#'));
    if *equals != b'=' || !matches!(quote, b'"' | b'\'') || !says_nothing {
        return Some(None);
    }
    let value = memchr::memchr3(*quote, b'<', b'>', rest)?;
    Some(if rest.get(value) == Some(quote) { rest.get(value + 1..) } else { None })
}

/// Elements that refer to nothing but by attributes that any may have. In lower case, as nearly all are written.
fn refers_to_nothing(name: &[u8]) -> bool {
    matches!(
        name,
        b"a" | b"abbr"
            | b"address"
            | b"article"
            | b"aside"
            | b"b"
            | b"br"
            | b"caption"
            | b"center"
            | b"code"
            | b"dd"
            | b"details"
            | b"dfn"
            | b"div"
            | b"dl"
            | b"dt"
            | b"em"
            | b"figcaption"
            | b"figure"
            | b"font"
            | b"footer"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"header"
            | b"hr"
            | b"i"
            | b"kbd"
            | b"label"
            | b"li"
            | b"main"
            | b"mark"
            | b"nav"
            | b"ol"
            | b"p"
            | b"pre"
            | b"s"
            | b"samp"
            | b"section"
            | b"small"
            | b"span"
            | b"strong"
            | b"sub"
            | b"summary"
            | b"sup"
            | b"table"
            | b"tbody"
            | b"td"
            | b"tfoot"
            | b"th"
            | b"thead"
            | b"time"
            | b"tr"
            | b"tt"
            | b"u"
            | b"ul"
            | b"var"
            | b"wbr"
    )
}

fn says_nothing(attribute: &[u8]) -> bool {
    let known = matches!(
        attribute,
        b"align"
            | b"class"
            | b"colspan"
            | b"datetime"
            | b"dir"
            | b"for"
            | b"height"
            | b"id"
            | b"itemprop"
            | b"itemscope"
            | b"lang"
            | b"name"
            | b"role"
            | b"rowspan"
            | b"scope"
            | b"tabindex"
            | b"title"
            | b"valign"
            | b"width"
    );
    known || attribute.starts_with(b"aria-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sifted(parts: &[&str]) -> String {
        let (mut sieve, mut out) = (Sieve::default(), String::new());
        parts.iter().for_each(|part| sieve.pass(part, &mut out));
        sieve.end(&mut out);
        out
    }

    #[test]
    fn tags_that_refer_to_nothing_are_left_out() {
        for (html, left) in [
            ("<p>a<br/>b<br />c</p>", "abc"),
            ("<div class=\"x y\" id='z'>a</div >", "a"),
            ("<span aria-label=\"x\"><a href=b>c</a></span>", "<a href=b>c"),
            ("<a name=\"x\"></a><a class=\"x\" href=\"#y\">z</a>", "z"),
            ("1 < 2 <b>x</b>", "1 < 2 x"),
        ] {
            assert_eq!(sifted(&[html]), left, "{html}");
        }
    }

    #[test]
    fn what_may_matter_is_passed_as_it_stands() {
        for html in [
            "<p style=\"background:url(a)\">",
            "<div data-src=\"a\">",
            "<td background='a'>",
            "<P>",
            "<p class=a>",
            "<p class>",
            "<p class=\"a>b\">",
            "<p class=\"a<b\">",
            "<p -->",
            "<title>Use <b> here</title>",
            "<svg><p></svg>",
            "<img alt=\"<p>\" src=a>",
            "<<b>a href=x>",
            "<!-- <p class=-->",
            "<p class=\"",
            "<p",
            "<",
            "<img src='a\" <b>'>",
        ] {
            assert_eq!(sifted(&[html]), html, "{html}");
        }
    }

    proptest! {
        #[test]
        fn parts_leave_what_the_whole_leaves(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("<p>"), Just("</p>"), Just("<p class=\"a\">"), Just("<"), Just(">"), Just("\""), Just("'"), Just("<a href='"), Just("ü"),
                    Just("<svg>"), Just("</svg>"), Just("<title"), Just("</title>"), Just(" "), Just("/"), Just("-"), Just("class="),
                ],
                0..24,
            ),
            part in 1usize..9,
        ) {
            let html = pieces.concat();
            let parts: Vec<String> = html.chars().collect::<Vec<_>>().chunks(part).map(|part| part.iter().collect()).collect();
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            prop_assert_eq!(sifted(&parts), sifted(&[&html]));
        }
    }
}
