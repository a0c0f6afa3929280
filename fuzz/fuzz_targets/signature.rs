#![no_main]
fonds_fuzz::target!("signature");
