//! The fuzzer: `BASTIDE_FUZZ` names the target.
#![no_main]

use fuzz::Target;
use std::sync::OnceLock;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static TARGET: OnceLock<Target> = OnceLock::new();
    let chosen = || {
        let name = std::env::var("BASTIDE_FUZZ").unwrap_or_default();
        Target::of(&name).unwrap_or_else(|| panic!("BASTIDE_FUZZ names no target: `{name}`"))
    };
    TARGET.get_or_init(chosen).read(data);
});
