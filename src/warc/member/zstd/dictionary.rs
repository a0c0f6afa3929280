//! The dictionary frame (WARC/zstd 1.0 §5): skippable, first, its content the dictionary or one zstd frame of it.

use super::{DICTIONARY, MAGIC, WINDOW_LOG, pass_over};
use crate::finding::{Finding, rules};
use crate::warc::source::Window;
use std::io::{self, Read};

/// The low four bits of its magic, 0x184D2A5D.
pub(super) const KIND: u8 = 13;

/// Reads the `length` bytes of a dictionary frame's content; gives the dictionary, or what is wrong with it.
pub(super) fn read(window: &mut Window, length: u64) -> io::Result<Result<Vec<u8>, Finding>> {
    let wanted = usize::try_from(length).ok().filter(|length| *length <= DICTIONARY);
    let Some(wanted) = wanted else {
        pass_over(window, length)?;
        return Ok(Err(wrong(format!("the dictionary takes {length} bytes; 8 MiB is the most"))));
    };
    let bytes = window.fill(wanted)?;
    let stored = bytes.get(..wanted).map(<[u8]>::to_vec);
    window.consume(wanted);
    let Some(stored) = stored else {
        let message = "the file ends inside the dictionary frame";
        return Ok(Err(Finding::new(&rules::ZSTD_TRUNCATED, message)));
    };
    Ok(if stored.starts_with(&MAGIC) { unpack(&stored) } else { Ok(stored) })
}

fn unpack(stored: &[u8]) -> Result<Vec<u8>, Finding> {
    let mut dictionary = Vec::new();
    let decode = || {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(stored)?.single_frame();
        decoder.window_log_max(WINDOW_LOG)?;
        decoder.take(DICTIONARY as u64 + 1).read_to_end(&mut dictionary)
    };
    match { decode }() {
        Ok(length) if length > DICTIONARY => Err(wrong("the dictionary is longer than 8 MiB".to_owned())),
        Ok(_) => Ok(dictionary),
        Err(e) => Err(wrong(format!("the dictionary cannot be decoded: {e}"))),
    }
}

fn wrong(message: String) -> Finding {
    Finding::new(&rules::ZSTD_DICTIONARY, message)
}
