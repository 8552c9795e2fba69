//! What only the kernel can do: packet sockets with a shared ring (packet(7), TPACKET_V3), and giving up rights.
//!
//! This is the one module of Bastide with `unsafe` in it. Everything it offers is safe to call; what the calls mean is
//! decided elsewhere (`live`, `privileges`).
#![expect(
    unsafe_code,
    reason = "system calls and memory shared with the kernel have no safe form in the standard library"
)]

use libc::{c_int, c_uint, c_void, socklen_t};
use std::{
    ffi::CString,
    io, mem,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    ptr::NonNull,
    slice,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// Where a block's status stands in it: `tpacket_block_desc.hdr.bh1.block_status`.
const STATUS_AT: usize =
    mem::offset_of!(libc::tpacket_block_desc, hdr) + mem::offset_of!(libc::tpacket_hdr_v1, block_status);

/// A packet socket on one interface, and the ring of blocks that it shares with the kernel.
pub(crate) struct Ring {
    socket: OwnedFd,
    start: NonNull<u8>,
    block_bytes: usize,
    blocks: usize,
    hardware: u16,
}

// SAFETY: the mapping belongs to this value alone and is not bound to a thread; whoever has the value may use it.
unsafe impl Send for Ring {}

/// How a ring is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingSetup {
    /// A multiple of the page size.
    pub(crate) block_bytes: u32,
    pub(crate) blocks: u32,
    /// After how long a block that is not full is handed over.
    pub(crate) retire: Duration,
    /// Bytes kept free before each packet.
    pub(crate) reserve: u32,
    /// Hear what is addressed to others.
    pub(crate) promiscuous: bool,
    /// Share the packets with the other sockets of this group, flow by flow.
    pub(crate) fanout: Option<u16>,
}

/// What a socket counted since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Packets that came, dropped ones included.
    pub(crate) packets: u32,
    /// Packets for which there was no room.
    pub(crate) drops: u32,
    /// How often the ring was found full.
    pub(crate) freezes: u32,
}

/// The number of an interface.
pub(crate) fn interface_index(name: &str) -> io::Result<c_int> {
    let name = CString::new(name)?;
    // SAFETY: the name is a string that ends in a zero byte and lives through the call.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => c_int::try_from(index).map_err(io::Error::other),
    }
}

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// A plain C struct or number, without pointers, for which every bit pattern is valid.
///
/// # Safety
///
/// Only for such types.
unsafe trait Plain: Copy + Default {}

macro_rules! plain {
    ($($kind:ty),*) => { $(
        // SAFETY: integers only, or a struct of integers only.
        unsafe impl Plain for $kind {}
    )* };
}

/// Declares structs of the kernel with a default of all zeros.
macro_rules! zeroed {
    ($($name:ident $inner:ty),*) => { $(
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        struct $name($inner);
        impl Default for $name {
            fn default() -> $name {
                // SAFETY: a struct of integers, for which all zeros is a value.
                unsafe { mem::zeroed() }
            }
        }
    )* };
}

zeroed!(
    Request libc::tpacket_req3,
    Membership libc::packet_mreq,
    Statistics libc::tpacket_stats_v3,
    LinkAddress libc::sockaddr_ll
);
plain!(c_int, c_uint, Request, Membership, Statistics);

fn set<T: Plain>(socket: &OwnedFd, option: c_int, value: &T) -> io::Result<()> {
    let size = size_of::<T>() as socklen_t;
    let value: *const T = value;
    // SAFETY: the pointer is to a plain value of the size given, which lives through the call and is only read.
    check(unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, option, value.cast::<c_void>(), size)
    })?;
    Ok(())
}

fn get<T: Plain>(socket: &OwnedFd, level: c_int, option: c_int) -> io::Result<T> {
    let mut value = T::default();
    let mut size = size_of::<T>() as socklen_t;
    let pointer: *mut T = &mut value;
    // SAFETY: the kernel writes at most the size given into a plain value, of which every bit pattern is valid.
    check(unsafe {
        libc::getsockopt(socket.as_raw_fd(), level, option, pointer.cast::<c_void>(), &raw mut size)
    })?;
    Ok(value)
}

impl Ring {
    /// Opens a packet socket with a ring and binds it to an interface.
    pub(crate) fn open(interface: c_int, setup: RingSetup) -> io::Result<Ring> {
        // Protocol 0: nothing arrives before the ring stands and the socket is bound.
        // SAFETY: the call takes numbers only.
        let socket = check(unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) })?;
        // SAFETY: the descriptor was just opened, and nobody else has it.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        set(&socket, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as c_int))?;
        set(&socket, libc::PACKET_RESERVE, &setup.reserve)?;
        let mut request = Request::default();
        let frame = 2048;
        request.0.tp_block_size = setup.block_bytes;
        request.0.tp_block_nr = setup.blocks;
        // With version 3, frames have the size of their packets; the kernel only checks that these numbers agree.
        request.0.tp_frame_size = frame;
        request.0.tp_frame_nr = setup.block_bytes / frame * setup.blocks;
        request.0.tp_retire_blk_tov = setup.retire.as_millis() as c_uint;
        set(&socket, libc::PACKET_RX_RING, &request)?;
        let (block_bytes, blocks) = (setup.block_bytes as usize, setup.blocks as usize);
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        let length = block_bytes * blocks;
        // SAFETY: a new mapping at an address of the kernel's choice; it changes no memory that is in use.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), length, access, flags, socket.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start =
            NonNull::new(start.cast::<u8>()).ok_or_else(|| io::Error::other("mapped at address zero"))?;
        // From here on, dropping the ring unmaps it.
        let mut ring = Ring { socket, start, block_bytes, blocks, hardware: 0 };
        if setup.promiscuous {
            let mut membership = Membership::default();
            membership.0.mr_ifindex = interface;
            membership.0.mr_type = libc::PACKET_MR_PROMISC as u16;
            set(&ring.socket, libc::PACKET_ADD_MEMBERSHIP, &membership)?;
        }
        ring.hardware = ring.bind(interface)?;
        if ring.hardware == libc::ARPHRD_LOOPBACK {
            // On loopback everything that comes in also went out: hear it once.
            set(&ring.socket, libc::PACKET_IGNORE_OUTGOING, &1)?;
        }
        if let Some(group) = setup.fanout {
            let how = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG;
            set(&ring.socket, libc::PACKET_FANOUT, &(c_uint::from(group) | how << 16))?;
        }
        Ok(ring)
    }

    /// Binds to an interface and every protocol, and returns the interface's hardware type.
    fn bind(&self, interface: c_int) -> io::Result<u16> {
        let mut address = LinkAddress::default();
        address.0.sll_family = libc::AF_PACKET as u16;
        address.0.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.0.sll_ifindex = interface;
        let size = size_of::<LinkAddress>() as socklen_t;
        let pointer: *const LinkAddress = &address;
        // SAFETY: the pointer is to an address of the size given, which lives through the call and is only read.
        check(unsafe { libc::bind(self.socket.as_raw_fd(), pointer.cast::<libc::sockaddr>(), size) })?;
        let mut size = size;
        let pointer: *mut LinkAddress = &mut address;
        // SAFETY: the kernel writes at most the size given into an address of integers.
        check(unsafe {
            libc::getsockname(self.socket.as_raw_fd(), pointer.cast::<libc::sockaddr>(), &raw mut size)
        })?;
        Ok(address.0.sll_hatype)
    }

    /// The interface's hardware type (`ARPHRD_…`).
    pub(crate) fn hardware(&self) -> u16 {
        self.hardware
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }

    /// The status word of a block.
    fn status(&self, block: usize) -> &AtomicU32 {
        let at = (block % self.blocks) * self.block_bytes + STATUS_AT;
        // SAFETY: the word lies within the mapping, which lives as long as `self`; it is aligned, since blocks begin
        // at multiples of the page size and the status at a multiple of four; and the kernel changes it atomically.
        unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(at).cast::<u32>()) }
    }

    /// Whether the kernel has handed a block over.
    pub(crate) fn is_ours(&self, block: usize) -> bool {
        self.status(block).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0
    }

    /// The bytes of a block that was handed over; none of one that was not.
    pub(crate) fn block(&mut self, block: usize) -> &mut [u8] {
        if !self.is_ours(block) {
            return &mut [];
        }
        let at = (block % self.blocks) * self.block_bytes;
        // SAFETY: the block lies within the mapping, which lives as long as `self`. The kernel has handed it over and
        // leaves it alone until `give_back`, which cannot be called while this borrow of `self` lasts.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr().add(at), self.block_bytes) }
    }

    /// Hands a block back to the kernel.
    pub(crate) fn give_back(&mut self, block: usize) {
        self.status(block).store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }

    /// What the socket counted since it was last asked.
    pub(crate) fn count(&self) -> io::Result<Counted> {
        let Statistics(counted) = get(&self.socket, libc::SOL_PACKET, libc::PACKET_STATISTICS)?;
        Ok(Counted { packets: counted.tp_packets, drops: counted.tp_drops, freezes: counted.tp_freeze_q_cnt })
    }

    /// The error that the socket holds, which is thereby forgotten.
    pub(crate) fn take_error(&self) -> io::Result<()> {
        match get::<c_int>(&self.socket, libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(()),
            number => Err(io::Error::from_raw_os_error(number)),
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping is of this length and nothing borrows it any more. Failure would leave it mapped.
        unsafe { libc::munmap(self.start.as_ptr().cast::<c_void>(), self.block_bytes * self.blocks) };
    }
}

/// Waits until a ring has something or the time is over, and says which rings hold an error.
pub(crate) fn wait<'r>(rings: impl Iterator<Item = &'r Ring>, limit: Duration) -> io::Result<Vec<bool>> {
    let poll = |ring: &Ring| libc::pollfd { fd: ring.socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut polled: Vec<libc::pollfd> = rings.map(poll).collect();
    let milliseconds = c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: the pointer and the count are those of a vector that lives through the call.
    let result =
        check(unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, milliseconds) });
    match result {
        // A signal came: whoever waits may want to know.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    Ok(polled.iter().map(|polled| polled.revents & (libc::POLLERR | libc::POLLHUP) != 0).collect())
}

/// Makes the whole process that of another user and group, with no further groups.
pub(crate) fn become_user(user: u32, group: u32) -> io::Result<()> {
    // SAFETY: no groups are given, so the pointer is not read.
    check(unsafe { libc::setgroups(0, std::ptr::null()) })?;
    // SAFETY: the calls take numbers only; the C library applies them to every thread.
    check(unsafe { libc::setresgid(group, group, group) })?;
    // SAFETY: as above.
    check(unsafe { libc::setresuid(user, user, user) })?;
    Ok(())
}

/// Takes every capability from this thread and from those it starts, and bars the way to new ones.
pub(crate) fn drop_capabilities() -> io::Result<()> {
    /// `_LINUX_CAPABILITY_VERSION_3` of capget(2).
    const VERSION: u32 = 0x2008_0522;
    // SAFETY: the call takes numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    // The bounding set ends where the kernel knows no further capability; without CAP_SETPCAP it stays as it is, and
    // `no_new_privs` alone keeps the way barred.
    // SAFETY: the call takes numbers only.
    let _ = (0..64)
        .take_while(|number| unsafe { libc::prctl(libc::PR_CAPBSET_DROP, *number, 0, 0, 0) } == 0)
        .count();
    // SAFETY: the call takes numbers only. Kernels before 4.3 have no ambient set, so there is nothing to clear.
    unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) };
    // Header: version and process (0 for this thread). Data: two times effective, permitted, inheritable.
    let header = [VERSION, 0];
    let none = [0_u32; 6];
    // SAFETY: both arrays have the layout and size that capset(2) reads with this version, and live through the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
