//! The objects of UTMC full UTC (UG405), by which British and many other centres force and watch signal stages.
//!
//! Below 1.3.6.1.4.1.13267.3.2. A row of the control and of the reply table is found by a time (0 or 1 for at once) and
//! by the site's system code number, its length before it (RFC 2578 clause 7.7). Replies of which the number is not
//! sure are told by number.

use super::objects::Branch;
use city::{Text, Verb};
use compact_str::format_compact;

/// Below 1.3.6.1.4.1.13267.3.2, in order.
#[rustfmt::skip]
pub(super) const BRANCHES: &[Branch] = &[
    Branch::new(&[1], Verb::Configure, &["utcType2Version", "utcType2AppVersion", "", "utcType2VendorID", "utcType2HardwareType"]),
    Branch::new(&[2], Verb::Configure, &["", "", "", "utcType2OperationModeTimeout"]),
    Branch::new(&[3], Verb::Configure, &["utcType2ScootDetectorCount", "utcType2OutstationTime"]),
    Branch::new(&[4], Verb::Operate, &["utcType2OperationMode"]),
    Branch::new(&[4, 2, 1], Verb::Operate, &["utcControlTimestamp", "utcControlSiteID", "utcControlDn", "utcControlDX", "utcControlFn", "utcControlSFn", "utcControlPV", "utcControlPX", "utcControlSO", "utcControlSG", "utcControlLO", "utcControlLL", "utcControlTS", "utcControlFM", "utcControlTO", "utcControlHI", "utcControlCP", "utcControlEP", "utcControlGO", "utcControlFF", "utcControlMO"]),
    Branch::new(&[5, 1, 1], Verb::Write, &["utcReplyTimestamp", "utcReplySiteID", "utcReplyGn", "", "utcReplyDF", "", "", "", "", "", "", "", "", "", "utcReplyMC", "utcReplyCF", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "utcReplyVSn", "", "", "", "utcReplyFR"]),
];

/// The site that the index of a row names: a time, a length, and so many letters. Some outstations leave out the time.
pub(super) fn site(index: &[u32]) -> Option<Text> {
    let letters = |text: &[u32]| -> Option<Text> {
        let letter = |arc: &u32| u8::try_from(*arc).ok().filter(u8::is_ascii_graphic).map(char::from);
        (!text.is_empty()).then(|| text.iter().map(letter).collect::<Option<Text>>()).flatten()
    };
    let sized = |text: &[u32]| match text {
        [length, text @ ..] if usize::try_from(*length) == Ok(text.len()) => letters(text),
        _ => None,
    };
    index.get(1..).and_then(sized).or_else(|| sized(index))
}

/// The bits of an object that has one for each stage, demand or movement, as the specification numbers them: `F2,F3`.
/// The first is the lowest of the first byte.
pub(super) fn bits(name: &str, octets: &[u8]) -> Option<Text> {
    let letters =
        name.strip_prefix("utcControl").or_else(|| name.strip_prefix("utcReply"))?.strip_suffix('n')?;
    if octets.is_empty() || octets.len() > 16 {
        return None;
    }
    let set = (1..).zip(octets.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)));
    let names =
        set.filter(|(_, set)| *set).map(|(number, _): (u32, bool)| format_compact!("{letters}{number}"));
    let text = crate::show::listed(names, crate::show::VALUE_BYTES_MAX);
    Some(if text.is_empty() { Text::const_new("none") } else { text })
}
