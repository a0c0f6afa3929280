//! "Ann says:", the line above a comment, in the words of themes in many languages.

/// What stands behind a name.
const SAYS: &[&str] = &[
    "says:",
    "says",
    "said:",
    "said...",
    "said…",
    "wrote:",
    "sagt:",
    "sagte:",
    "schreibt:",
    "schrieb:",
    "dit\u{a0}:",
    "dit :",
    "dit:",
    "a dit :",
    "dice:",
    "dijo:",
    "dijo...",
    "escribió:",
    "ha detto:",
    "ha scritto:",
    "scrive:",
    "disse:",
    "disse...",
    "diz:",
    "zegt:",
    "schreef:",
    "pisze:",
    "komentuje:",
    "säger:",
    "skriver:",
    "siger:",
    "sier:",
    "sanoo:",
    "napsal:",
    "szerint:",
    "spune:",
    "a spus:",
    "diyor ki:",
    "dedi ki:",
    "говорит:",
    "пишет:",
    "каже:",
    "λέει:",
    "אומר:",
    "يقول:",
    "says：",
    "说道：",
    "说：",
    "說：",
    "より:",
    "より：",
    "님의 말:",
    "berkata:",
    "viết:",
    "writes:",
    "a dit\u{a0}:",
    "a écrit :",
    "mówi:",
    "napisał:",
];

/// What stands before such words at a line's end.
pub(super) fn before(line: &str) -> Option<&str> {
    let line = line.trim();
    SAYS.iter().filter_map(|words| line.strip_suffix(words)).min_by_key(|rest| rest.len()).map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_is_left() {
        for (line, name) in [
            ("Ann says:", "Ann"),
            (" Jörg sagte: ", "Jörg"),
            ("Zoé a dit\u{a0}:", "Zoé"),
            ("Аня пишет:", "Аня"),
        ] {
            assert_eq!(before(line), Some(name));
        }
        assert_eq!(before("What she said was this."), None);
    }
}
