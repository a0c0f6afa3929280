//! Which pages are wanted.

use clap::ValueEnum;
use fonds::extract::PageType;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Which pages are extracted.
#[derive(clap::Args, Debug)]
pub(super) struct Choice {
    /// Only pages whose URL matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    url: Option<regex::Regex>,
    /// Only pages of this type, as the extractor sees it; several parted by commas.
    #[arg(long = "type", value_name = "TYPE", value_enum, value_delimiter = ',')]
    types: Vec<Type>,
    /// Only pages captured at this time or later: a date, or date and time (UTC unless it says otherwise), RFC 3339. What has
    /// no capture date, as a file has none, is left out.
    #[arg(long, value_name = "DATE", value_parser = When::parse)]
    since: Option<When>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Type {
    /// One text: news, blog post, essay.
    Article,
    /// A thread of posts.
    Forum,
    /// Something for sale.
    Product,
    /// Teasers that lead elsewhere.
    Listing,
    /// A manual or reference.
    Documentation,
}

impl Choice {
    /// Whether a page of this name and capture date is wanted, as far as these tell.
    pub(super) fn wants(&self, name: &str, date: Option<&str>) -> bool {
        let since =
            |since: &When| date.and_then(|date| When::parse(date).ok()).is_some_and(|date| date >= *since);
        self.url.as_ref().is_none_or(|regex| regex.is_match(name)) && self.since.as_ref().is_none_or(since)
    }

    /// Whether pages of this type are wanted.
    pub(super) fn wants_type(&self, page: PageType) -> bool {
        let same = |wanted: &Type| {
            page == match wanted {
                Type::Article => PageType::Article,
                Type::Forum => PageType::Forum,
                Type::Product => PageType::Product,
                Type::Listing => PageType::Listing,
                Type::Documentation => PageType::Documentation,
            }
        };
        self.types.is_empty() || self.types.iter().any(same)
    }
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct When(Timestamp);

impl When {
    /// Reads `2024`, `2024-05`, `2024-05-06`, and these with a time as in RFC 3339; what is left out is the earliest.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let whole = match text.len() {
            4 => format!("{text}-01-01"),
            7 => format!("{text}-01"),
            _ => text.to_owned(),
        };
        let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        let time = whole.parse::<Timestamp>();
        let time = time.or_else(|_| whole.parse::<Date>().and_then(|date| utc(date.into())));
        let time = time.or_else(|_| whole.parse::<DateTime>().and_then(utc));
        time.map(Self)
            .map_err(|_| "this is no date; write it as 2024-05-06 or 2024-05-06T07:08:09Z".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates_are_read_as_people_and_records_write_them() {
        let start = When::parse("2024-05-01T00:00:00Z").unwrap();
        for same in [
            "2024-05",
            "2024-05-01",
            "2024-05-01T00:00:00",
            "2024-05-01T02:00:00+02:00",
            "2024-05-01T00:00:00.000Z",
        ] {
            assert_eq!(When::parse(same).unwrap(), start, "{same}");
        }
        assert!(When::parse("2024-05-01T00:00:00.001Z").unwrap() > start);
        assert!(When::parse("2024").unwrap() < start);
        // A time in a zone that a day of it begins before UTC's.
        assert!(When::parse("2024-05-01T01:00:00+02:00").unwrap() < start);
        for none in ["", "yesterday", "05/01/2024", "2024-13", "20240501T"] {
            assert!(When::parse(none).is_err(), "{none}");
        }
    }
}
