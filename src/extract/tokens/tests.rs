//! Whatever the markup, the tree is the one that html5ever's own tokenizer and scraper's tree give.

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{TreeBuilderOpts, TreeSink};
use html5ever::{ParseOpts, driver};
use proptest::prelude::*;
use scraper::{Html, HtmlTreeSink, Node};

use super::*;
use crate::extract::dom::{Data, Dom, Edge};

fn options() -> TreeBuilderOpts {
    TreeBuilderOpts { scripting_enabled: false, ..Default::default() }
}

/// The tree on paper, without attributes that are never read.
fn ours(markup: &str) -> Option<String> {
    let builder = TreeBuilder::new(Sink::new(), options());
    feed(markup, &builder, |_| false).then(|| written(&builder.sink.finish()))
}

fn written(dom: &Dom) -> String {
    let mut out = String::new();
    for edge in dom.traverse() {
        match edge {
            Edge::Open(Data::Element(element)) => {
                let attrs = element.attrs.iter().map(|attr| (&attr.name, &*attr.value));
                out.push_str(&tag(element.name(), attrs));
            }
            Edge::Open(Data::Text(text)) => out.push_str(&format!("{:?}", &**text)),
            Edge::Open(Data::Root) => out.push_str("root"),
            Edge::Open(Data::Other) => out.push('!'),
            Edge::Close => out.push(')'),
        }
    }
    out
}

fn tag<'a>(name: &str, attrs: impl Iterator<Item = (&'a QualName, &'a str)>) -> String {
    let read = attrs.filter(|(name, _)| is_read(&name.local));
    let mut read: Vec<String> = read.map(|(name, value)| format!(" {name:?}={value:?}")).collect();
    read.sort();
    format!("<{name}{}>", read.concat())
}

fn theirs(markup: &str) -> String {
    let sink = HtmlTreeSink::new(Html::new_document());
    let mut parser =
        driver::parse_document(sink, ParseOpts { tree_builder: options(), ..Default::default() });
    parser.process(StrTendril::from_slice(markup));
    let mut out = String::new();
    write(&mut out, parser.finish().tree.root());
    out
}

fn write(out: &mut String, node: ego_tree::NodeRef<'_, Node>) {
    match node.value() {
        Node::Element(element) => {
            let attrs = element.attrs.iter().map(|(name, value)| (name, &**value));
            out.push_str(&tag(element.name(), attrs));
        }
        Node::Text(text) => out.push_str(&format!("{:?}", &**text)),
        Node::Document | Node::Fragment => out.push_str("root"),
        _ => out.push('!'),
    }
    node.children().for_each(|child| write(out, child));
    out.push(')');
}

#[test]
fn odd_markup_is_read_as_html5ever_reads_it() {
    for markup in [
        "",
        "<",
        "</",
        "a<",
        "a</",
        "a</>b",
        "<!",
        "<!-",
        "<!--",
        "<!-->a-->",
        "<!--->a-->",
        "<!---->a",
        "<!--a--!>b",
        "<!--a--!-->b",
        "<!-- <!-- a -->b-->",
        "<!-- <!->-->a",
        "<?xml version='1.0'?><p>a",
        "</ p>a",
        "<!doctype html><p>a",
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"x>y\"><table><p>a",
        "<!doctype",
        "<!doc",
        "<p<b>a",
        "<p class=a class=b CLASS=c ID = 'd' data-x=1/href=e>f",
        "<p / class=a/>b",
        "<a href=a/>b",
        "<a href=>b",
        "<a href= >b>c",
        "<a =b href=c>d",
        "<a \"href=c\">d",
        "<a href='a'title=\"b\"lang=c>d",
        "<a href='a",
        "<a href",
        "<a href=a&amp;b&copy=c&copy;&lt title='&quot;&apos'>&copy=d&notit;</a>",
        "<P CLASS=A>B</P ID=x>C</P/>",
        "<script>if (a<b) '</p>'</script >x",
        "<script><!-- a //--></script>b",
        "<script><!-- <script> </script> --></script>b",
        "<script><!-- <script> </script></script>b",
        "<script><!--></script>b",
        "<script><!-- <scripts></script>b",
        "<script>a</scripts></SCRIPT x='>'>b",
        "<script>a</script",
        "<style>a<!-- </style>b--></style>c",
        "<title>a &amp; <b> &lt;</title>b",
        "<textarea>\na</textareas></textarea>b",
        "<pre>\n\na</pre>",
        "<pre>&#10;a</pre>",
        "<plaintext>a<b>&amp;</plaintext>",
        "<svg><title><![CDATA[a<b>]]]></title><style><![CDATA[c</style>]]></svg>d<![CDATA[e]]>f",
        "<svg><a xlink:href=b xml:lang=c href=d /></svg><math><annotation-xml encoding='text/html'><p>a",
        "<svg><font color=a>b</svg>c",
        "<table>a<tr> b <td>c</table>d",
        "<table><input type=hidden><input type=text>",
        "<p><b><b><b><b x=1><b x=2>a</p>b",
        "<a><a><a><p>a</a>b",
        "<template><p>a</template>b<template shadowrootmode=open>c",
        "<noscript><img src=a></noscript><select><option>a<option>b</select>",
        "a\r\nb\rc<p\r\nclass='a\r\nb'\r>d&\r\n",
        "<body class=a><body class=b id=c><html lang=d>",
        "<frameset>a <frame></frameset>",
    ] {
        assert_eq!(ours(markup).as_deref(), Some(theirs(markup).as_str()), "{markup:?}");
    }
}

#[test]
fn what_is_rare_is_left_to_html5ever() {
    let many: String = (0..1_001).map(|n| format!(" x{n}=1")).collect();
    for markup in ["a\0b".to_owned(), "\u{feff}a".to_owned(), format!("<b{many}>a")] {
        assert_eq!(ours(&markup), None);
    }
}

fn piece() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "<",
        ">",
        "/",
        "!",
        "-",
        "--",
        "?",
        "=",
        "'",
        "\"",
        " ",
        "\n",
        "\r",
        "&",
        "&amp;",
        "&#x41",
        "&notin",
        ";",
        "#",
        "a",
        "B",
        "\u{e9}",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<script",
        "<title>",
        "</title>",
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<a href=",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<svg>",
        "</svg>",
        "<![CDATA[",
        "]]>",
        "<!doctype ",
        "<textarea>",
        "<pre>",
        "<div class='",
        "<template>",
        "</template>",
        "<i x=1>",
        "<i x=2>",
        "</i>",
        "<li>",
        "<form>",
        "<select>",
        "<option>",
        "<math>",
        "<mi>",
        "<style>",
        "</style>",
        "<body>",
        "</body>",
        "<head>",
        "<html>",
    ];
    prop::sample::select(PIECES).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_markup_is_read_as_html5ever_reads_it(pieces in prop::collection::vec(piece(), 0..40)) {
        let markup = pieces.concat();
        prop_assert_eq!(ours(&markup), Some(theirs(&markup)), "{:?}", markup);
    }
}
