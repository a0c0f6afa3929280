//! Names of elements and attributes, the frequent ones without a search, and which attributes are read at all.

use std::borrow::Cow;

use html5ever::{LocalName, local_name};

/// An element's name; upper case is lower case.
pub(super) fn element(name: &str) -> LocalName {
    macro_rules! known {
        ($($name:tt)*) => { match name { $($name => local_name!($name),)* _ => LocalName::from(lower(name)) } };
    }
    known!("a" "abbr" "article" "aside" "b" "blockquote" "body" "br" "button" "center" "cite" "code" "dd" "div" "dl" "dt"
        "em" "figcaption" "figure" "font" "footer" "form" "h1" "h2" "h3" "h4" "h5" "h6" "head" "header" "hr" "html" "i"
        "iframe" "img" "input" "label" "li" "link" "main" "meta" "nav" "noscript" "ol" "option" "p" "path" "picture" "pre"
        "script" "section" "select" "small" "source" "span" "strong" "style" "sup" "svg" "table" "tbody" "td" "th" "time"
        "title" "tr" "u" "ul" "use")
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
        ($($name:tt)*) => { match name { $($name => Some(local_name!($name)),)* _ => seldom(name) } };
    }
    known!("alt" "alttext" "aria-hidden" "class" "content" "datetime" "encoding" "height" "hidden" "href" "http-equiv" "id"
        "itemprop" "itemtype" "lang" "name" "property" "rel" "role" "src" "start" "style" "title" "type" "value" "width")
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
