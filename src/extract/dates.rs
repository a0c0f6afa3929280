//! Dates as pages write them, to ISO 8601.

/// Month names by their beginnings, in the languages that pages are often written in.
const MONTHS: [&str; 12] = [
    "jan|ene|gen|\u{44f}\u{43d}\u{432}|sty|oca",
    "feb|f\u{e9}v|fev|\u{444}\u{435}\u{432}|lut|\u{15f}ub",
    "mar|m\u{e4}r|maa|mrt|\u{43c}\u{430}\u{440}",
    "apr|avr|abr|\u{430}\u{43f}\u{440}|kwi|nis",
    "may|mai|mag|mei|maj|\u{43c}\u{430}\u{439}|\u{43c}\u{430}\u{44f}",
    "jun|juin|giu|\u{438}\u{44e}\u{43d}|cze|haz",
    "jul|juil|lug|\u{438}\u{44e}\u{43b}|lip|tem",
    "aug|ao\u{fb}|aou|ago|\u{430}\u{432}\u{433}|sie|a\u{11f}u",
    "sep|set|\u{441}\u{435}\u{43d}|wrz|eyl",
    "oct|okt|ott|out|\u{43e}\u{43a}\u{442}|pa\u{17a}|eki",
    "nov|\u{43d}\u{43e}\u{44f}|lis|kas",
    "dec|dez|d\u{e9}c|dic|\u{434}\u{435}\u{43a}|gru|ara",
];

/// The first date in `text`, as `YYYY-MM-DD`, with `Thh:mm…` where it was ISO 8601 already.
pub(super) fn iso(text: &str) -> Option<String> {
    let text = text.trim();
    let head: String = text.chars().take(120).collect();
    machine(&head).or_else(|| numeric(&head)).or_else(|| named(&head))
}

/// The first date anywhere in a short line of a page.
pub(super) fn iso_within(text: &str) -> Option<String> {
    iso(text).or_else(|| {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        iso(text.get(start..)?)
    })
}

/// `YYYY-MM-DD` with whatever time and zone follow it.
fn machine(text: &str) -> Option<String> {
    let Some(date) = text.get(..10) else { return compact(text) };
    let bytes = date.as_bytes();
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return compact(text);
    }
    let day = valid(date.get(..4)?, date.get(5..7)?, date.get(8..10)?)?;
    let rest = text.get(10..).unwrap_or_default().trim();
    let time = rest.trim_start_matches(['T', 't', ' ']);
    let is_time = time.len() >= 5
        && time.as_bytes().get(2) == Some(&b':')
        && time.starts_with(|c: char| c.is_ascii_digit());
    let end = time
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'Z')))
        .unwrap_or(time.len());
    Some(if is_time { format!("{day}T{}", time.get(..end).unwrap_or_default()) } else { day })
}

/// `YYYYMMDD` at the start.
fn compact(text: &str) -> Option<String> {
    let date = text.get(..8).filter(|date| date.bytes().all(|byte| byte.is_ascii_digit()))?;
    let next = text.as_bytes().get(8);
    if next.is_some_and(u8::is_ascii_digit) {
        return None;
    }
    valid(date.get(..4)?, date.get(4..6)?, date.get(6..8)?)
}

/// Three numbers in a row: year first, or the day first where it can be told.
fn numeric(text: &str) -> Option<String> {
    let parts: Vec<(&str, usize, char)> = numbers(text);
    parts.windows(3).find_map(|window| {
        let [(a, _, first), (b, at, second), (c, _, _)] = window else { return None };
        let joined =
            |mark: char| matches!(mark, '-' | '/' | '.' | '\u{5e74}' | '\u{6708}' | '\u{b144}' | '\u{c6d4}');
        if !joined(*first) || !joined(*second) || *at > text.len() {
            return None;
        }
        if a.len() == 4 {
            return valid(a, b, c);
        }
        if c.len() != 4 {
            return None;
        }
        // 3/25/2020 can only be read one way; 03/04/2020 with slashes is read as most pages mean it.
        let american = *first == '/';
        if american {
            valid(c, a, b).or_else(|| valid(c, b, a))
        } else {
            valid(c, b, a).or_else(|| valid(c, a, b))
        }
    })
}

/// Runs of ASCII digits with their offset and the first character after them.
fn numbers(text: &str) -> Vec<(&str, usize, char)> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = rest.get(start..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let mark = after.trim_start().chars().next().unwrap_or(' ');
        out.push((number, text.len() - rest.len(), mark));
        rest = after;
    }
    out
}

/// A month's name between or before a day and a year.
fn named(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    (0..words.len()).find_map(|at| named_at(&words, at))
}

fn named_at(words: &[&str], at: usize) -> Option<String> {
    let month = month(words.get(at)?)?;
    let near = |offset: isize| words.get(at.checked_add_signed(offset)?).copied();
    let day = |word: &str| {
        let number = word.trim_end_matches(|c: char| c.is_alphabetic()).parse::<u32>().ok();
        number.filter(|day| (1..=31).contains(day))
    };
    let before = [-1, -2].into_iter().filter_map(near).find_map(day);
    let after = near(1).and_then(day);
    let year =
        [1, 2, 3].into_iter().filter_map(near).find(|word| word.len() == 4 && word.parse::<u32>().is_ok())?;
    valid(year, &month.to_string(), &before.or(after)?.to_string())
}

fn month(word: &str) -> Option<usize> {
    if word.chars().count() < 3 || word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // "mart" and "market" share a beginning: no month's name is longer than eleven letters.
    let found = MONTHS.iter().position(|names| names.split('|').any(|name| word.starts_with(name)));
    found.map(|index| index + 1).filter(|_| word.chars().count() <= 11)
}

fn valid(year: &str, month: &str, day: &str) -> Option<String> {
    let (year, month, day): (i16, i8, i8) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    (1970..=2100).contains(&year).then(|| date.to_string())
}

/// The date in a path such as `/2015/10/01/title`.
pub(super) fn of_url(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let parts: Vec<&str> = path.split('/').collect();
    let slashes = parts.windows(3).find_map(|window| match window {
        [year, month, day] if year.len() == 4 && month.len() <= 2 => {
            valid(year, month, day.get(..2).filter(|_| day.len() == 2).unwrap_or(day))
        }
        _ => None,
    });
    slashes.or_else(|| {
        parts.iter().find_map(|part| {
            part.get(..10).and_then(machine).map(|found| found.get(..10).unwrap_or_default().to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_forms_pages_use() {
        for (text, expected) in [
            ("2015-10-01T21:35:00+02:00", "2015-10-01T21:35:00+02:00"),
            ("2015-10-01 21:35:00", "2015-10-01T21:35:00"),
            ("20151001", "2015-10-01"),
            ("01 Oct 2015 21:35 GMT", "2015-10-01"),
            ("Posted on October 1st, 2015 by admin", "2015-10-01"),
            ("1. Oktober 2015", "2015-10-01"),
            ("1 de octubre de 2015", "2015-10-01"),
            ("1\u{435}\u{440} 2015", ""),
            ("\u{43e}\u{43a}\u{442}\u{44f}\u{431}\u{440}\u{44c} 1, 2015", "2015-10-01"),
            ("2015\u{5e74}10\u{6708}1\u{65e5}", "2015-10-01"),
            ("25/3/2020", "2020-03-25"),
            ("3/25/2020", "2020-03-25"),
            ("25.03.2020", "2020-03-25"),
            ("Version 1.2.3", ""),
            ("2015-13-45", ""),
        ] {
            assert_eq!(iso(text).unwrap_or_default(), expected, "{text}");
        }
    }

    #[test]
    fn an_address_may_carry_the_date() {
        assert_eq!(of_url("https://a.example/2015/10/01/x/").as_deref(), Some("2015-10-01"));
        assert_eq!(of_url("https://a.example/news/2015-10-01-x").as_deref(), Some("2015-10-01"));
        assert_eq!(of_url("https://a.example/1234/56/78"), None);
    }
}
