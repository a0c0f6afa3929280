//! The page as a flat, pre-ordered list of nodes: what the parser built, without recursion anywhere.
//!
//! html5ever nests as deep as the input asks; here a node knows its parent and where its subtree ends,
//! so that every pass is a loop over a slice, forwards (down) or backwards (sums upwards).

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use html5ever::{ParseOpts, driver, local_name};

use super::attributes;
use super::dom::{Data, Dom, Edge, Element, Sink};
use super::limits::Limits;
use super::roles::{Reader, Roles};
use super::tokens;

/// Bytes handed to html5ever's tokenizer between two looks at the limits.
const STEP: usize = 16 << 10;

/// Parses markup until it ends or a limit is met; the second value says which.
pub(super) fn parse(text: &str, limits: &Limits) -> (Dom, Option<String>) {
    let builder = TreeBuilder::new(Sink::new(), options());
    // A page near a limit is read anew, so that what is said of it goes by html5ever's steps.
    let near = |builder: &tokens::Builder| {
        let dom = builder.sink.dom();
        dom.len() + 8 > limits.nodes || dom.deeper_than(limits.depth.saturating_sub(4))
    };
    if tokens::feed(text, &builder, near) {
        return (builder.sink.finish(), None);
    }
    drop(builder);
    by_html5ever(&attributes::bounded(text), limits)
}

/// With scripting off, `noscript` content is parsed as markup and can serve when nothing else does.
fn options() -> TreeBuilderOpts {
    TreeBuilderOpts { scripting_enabled: false, ..Default::default() }
}

fn by_html5ever(text: &str, limits: &Limits) -> (Dom, Option<String>) {
    let options = ParseOpts { tree_builder: options(), ..Default::default() };
    let mut parser = driver::parse_document(Sink::new(), options);
    let (mut rest, mut stop) = (text, None);
    while !rest.is_empty() && stop.is_none() {
        let (step, after) = rest.split_at(boundary(rest, STEP));
        rest = after;
        parser.process(StrTendril::from_slice(step));
        stop = over(&parser.tokenizer.sink.sink.dom(), limits)
            .map(|what| format!("{what}; read up to byte {}", text.len() - after.len()));
    }
    (parser.finish(), stop)
}

/// The last character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

fn over(dom: &Dom, limits: &Limits) -> Option<String> {
    if dom.len() > limits.nodes {
        return Some(format!("the page has more than {} nodes", limits.nodes));
    }
    dom.deeper_than(limits.depth).then(|| format!("the page nests deeper than {} elements", limits.depth))
}

/// What an element is, as far as extraction cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tag {
    Text,
    A,
    Article,
    Aside,
    Blockquote,
    Body,
    Br,
    Button,
    Caption,
    Cell,
    Code,
    Dd,
    Details,
    Dialog,
    Div,
    Dl,
    Dt,
    Em,
    Figcaption,
    Figure,
    Footer,
    Form,
    Heading(u8),
    Head,
    Header,
    HeaderCell,
    Hr,
    Html,
    Img,
    Label,
    Li,
    Main,
    Math,
    Nav,
    Noscript,
    Ol,
    P,
    Pre,
    Row,
    Section,
    Skipped,
    Span,
    Strong,
    Summary,
    Table,
    TablePart,
    Time,
    Ul,
    /// Any other element that stands in a line.
    Inline,
    /// Any other element that starts a line of its own.
    Block,
}

impl Tag {
    fn of(name: &str) -> Self {
        match name.as_bytes() {
            b"a" => Self::A,
            b"article" => Self::Article,
            b"aside" => Self::Aside,
            b"blockquote" | b"q-quote" => Self::Blockquote,
            b"body" => Self::Body,
            b"br" => Self::Br,
            b"button" => Self::Button,
            b"caption" => Self::Caption,
            b"td" => Self::Cell,
            b"code" | b"kbd" | b"samp" | b"tt" => Self::Code,
            b"dd" => Self::Dd,
            b"details" => Self::Details,
            b"dialog" => Self::Dialog,
            b"div" => Self::Div,
            b"dl" => Self::Dl,
            b"dt" => Self::Dt,
            b"em" | b"i" => Self::Em,
            b"figcaption" => Self::Figcaption,
            b"figure" => Self::Figure,
            b"footer" => Self::Footer,
            b"form" => Self::Form,
            b"h1" => Self::Heading(1),
            b"h2" => Self::Heading(2),
            b"h3" => Self::Heading(3),
            b"h4" => Self::Heading(4),
            b"h5" => Self::Heading(5),
            b"h6" => Self::Heading(6),
            b"head" => Self::Head,
            b"header" => Self::Header,
            b"th" => Self::HeaderCell,
            b"hr" => Self::Hr,
            b"html" => Self::Html,
            b"img" | b"amp-img" => Self::Img,
            b"label" => Self::Label,
            b"li" => Self::Li,
            b"main" => Self::Main,
            b"math" => Self::Math,
            b"nav" => Self::Nav,
            b"noscript" => Self::Noscript,
            b"ol" => Self::Ol,
            b"p" => Self::P,
            b"pre" | b"listing" | b"xmp" | b"plaintext" => Self::Pre,
            b"tr" => Self::Row,
            b"section" => Self::Section,
            b"script" | b"style" | b"template" | b"title" | b"meta" | b"link" | b"base" | b"svg"
            | b"canvas" | b"iframe" | b"object" | b"embed" | b"applet" | b"audio" | b"video"
            | b"picture-source" | b"source" | b"track" | b"map" | b"area" | b"select" | b"option"
            | b"optgroup" | b"datalist" | b"input" | b"textarea" | b"progress" | b"meter" | b"frameset"
            | b"frame" | b"noframes" | b"noembed" | b"param" | b"rp" | b"rt" => Self::Skipped,
            b"span" | b"font" => Self::Span,
            b"strong" | b"b" => Self::Strong,
            b"summary" => Self::Summary,
            b"table" => Self::Table,
            b"thead" | b"tbody" | b"tfoot" | b"colgroup" | b"col" => Self::TablePart,
            b"time" => Self::Time,
            b"ul" | b"menu" | b"dir" => Self::Ul,
            b"address" | b"center" | b"fieldset" | b"hgroup" | b"legend" | b"search" => Self::Block,
            _ => Self::Inline,
        }
    }

    /// A number for each kind, the same in every build.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Heading(level) => 100 + u64::from(level),
            Self::Div => 1,
            Self::P => 2,
            Self::Li => 3,
            Self::Section => 4,
            Self::Article => 5,
            Self::Cell => 6,
            Self::HeaderCell => 7,
            Self::Row => 8,
            Self::Ul => 9,
            Self::Ol => 10,
            Self::Table | Self::TablePart => 11,
            Self::Header => 12,
            Self::Footer => 13,
            Self::Aside => 14,
            Self::Main => 15,
            Self::Nav => 16,
            Self::Body => 17,
            Self::Form => 18,
            Self::Blockquote => 19,
            Self::Pre => 20,
            Self::Figcaption => 21,
            Self::Figure => 22,
            Self::Dd => 23,
            Self::Dt => 24,
            Self::Dl => 25,
            Self::Details => 26,
            Self::Summary => 27,
            Self::A => 28,
            Self::Button => 29,
            Self::Span => 30,
            Self::Block => 31,
            Self::Dialog => 32,
            _ => 0,
        }
    }

    /// True for elements that start and end a line of their own.
    pub(super) fn is_block(self) -> bool {
        !matches!(
            self,
            Self::Text
                | Self::A
                | Self::Br
                | Self::Button
                | Self::Code
                | Self::Em
                | Self::Img
                | Self::Inline
                | Self::Label
                | Self::Math
                | Self::Skipped
                | Self::Span
                | Self::Strong
                | Self::Time
        )
    }
}

/// One element or text of the page.
pub(super) struct Node<'a> {
    /// Index of the parent; the root is its own.
    pub(super) parent: u32,
    /// Index after the last node of the subtree.
    pub(super) end: u32,
    pub(super) depth: u16,
    pub(super) tag: Tag,
    /// What class, id and the like say of this element alone.
    pub(super) roles: Roles,
    /// Not shown by the page's own word: `hidden`, `display:none`, `aria-hidden`, `template`.
    pub(super) hidden: bool,
    pub(super) text: &'a str,
    pub(super) element: Option<&'a Element>,
}

impl<'a> Node<'a> {
    /// An attribute's value.
    pub(super) fn attr(&self, name: &str) -> Option<&'a str> {
        self.element.and_then(|element| attr(element, name))
    }
}

/// An attribute's value: a walk over a few names is cheaper than interning the one that is asked for.
fn attr<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    debug_assert!(tokens::is_read(name), "no element keeps {name}");
    element.attrs.iter().find(|attr| &*attr.name.local == name).map(|attr| &*attr.value)
}

/// The page, flat, in document order.
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    root: Node<'a>,
}

impl<'a> Tree<'a> {
    /// Flattens a parsed page.
    pub(super) fn new(dom: &'a Dom) -> Self {
        let mut nodes: Vec<Node<'a>> = Vec::with_capacity(dom.len());
        let mut open: Vec<u32> = Vec::new();
        let mut reader = Reader::default();
        // Levels down to the outermost code that is open: `comment` within it is a highlighter's word.
        let mut code = usize::MAX;
        for edge in dom.traverse() {
            match edge {
                Edge::Open(data) => {
                    let index = nodes.len() as u32;
                    let parent = open.last().copied().unwrap_or(0);
                    open.push(index);
                    let mut node = read(data, parent, open.len() as u16, &mut reader);
                    if open.len() > code {
                        node.roles = Roles::default();
                    } else if matches!(node.tag, Tag::Pre | Tag::Code) {
                        code = open.len();
                    }
                    nodes.push(node);
                }
                Edge::Close => {
                    if open.len() == code {
                        code = usize::MAX;
                    }
                    let (end, closed) = (nodes.len() as u32, open.pop());
                    if let Some(node) = closed.and_then(|index| nodes.get_mut(index as usize)) {
                        node.end = end;
                    }
                }
            }
        }
        Self { nodes, root: blank(0, 0) }
    }

    /// The node at an index; beyond the page, an empty one.
    pub(super) fn at(&self, index: u32) -> &Node<'a> {
        self.nodes.get(index as usize).unwrap_or(&self.root)
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Every node with its index, in document order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &Node<'a>)> {
        self.nodes.iter().enumerate().map(|(index, node)| (index as u32, node))
    }

    /// The subtree of `index`, itself included.
    pub(super) fn within(&self, index: u32) -> impl Iterator<Item = (u32, &Node<'a>)> {
        let end = self.at(index).end;
        let slice = self.nodes.get(index as usize..end as usize).unwrap_or_default();
        slice.iter().enumerate().map(move |(offset, node)| (index + offset as u32, node))
    }

    /// From `index` itself up to the root.
    pub(super) fn ancestors(&self, index: u32) -> impl Iterator<Item = (u32, &Node<'a>)> {
        let mut next = Some(index);
        std::iter::from_fn(move || {
            let current = next?;
            let node = self.at(current);
            next = (node.parent != current).then_some(node.parent);
            Some((current, node))
        })
    }

    /// Direct children of `index`.
    pub(super) fn children(&self, index: u32) -> impl Iterator<Item = (u32, &Node<'a>)> {
        self.row(index + 1, self.at(index).end)
    }

    /// What stands behind `index` in its parent.
    pub(super) fn siblings_after(&self, index: u32) -> impl Iterator<Item = (u32, &Node<'a>)> {
        let node = self.at(index);
        self.row(node.end.max(index + 1), self.at(node.parent).end)
    }

    /// Nodes beside each other.
    fn row(&self, mut next: u32, end: u32) -> impl Iterator<Item = (u32, &Node<'a>)> {
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let (current, node) = (next, self.at(next));
            next = node.end.max(current + 1);
            Some((current, node))
        })
    }

    /// All text below `index`, white space collapsed, block elements parted by a space.
    pub(super) fn text_of(&self, index: u32) -> String {
        let mut out = String::new();
        for (_, node) in self.within(index) {
            if node.tag.is_block() || node.tag == Tag::Br {
                out.push(' ');
            }
            out.push_str(node.text);
        }
        collapse(&out)
    }
}

/// One space for each run of white space, none at the ends.
pub(super) fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn blank<'a>(parent: u32, depth: u16) -> Node<'a> {
    Node {
        parent,
        end: 0,
        depth,
        tag: Tag::Skipped,
        roles: Roles::default(),
        hidden: false,
        text: "",
        element: None,
    }
}

fn read<'a>(data: &'a Data, parent: u32, depth: u16, reader: &mut Reader<'a>) -> Node<'a> {
    let node = blank(parent, depth);
    match data {
        Data::Text(text) => Node { tag: Tag::Text, text, ..node },
        Data::Element(element) => {
            let tag = Tag::of(element.name());
            Node {
                tag,
                roles: reader.roles(tag, element),
                hidden: is_hidden(tag, element),
                element: Some(element),
                ..node
            }
        }
        Data::Root => Node { tag: Tag::Html, ..node },
        Data::Other => node,
    }
}

fn is_hidden(tag: Tag, element: &Element) -> bool {
    // Whole pages are hidden by anti-flicker styles until a script shows them.
    if matches!(tag, Tag::Html | Tag::Body) {
        return false;
    }
    element.attrs.iter().any(|attr| match attr.name.local {
        local_name!("hidden") => !attr.value.eq_ignore_ascii_case("until-found"),
        local_name!("aria-hidden") => attr.value.eq_ignore_ascii_case("true"),
        local_name!("style") => hides(&attr.value),
        _ => false,
    })
}

/// True for a style attribute that takes the element off the page.
fn hides(style: &str) -> bool {
    style.split(';').any(|declaration| {
        let Some((name, value)) = declaration.split_once(':') else { return false };
        let (name, value) = (name.trim(), value.trim());
        let is = |text: &str| value.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
        (name.eq_ignore_ascii_case("display") && is("none"))
            || (name.eq_ignore_ascii_case("visibility") && is("hidden"))
    })
}
