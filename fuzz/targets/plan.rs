//! The text of a plan: TOML, then perhaps a spreadsheet behind a line of four dashes.
#![no_main]

use plan::{Colours, SourceFile};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let parting = b"\n----\n";
    let at = data.windows(parting.len()).position(|window| window == parting);
    let (toml, sheet) = at.map_or((data, &[][..]), |at| (&data[..at], &data[at + parting.len()..]));
    let mut files = vec![SourceFile::from_bytes("city.toml", toml.to_vec())];
    files.push(SourceFile::new("inventory.toml", "[[inventory]]\nfile = \"assets.csv\"\n"));
    files.push(SourceFile::from_bytes("assets.csv", sheet.to_vec()));
    let checked = plan::check(&files);
    // Either there is a plan, or a reason why not; and whatever is said can be shown.
    assert!(checked.plan.is_some() || !checked.diagnostics.is_empty());
    for diagnostic in &checked.diagnostics {
        assert!(!diagnostic.render(Colours::On).is_empty());
    }
    // The formatter changes only space: what it wrote it leaves alone, and it says the same. Text that is not UTF-8 was
    // repaired when it was read, and would no longer be told of.
    if std::str::from_utf8(toml).is_ok()
        && let Some(tidy) = plan::format(files[0].text())
    {
        assert_eq!(plan::format(&tidy).as_deref(), Some(tidy.as_str()));
        files[0] = SourceFile::new("city.toml", tidy);
        let again = plan::check(&files);
        assert_eq!(checked.plan.is_some(), again.plan.is_some());
        assert_eq!(checked.diagnostics.len(), again.diagnostics.len());
    }
});
