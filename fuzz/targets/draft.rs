//! A plan drafted from whatever a wire yields: it must hold, and already be in its canonical form.
#![no_main]

use city::Observation;
use plan::{Draft, Severity};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut draft = Draft::new();
    fuzz::frames_into(data, |observations: &[Observation]| {
        observations.iter().for_each(|observation| draft.see(observation));
    });
    let files = draft.answer().files;
    let checked = plan::check(&files);
    assert_eq!(checked.count(Severity::Error), 0, "{:?}", checked.diagnostics);
    for file in &files {
        assert_eq!(plan::format(file.text()).as_deref(), Some(file.text()));
    }
});
