//! Names of elements and attributes, the frequent ones without a search, and which attributes are read at all.

use std::borrow::Cow;

use html5ever::{LocalName, local_name};

/// An element's name; upper case is lower case.
pub(super) fn element(name: &str) -> LocalName {
    macro_rules! known {
        ($($name:tt $bytes:tt)*) => {
            // By bytes: a tree of comparisons, where strings would be compared one after the other.
            match name.as_bytes() { $($bytes => local_name!($name),)* _ => LocalName::from(lower(name)) }
        };
    }
    known!("a" b"a" "abbr" b"abbr" "article" b"article" "aside" b"aside" "b" b"b" "blockquote" b"blockquote" "body" b"body" "br" b"br" "button" b"button" "center" b"center" "cite" b"cite" "code" b"code" "dd" b"dd" "div" b"div" "dl" b"dl" "dt" b"dt"
        "em" b"em" "figcaption" b"figcaption" "figure" b"figure" "font" b"font" "footer" b"footer" "form" b"form" "h1" b"h1" "h2" b"h2" "h3" b"h3" "h4" b"h4" "h5" b"h5" "h6" b"h6" "head" b"head" "header" b"header" "hr" b"hr" "html" b"html" "i" b"i"
        "iframe" b"iframe" "img" b"img" "input" b"input" "label" b"label" "li" b"li" "link" b"link" "main" b"main" "meta" b"meta" "nav" b"nav" "noscript" b"noscript" "ol" b"ol" "option" b"option" "p" b"p" "path" b"path" "picture" b"picture" "pre" b"pre"
        "script" b"script" "section" b"section" "select" b"select" "small" b"small" "source" b"source" "span" b"span" "strong" b"strong" "style" b"style" "sup" b"sup" "svg" b"svg" "table" b"table" "tbody" b"tbody" "td" b"td" "th" b"th" "time" b"time"
        "title" b"title" "tr" b"tr" "u" b"u" "ul" b"ul" "use" b"use")
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    Cow::Borrowed(name)
}

/// Elements of which the tree builder compares the attributes: three that are alike stand for those that follow.
pub(super) fn keeps_all(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("b")
            | local_name!("big")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("nobr")
            | local_name!("s")
            | local_name!("small")
            | local_name!("strike")
            | local_name!("strong")
            | local_name!("tt")
            | local_name!("u")
    )
}

/// Whether any attribute of a name is kept.
pub(in crate::extract) fn is_read(name: &str) -> bool {
    read(name).is_some()
}

/// An attribute's name, if it is one that is read or all are kept; upper case is lower case.
pub(super) fn attribute(name: &str, all: bool) -> Option<LocalName> {
    let name = lower(name);
    read(&name).or_else(|| all.then(|| LocalName::from(name)))
}

/// Names that the extraction reads or the tree builder goes by. A name that is missing here is on no element.
fn read(name: &str) -> Option<LocalName> {
    macro_rules! known {
        ($($name:tt $bytes:tt)*) => {
            match name.as_bytes() { $($bytes => Some(local_name!($name)),)* _ => seldom(name) }
        };
    }
    known!("alt" b"alt" "alttext" b"alttext" "aria-hidden" b"aria-hidden" "class" b"class" "content" b"content" "datetime" b"datetime" "encoding" b"encoding" "height" b"height" "hidden" b"hidden" "href" b"href" "http-equiv" b"http-equiv" "id" b"id"
        "itemprop" b"itemprop" "itemtype" b"itemtype" "lang" b"lang" "name" b"name" "property" b"property" "rel" b"rel" "role" b"role" "src" b"src" "start" b"start" "style" b"style" "title" b"title" "type" b"type" "value" b"value" "width" b"width")
}

fn seldom(name: &str) -> Option<LocalName> {
    let whole = matches!(
        name,
        "typeof" | "data-lazy-src" | "data-original" | "data-preloaded" | "data-src" | "data-template"
    );
    // In SVG and MathML `xlink:href` is an `href`.
    let part = ["xlink:", "xml", "shadowroot"].iter().any(|start| name.starts_with(start));
    (whole || part).then(|| LocalName::from(name))
}
