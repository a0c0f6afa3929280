//! Leaves out the tags that cannot matter, which are nearly all: the parser behind has a page's text and its links left,
//! and goes several times as fast.
//!
//! A tag is left out only where that is sure to change nothing: an element that refers to nothing by itself, whose
//! attributes are all known to refer to nothing. Whatever is odd is passed on as it stands, to a parser that knows what
//! to make of it. Comments are not told apart here: a whole tag missing from one is no loss.

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
    /// In a tag that is passed on.
    Tag,
    /// After the `=` of an attribute of it: a quote that comes next is open until the next like it.
    Value,
    Quoted(u8),
    /// In a declaration, or what is taken for a comment up to the next `>`.
    Bogus,
}

/// Elements whose content is text up to their own end tag.
const RAW: [&str; 9] =
    ["script", "style", "title", "textarea", "noscript", "iframe", "noframes", "noembed", "xmp"];
/// Pictures and formulas, where a tag of HTML says that they are over.
const FOREIGN: [&str; 2] = ["svg", "math"];

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
                Place::Text => self.next_tag(rest, out),
                Place::Tag => self.in_tag(rest, out),
                Place::Bogus => self.bogus(rest, out),
                Place::Value => self.value(rest, out),
                Place::Quoted(quote) => self.quoted(rest, quote, out),
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

    /// Takes note of a tag that is passed: of what it begins or ends, and that its attributes follow.
    fn enter(&mut self, tag: &str) {
        let (end, name, _) = name(tag.as_bytes());
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match self.inside {
            Some(known) if end && is(known) => self.inside = None,
            Some(known) if RAW.contains(&known) => return,
            None if !end => self.inside = RAW.into_iter().chain(FOREIGN).find(|known| is(known)),
            _ => {}
        }
        let is_tag = name.first().is_some_and(u8::is_ascii_alphabetic);
        if is_tag {
            self.place = Place::Tag;
        } else if tag.starts_with("</")
            || tag.starts_with("<?")
            || (tag.starts_with("<!") && !tag.starts_with("<!--"))
        {
            self.place = Place::Bogus;
        }
    }

    fn in_tag<'a>(&mut self, rest: &'a str, out: &mut String) -> &'a str {
        let at = memchr::memchr2(b'>', b'=', rest.as_bytes());
        match at.and_then(|at| rest.as_bytes().get(at)) {
            Some(b'>') => self.place = Place::Text,
            Some(_) => self.place = Place::Value,
            None => {}
        }
        pass_with(rest, at, out)
    }

    fn bogus<'a>(&mut self, rest: &'a str, out: &mut String) -> &'a str {
        let at = memchr::memchr(b'>', rest.as_bytes());
        if at.is_some() {
            self.place = Place::Text;
        }
        pass_with(rest, at, out)
    }

    fn value<'a>(&mut self, rest: &'a str, out: &mut String) -> &'a str {
        let Some(at) = rest.bytes().position(|byte| !byte.is_ascii_whitespace()) else {
            return pass_with(rest, None, out);
        };
        match rest.as_bytes().get(at) {
            Some(quote @ (b'"' | b'\'')) => self.place = Place::Quoted(*quote),
            _ => {
                self.place = Place::Tag;
                return rest;
            }
        }
        pass_with(rest, Some(at), out)
    }

    fn quoted<'a>(&mut self, rest: &'a str, quote: u8, out: &mut String) -> &'a str {
        let at = memchr::memchr(quote, rest.as_bytes());
        if at.is_some() {
            self.place = Place::Tag;
        }
        pass_with(rest, at, out)
    }
}

/// Passes what ends with the byte at `at`, or everything, and gives what comes after.
fn pass_with<'a>(rest: &'a str, at: Option<usize>, out: &mut String) -> &'a str {
    let (passed, after) = at.and_then(|at| rest.split_at_checked(at + 1)).unwrap_or((rest, ""));
    out.push_str(passed);
    after
}

/// Judges what begins with `<`; `may` is false where everything is passed.
fn judge(tag: &[u8], may: bool) -> Tag {
    let (end, name, rest) = name(tag);
    // `<!` and `<!-` too: it may become a comment.
    if (rest.is_empty() || matches!(rest, b"!" | b"!-")) && tag.len() < 32 {
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
            "<script>'<a title=\"' + <b>x</b></script>",
            "<?x <b>",
            "<!x <b>",
            "</ x <b>",
            "<svg><p></svg>",
            "<img alt=\"<p>\" src=a>",
            "<<b>a href=x>",
            "<!-- <p class=-->",
            "<p class=\"",
            "<p",
            "<",
            "<img src='a\" <b>'>",
            "<a title=it's><title><b>",
            "<a title = '<b>'>",
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
                    Just("<svg>"), Just("</svg>"), Just("<title"), Just("</title>"), Just("<!"), Just("="), Just(" "), Just("/"), Just("-"), Just("class="),
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
