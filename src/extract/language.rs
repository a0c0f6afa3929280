//! The language of the text, by its own letters and words and by what the page says.

use super::article::{Found, Origin};

/// Characters that the detector reads.
const SAMPLE: usize = 3_000;

/// ISO 639-1 codes of what the detector knows, by its ISO 639-3 codes.
const SHORT: &[(&str, &str)] = &[
    ("afr", "af"),
    ("aka", "ak"),
    ("amh", "am"),
    ("ara", "ar"),
    ("aze", "az"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("ita", "it"),
    ("jav", "jv"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kat", "ka"),
    ("khm", "km"),
    ("kor", "ko"),
    ("lat", "la"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mkd", "mk"),
    ("mya", "my"),
    ("nep", "ne"),
    ("nld", "nl"),
    ("nob", "nb"),
    ("ori", "or"),
    ("pan", "pa"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("sin", "si"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("sna", "sn"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tuk", "tk"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("uzb", "uz"),
    ("vie", "vi"),
    ("yid", "yi"),
    ("zul", "zu"),
];

/// The text decides where it is long enough to be sure; otherwise the page's word counts.
pub(super) fn language(text: &str, declared: Option<Found>) -> Option<Found> {
    let declared = declared.and_then(|found| code(&found.value).map(|value| Found::new(value, found.from)));
    let sample: String = text.chars().take(SAMPLE).collect();
    let seen = whatlang::detect(&sample).filter(|info| info.is_reliable() && sample.chars().count() > 60);
    let seen = seen.map(|info| short(info.lang().code()).to_owned());
    match (seen, declared) {
        (Some(seen), Some(declared)) if seen == declared.value => Some(declared),
        (Some(seen), _) => Some(Found::new(seen, Origin::Text)),
        (None, declared) => declared,
    }
}

/// The language of a tag such as `en-GB`, lower case.
fn code(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_', ',', ' ']).next()?.to_ascii_lowercase();
    let letters = primary.bytes().all(|byte| byte.is_ascii_lowercase());
    (letters && (2..=3).contains(&primary.len())).then(|| short(&primary).to_owned())
}

fn short(code: &str) -> &str {
    let found = SHORT.binary_search_by(|(long, _)| (*long).cmp(code)).ok();
    found.and_then(|index| SHORT.get(index)).map_or(code, |(_, short)| short)
}

/// The ISO 639-3 code of a language that [`super::Article::language`] names; of a group of languages (Chinese, Persian) the
/// group's. `None` for what is not known here.
pub fn iso639_3(code: &str) -> Option<&str> {
    match code {
        "zh" => Some("zho"),
        "fa" => Some("fas"),
        _ if code.len() == 3 => Some(code),
        _ => SHORT.iter().find(|(_, short)| *short == code).map(|(long, _)| *long),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(SHORT.is_sorted());
    }

    #[test]
    fn text_beats_a_wrong_attribute_and_an_attribute_beats_a_few_words() {
        let german = "Der Bericht wurde am Donnerstag von der Regierung vorgelegt und sofort von allen Seiten heftig kritisiert.";
        let said = |tag: &str| Some(Found::new(tag.to_owned(), Origin::Lang));
        assert_eq!(language(german, said("en-US")).map(|found| found.value).as_deref(), Some("de"));
        assert_eq!(
            language("OK", said("fr_FR")).map(|found| (found.value, found.from)),
            Some(("fr".into(), Origin::Lang))
        );
        assert_eq!(language("", None), None);
    }
}
