//! Giving up every right but the one to change the firewall.

use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    configure_capability_in_ambient_set, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs,
};
use std::io;

/// Gives up every capability but `CAP_NET_ADMIN`, for good, and lets the programmes that are started have that one.
///
/// The kernel keeps capabilities by thread: this belongs before other threads are started.
///
/// # Errors
///
/// If the process does not have `CAP_NET_ADMIN`, or the system refuses.
pub(crate) fn keep_net_admin() -> io::Result<()> {
    let only = CapabilitySet::NET_ADMIN;
    if !capabilities(None)?.permitted.contains(only) {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the enforcer needs CAP_NET_ADMIN: start it by its systemd unit, or as root",
        ));
    }
    for number in 0..64 {
        let one = CapabilitySet::from_bits_retain(1 << number);
        // Without CAP_SETPCAP the bounding set stays, and `no_new_privs` alone bars the way; behind the last capability
        // that the kernel knows it says that there is none.
        if one != only && remove_capability_from_bounding_set(one).is_err() {
            break;
        }
    }
    set_no_new_privs(true)?;
    clear_ambient_capability_set()?;
    set_capabilities(None, CapabilitySets { effective: only, permitted: only, inheritable: only })?;
    // For an nft that is run by another user than root.
    configure_capability_in_ambient_set(only, true)?;
    Ok(())
}
