#![no_main]
fonds_fuzz::target!("robots");
