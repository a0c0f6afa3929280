//! XHTML made into what a parser of HTML reads alike: an element that is text up to its own end tag, and is closed in its
//! begin tag, gets that end tag. To HTML `<script src="x"/>` is open, and the rest of the page its text.

/// Elements whose content is text up to their own end tag.
const RAW: [&str; 9] =
    ["script", "style", "title", "textarea", "noscript", "iframe", "noframes", "noembed", "xmp"];
/// Longest tag that is looked at.
const LONGEST: usize = 64 << 10;

/// Puts end tags in, in a page that comes in parts.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    place: Place,
    /// The tag so far, from its `<` on, which was passed on already.
    tag: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    Tag,
    Quoted(u8),
    Comment,
    Data,
}

/// A whole page.
pub(crate) fn closed(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    Closing::default().pass(page, &mut out);
    out
}

impl Closing {
    /// Appends the next part to `out`: all of it, and the end tags that are missing.
    pub(crate) fn pass(&mut self, part: &str, out: &mut String) {
        let mut rest = part;
        while !rest.is_empty() {
            let ends: &[u8] = match self.place {
                Place::Text => b"<",
                Place::Tag => b">\"'[-",
                Place::Quoted(b'"') => b"\"",
                Place::Quoted(_) => b"'",
                Place::Comment | Place::Data => b">",
            };
            let end = rest.bytes().position(|byte| ends.contains(&byte));
            // All of them are ASCII, so that this is the end of a character.
            let (passed, after) =
                rest.split_at_checked(end.map_or(rest.len(), |at| at + 1)).unwrap_or((rest, ""));
            out.push_str(passed);
            self.keep(passed);
            if let Some(last) = passed.bytes().last().filter(|_| end.is_some()) {
                self.turn(last, out);
            }
            rest = after;
        }
    }

    /// Keeps what tells how it ends.
    fn keep(&mut self, passed: &str) {
        match self.place {
            Place::Text => {}
            Place::Comment | Place::Data => {
                let tail: String = format!("{}{passed}", self.tag).chars().rev().take(3).collect();
                self.tag = tail.chars().rev().collect();
            }
            // Too long, and so empty until its end: what it is does not matter.
            _ if self.tag.is_empty() || self.tag.len() + passed.len() > LONGEST => self.tag.clear(),
            _ => self.tag.push_str(passed),
        }
    }

    fn turn(&mut self, last: u8, out: &mut String) {
        match (self.place, last) {
            (Place::Text, b'<') => (self.place, self.tag) = (Place::Tag, "<".to_owned()),
            (Place::Tag, b'-') if self.tag == "<!--" => self.place = Place::Comment,
            (Place::Tag, b'[') if self.tag == "<![CDATA[" => self.place = Place::Data,
            (Place::Tag, quote @ (b'"' | b'\'')) => self.place = Place::Quoted(quote),
            (Place::Quoted(_), _) => self.place = Place::Tag,
            (Place::Tag, b'>') => {
                self.place = Place::Text;
                if let Some(name) = self.closed() {
                    out.push_str(&format!("</{name}>"));
                }
            }
            (Place::Comment, b'>') if self.tag == "-->" => self.place = Place::Text,
            (Place::Data, b'>') if self.tag == "]]>" => self.place = Place::Text,
            _ => {}
        }
    }

    /// The name of an element of text that the tag begins and ends.
    fn closed(&self) -> Option<&'static str> {
        let inner = self.tag.strip_prefix('<')?.strip_suffix("/>")?;
        let name = inner.split(|c: char| c.is_ascii_whitespace() || c == '/').next()?;
        RAW.into_iter().find(|raw| raw.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(page: &str, at: usize) -> String {
        let (mut closing, mut out) = (Closing::default(), String::new());
        let (one, two) = page.split_at_checked(at).unwrap_or((page, ""));
        closing.pass(one, &mut out);
        closing.pass(two, &mut out);
        out
    }

    #[test]
    fn elements_of_text_get_their_end_tag_wherever_the_page_is_cut() {
        for (page, expected) in [
            ("<title/>x", "<title/></title>x"),
            ("<script src='a>b' />x<p/>", "<script src='a>b' /></script>x<p/>"),
            ("<script src=\"a/\">x", "<script src=\"a/\">x"),
            ("<a title='<script/>'/>", "<a title='<script/>'/>"),
            ("<!-- <script/> --><style/>", "<!-- <script/> --><style/></style>"),
            (
                "<script><![CDATA[ '<script/>' ]]></script><iframe/>",
                "<script><![CDATA[ '<script/>' ]]></script><iframe/></iframe>",
            ),
            ("<scripts/>é<", "<scripts/>é<"),
        ] {
            for at in 0..page.len() {
                assert_eq!(cut(page, at), expected, "{page} cut at {at}");
            }
        }
    }

    #[test]
    fn a_tag_too_long_to_be_looked_at_passes_as_it_is_however_it_comes() {
        let page = format!("<script x='{}<title/>'/>on<title/>", "y".repeat(LONGEST));
        let expected = format!("{page}</title>");
        assert_eq!(cut(&page, page.len() / 2), expected);
        let (mut closing, mut out) = (Closing::default(), String::new());
        page.chars().for_each(|c| closing.pass(c.encode_utf8(&mut [0; 4]), &mut out));
        assert_eq!(out, expected);
    }

    proptest! {
        #[test]
        fn nothing_of_a_page_is_lost(page in r#"(<|/>|>|script|'|"|<!--|-->|\[|ä| ){0,40}"#, at in 0usize..40) {
            let mut rest = cut(&page, at).into_bytes().into_iter();
            // What comes out is the page with something in between.
            prop_assert!(page.bytes().all(|byte| rest.any(|other| other == byte)));
        }
    }
}
