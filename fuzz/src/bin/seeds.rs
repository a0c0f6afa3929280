//! Writes every target's seeds to `corpus/NAME` of the directory given, where libFuzzer keeps what it finds.
#![allow(clippy::print_stderr)]

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let Some(room) = env::args_os().nth(1) else {
        eprintln!("usage: seeds DIRECTORY");
        return Err(io::ErrorKind::InvalidInput.into());
    };
    for target in fonds_fuzz::ALL {
        let corpus = Path::new(&room).join("corpus").join(target.name);
        fs::create_dir_all(&corpus)?;
        for (n, seed) in (target.seeds)().iter().enumerate() {
            fs::write(corpus.join(format!("seed-{n:02}")), seed)?;
        }
    }
    Ok(())
}
