//! The text of a plan.
#![no_main]

use plan::SourceFile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let checked = plan::check(&[SourceFile::from_bytes("city.toml", data.to_vec())]);
    // Either there is a plan, or a reason why not.
    assert!(checked.plan.is_some() || !checked.diagnostics.is_empty());
});
