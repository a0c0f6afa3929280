//! What extraction gives: the article, its comments apart, and where each piece of metadata came from.

use serde::Serialize;

/// A value and the place on the page that it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found<T = String> {
    /// The value.
    pub value: T,
    /// Where it stood.
    pub from: Origin,
}

impl<T> Found<T> {
    pub(super) fn new(value: T, from: Origin) -> Self {
        Self { value, from }
    }
}

/// The places that metadata comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A JSON-LD script.
    JsonLd,
    /// `og:` and `article:` properties.
    OpenGraph,
    /// Any other `<meta>`.
    Meta,
    /// `itemprop` and microformat classes.
    Microdata,
    /// A `<time>` element.
    Time,
    /// A line that names the author or date.
    Byline,
    /// The page's main heading.
    Heading,
    /// The `<title>` element.
    Title,
    /// A `<link>` element.
    Link,
    /// The `lang` attribute.
    Lang,
    /// The article's own text.
    Text,
    /// The page's address.
    Url,
}

/// What kind of page it is, as far as that decides what its text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PageType {
    /// One text: news, blog post, essay.
    #[default]
    Article,
    /// A thread: its posts are the text.
    Forum,
    /// Something for sale.
    Product,
    /// Teasers that lead elsewhere: a front page, a category.
    Listing,
    /// A manual or reference.
    Documentation,
}

impl PageType {
    /// The name that JSON lines carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Forum => "forum",
            Self::Product => "product",
            Self::Listing => "listing",
            Self::Documentation => "documentation",
        }
    }
}

/// How a run of text is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Style {
    /// `b`, `strong`.
    pub strong: bool,
    /// `i`, `em`.
    pub emphasis: bool,
    /// `code` and its like.
    pub code: bool,
}

/// Text of one style, perhaps a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    /// White space collapsed but for the no-break space; a newline is a forced line break.
    pub text: String,
    /// How it is set.
    pub style: Style,
    /// Where it leads, absolute if the page's address is known.
    pub href: Option<String>,
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// 0 for the outermost list.
    pub depth: u8,
    /// Its number in an ordered list; none for a bullet, and none for a further paragraph of the item before.
    pub number: Option<u32>,
    /// True where the item goes on: a second paragraph of the one before.
    pub continued: bool,
    /// Its text.
    pub content: Vec<Run>,
}

/// One piece of the article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// A heading of level 1 to 6.
    Heading {
        /// 1 to 6.
        level: u8,
        /// Its text.
        content: Vec<Run>,
    },
    /// A paragraph.
    Paragraph(Vec<Run>),
    /// A list with its nested lists.
    List(Vec<Item>),
    /// A data table: rows of cells.
    Table {
        /// Whether the first row names the columns.
        header: bool,
        /// Rows of cells, each the cell's text.
        rows: Vec<Vec<Vec<Run>>>,
    },
    /// Preformatted text, white space kept.
    Code {
        /// The language that the page names.
        language: Option<String>,
        /// The text.
        text: String,
    },
    /// A paragraph of a quotation.
    Quote(Vec<Run>),
    /// An image that belongs to the article.
    Image {
        /// Address, absolute if the page's address is known.
        src: String,
        /// Text in its place.
        alt: String,
    },
}

/// A reader's comment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Who wrote it.
    pub author: Option<String>,
    /// When, in the page's own words unless it is marked up for machines.
    pub date: Option<String>,
    /// Paragraphs parted by a blank line.
    pub text: String,
    /// 0 for a comment on the article, 1 for a reply to one, and so on.
    pub depth: u16,
}

/// How sure the extractor is, and how it got there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Quality {
    /// 0 (no article) to 1.
    pub score: f32,
    /// `tree` (the block model), `tree-rules` (the model found nothing), `json-ld` and
    /// `page-data` (the tree had next to nothing), `plain`.
    pub method: &'static str,
}

/// A page's article, comments and metadata.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Article {
    /// The headline.
    pub title: Option<Found>,
    /// Authors, in the page's order.
    pub authors: Vec<Found>,
    /// ISO 8601 date or date and time, as exact as the page says.
    pub published: Option<Found>,
    /// The same of the last change.
    pub modified: Option<Found>,
    /// The site's name.
    pub site: Option<Found>,
    /// The page's own summary.
    pub description: Option<Found>,
    /// ISO 639-1 code (639-3 where there is no shorter one).
    pub language: Option<Found>,
    /// The address that the page names as its own.
    pub canonical: Option<Found>,
    /// Address of the lead image.
    pub image: Option<Found>,
    /// Address or name of the licence.
    pub licence: Option<Found>,
    /// What kind of page it is.
    pub page_type: PageType,
    /// Whether the first block of `body` is the headline.
    pub headed: bool,
    /// The article.
    pub body: Vec<Block>,
    /// The readers' comments, in the page's order.
    pub comments: Vec<Comment>,
    /// How sure, by what means.
    pub quality: Quality,
    /// Encoding that the page was read in.
    pub charset: &'static str,
    /// Why the page is unusable or was not read to its end.
    pub error: Option<String>,
}
