//! Live interfaces: frames as they pass, from several interfaces at once.
//!
//! Each interface has a ring of blocks that the kernel fills (packet(7), TPACKET_V3): no copy and no call per packet.
//! Frames are lent from the ring until the next call. Capture fails open: it never holds traffic up, and what it has no
//! room for is dropped by the kernel and counted ([`Live::counters`]).

use crate::kernel::{self, Ring, RingSetup};
use jiff::Timestamp;
use std::{fs, io, mem::offset_of, ops::Range, time::Duration};
use wire::{Frame, LinkType};

/// After how long a block that is not full is handed over: the longest that a packet waits.
const RETIRE: Duration = Duration::from_millis(50);

/// Blocks are large, so that few are handed over in a flood, and hold the largest packet an interface can make.
const BLOCK_BYTES: u32 = 1 << 20;

/// Room before each packet for the VLAN tag that the kernel took off.
const TAG_BYTES: usize = 4;

/// Ethernet's two addresses, behind which a tag stands.
const ADDRESSES_BYTES: usize = 12;

/// How interfaces are listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The size of each interface's ring, in bytes; rounded up to whole mebibytes, at least two.
    pub ring_bytes: u32,
    /// Hear what is addressed to others, as on a mirror port one must.
    pub promiscuous: bool,
    /// Share the packets of each interface with other processes of the same group, flow by flow.
    pub fanout: Option<u16>,
}

impl Default for Settings {
    /// 32 MiB for each interface, promiscuous, not shared.
    fn default() -> Self {
        Settings { ring_bytes: 32 << 20, promiscuous: true, fanout: None }
    }
}

/// Why an interface cannot be listened to.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The interface was taken down. It is heard again when it comes back up.
    #[error("interface `{0}` went down; it is heard again when it comes back")]
    Down(String),
    /// The kernel refused for another reason.
    #[error("interface `{interface}` cannot be listened to: {cause}")]
    Kernel {
        /// The interface.
        interface: String,
        /// What the kernel said.
        cause: io::Error,
    },
    /// Frames of this interface begin in a way that is not known.
    #[error("interface `{interface}` is of hardware type {hardware}, whose frames cannot be read")]
    Link {
        /// The interface.
        interface: String,
        /// `ARPHRD_…` of if_arp.h.
        hardware: u16,
    },
    /// There is no such interface.
    #[error("there is no interface `{interface}`; there are {}", existing.join(", "))]
    NoSuchInterface {
        /// The interface asked for.
        interface: String,
        /// Those that there are.
        existing: Vec<String>,
    },
    /// The process may not open packet sockets.
    #[error(
        "not permitted to listen to `{interface}`: run as root, or allow this programme once with \
         `sudo setcap cap_net_raw+ep {programme}`"
    )]
    NotPermitted {
        /// The interface.
        interface: String,
        /// The programme that needs the right.
        programme: String,
    },
    /// The interface is no longer there. One that comes back by the same name is another, and must be opened anew.
    #[error("interface `{0}` was removed; start again when it is back")]
    Removed(String),
}

/// What one interface counted since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The interface.
    pub interface: String,
    /// Packets that came, dropped ones included.
    pub received: u64,
    /// Packets for which the ring had no room.
    pub dropped: u64,
    /// How often the ring was found full.
    pub full: u64,
}

/// Interfaces that are being listened to.
pub struct Live {
    interfaces: Vec<Interface>,
    /// The interface whose frame was lent last.
    lent: Option<usize>,
}

struct Interface {
    name: String,
    /// The kernel's number for it, by which it is told from a later one of the same name.
    index: libc::c_int,
    ring: Ring,
    link: LinkType,
    /// The block that is read now or next.
    block: usize,
    /// Whether the kernel has handed it over and it was begun.
    begun: bool,
    /// Packets in it that were not lent yet.
    left: u32,
    /// Where the next of them begins in the block.
    at: usize,
    counters: Counters,
}

/// The part of a packet's header in the ring that is of interest (`tpacket3_hdr`).
#[derive(Clone, Copy)]
struct Header {
    next: usize,
    time: Timestamp,
    /// Where its bytes are in the block.
    begin: usize,
    captured: usize,
    length: u32,
    /// The VLAN tag that the kernel took off: protocol and control information.
    tag: Option<[u8; TAG_BYTES]>,
}

impl Live {
    /// Begins to listen to interfaces, by name.
    ///
    /// # Errors
    ///
    /// If there is no such interface, the process may not listen, or the kernel refuses.
    pub fn open(interfaces: &[String], settings: Settings) -> Result<Live, LiveError> {
        let opened = interfaces.iter().map(|name| Interface::open(name, settings));
        Ok(Live { interfaces: opened.collect::<Result<_, _>>()?, lent: None })
    }

    /// The next frame, or `None` if none came within the time given. Frames of one interface come in order; those of
    /// several are merged by time as far as they have come.
    ///
    /// # Errors
    ///
    /// If an interface goes down or is removed, once; the others, and itself when it is back, are heard on by calling again.
    pub fn next(&mut self, limit: Duration) -> Result<Option<Frame<'_>>, LiveError> {
        self.lent = self.soonest();
        if self.lent.is_none() {
            self.wait(limit)?;
            self.lent = self.soonest();
        }
        let Some(interface) = self.lent.and_then(|place| self.interfaces.get_mut(place)) else {
            return Ok(None);
        };
        Ok(interface.take())
    }

    /// The interface of the frame that was lent last.
    #[must_use]
    pub fn interface(&self) -> Option<&str> {
        self.interfaces.get(self.lent?).map(|interface| interface.name.as_str())
    }

    /// Its place among the interfaces given.
    #[must_use]
    pub fn place(&self) -> Option<usize> {
        self.lent
    }

    /// What each interface counted since it was opened.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell.
    pub fn counters(&mut self) -> Result<Vec<Counters>, LiveError> {
        self.interfaces.iter_mut().map(Interface::count).collect()
    }

    /// The interface whose next packet is the oldest.
    fn soonest(&mut self) -> Option<usize> {
        let next = self.interfaces.iter_mut().enumerate();
        next.filter_map(|(place, interface)| Some((interface.peek()?.time, place)))
            .min()
            .map(|(_, place)| place)
    }

    fn wait(&self, limit: Duration) -> Result<(), LiveError> {
        let failed = kernel::wait(self.interfaces.iter().map(|interface| &interface.ring), limit);
        let name =
            || self.interfaces.iter().map(|interface| interface.name.as_str()).collect::<Vec<_>>().join(", ");
        let failed = failed.map_err(|cause| LiveError::Kernel { interface: name(), cause })?;
        for (interface, _) in self.interfaces.iter().zip(failed).filter(|(_, failed)| *failed) {
            if let Err(cause) = interface.ring.take_error() {
                let is_there =
                    kernel::interface_index(&interface.name).is_ok_and(|now| now == interface.index);
                let interface = interface.name.clone();
                return Err(match cause.raw_os_error() {
                    // A removal is told of twice: as it goes down, when its name may still stand, and once it is gone.
                    Some(libc::ENETDOWN) if is_there => LiveError::Down(interface),
                    Some(libc::ENETDOWN) => LiveError::Removed(interface),
                    _ => LiveError::Kernel { interface, cause },
                });
            }
        }
        Ok(())
    }
}

impl Interface {
    fn open(name: &str, settings: Settings) -> Result<Interface, LiveError> {
        let interface = name.to_owned();
        let Ok(index) = kernel::interface_index(name) else {
            return Err(LiveError::NoSuchInterface { interface, existing: existing() });
        };
        let setup = RingSetup {
            block_bytes: BLOCK_BYTES,
            blocks: settings.ring_bytes.div_ceil(BLOCK_BYTES).max(2),
            retire: RETIRE,
            reserve: TAG_BYTES as u32,
            promiscuous: settings.promiscuous,
            fanout: settings.fanout,
        };
        let ring = Ring::open(index, setup).map_err(|cause| match cause.kind() {
            io::ErrorKind::PermissionDenied => {
                LiveError::NotPermitted { interface: interface.clone(), programme: programme() }
            }
            _ => LiveError::Kernel { interface: interface.clone(), cause },
        })?;
        let hardware = ring.hardware();
        let Some(link) = link_type(hardware) else { return Err(LiveError::Link { interface, hardware }) };
        let counters = Counters { interface: interface.clone(), ..Counters::default() };
        Ok(Interface { name: interface, index, ring, link, block: 0, begun: false, left: 0, at: 0, counters })
    }

    /// The header of the next packet, if the kernel has handed one over. What was lent before is no longer.
    fn peek(&mut self) -> Option<Header> {
        loop {
            if self.begun && self.left > 0 {
                if let Some(header) = parse_header(self.ring.block(self.block), self.at) {
                    return Some(header);
                }
                // The kernel writes no such header; if it did, the rest of the block could not be found.
                self.left = 0;
            }
            if self.begun {
                self.ring.give_back(self.block);
                self.block = (self.block + 1) % self.ring.blocks();
                self.begun = false;
            }
            if !self.ring.is_ours(self.block) {
                return None;
            }
            let block = self.ring.block(self.block);
            let head = offset_of!(libc::tpacket_block_desc, hdr);
            self.left = u32_at(block, head + offset_of!(libc::tpacket_hdr_v1, num_pkts))?;
            self.at = u32_at(block, head + offset_of!(libc::tpacket_hdr_v1, offset_to_first_pkt))? as usize;
            self.begun = true;
        }
    }

    /// Lends the next packet.
    fn take(&mut self) -> Option<Frame<'_>> {
        let header = self.peek()?;
        let link = self.link;
        self.left -= 1;
        self.at += header.next;
        let block = self.ring.block(self.block);
        let Header { time, begin, captured, length, tag, .. } = header;
        let (range, length) = match tag {
            Some(tag) => (insert_tag(block, begin, captured, tag)?, length + TAG_BYTES as u32),
            None => (begin..begin + captured, length),
        };
        Some(Frame { time, link, bytes: block.get(range)?, length })
    }

    fn count(&mut self) -> Result<Counters, LiveError> {
        let failed = |cause| LiveError::Kernel { interface: self.name.clone(), cause };
        let counted = self.ring.count().map_err(failed)?;
        self.counters.received += u64::from(counted.packets);
        self.counters.dropped += u64::from(counted.drops);
        self.counters.full += u64::from(counted.freezes);
        Ok(self.counters.clone())
    }
}

fn u32_at(block: &[u8], at: usize) -> Option<u32> {
    block.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn u16_at(block: &[u8], at: usize) -> Option<u16> {
    block.get(at..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

/// Reads the header of the packet that begins at this place of a block. `None` if it does not lie within the block.
fn parse_header(block: &[u8], at: usize) -> Option<Header> {
    macro_rules! field {
        ($read:ident, $name:ident) => {
            $read(block, at + offset_of!(libc::tpacket3_hdr, $name))
        };
    }
    let variant = at + offset_of!(libc::tpacket3_hdr, hv1);
    let status = field!(u32_at, tp_status)?;
    let tag = if status & libc::TP_STATUS_VLAN_VALID != 0 {
        let control = u32_at(block, variant + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tci))? as u16;
        let given = u16_at(block, variant + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tpid))?;
        let protocol = if status & libc::TP_STATUS_VLAN_TPID_VALID != 0 { given } else { 0x8100 };
        let ([p0, p1], [c0, c1]) = (protocol.to_be_bytes(), control.to_be_bytes());
        Some([p0, p1, c0, c1])
    } else {
        None
    };
    let captured = field!(u32_at, tp_snaplen)? as usize;
    let begin = at + usize::from(field!(u16_at, tp_mac)?);
    block.get(begin..begin.checked_add(captured)?)?;
    let seconds = i64::from(field!(u32_at, tp_sec)?);
    let nanoseconds = i32::try_from(field!(u32_at, tp_nsec)?).ok()?;
    Some(Header {
        next: field!(u32_at, tp_next_offset)? as usize,
        time: Timestamp::new(seconds, nanoseconds).ok()?,
        begin,
        captured,
        length: field!(u32_at, tp_len)?,
        tag,
    })
}

/// Puts a tag back behind a frame's addresses, using the room before the frame, and says where the frame is then.
fn insert_tag(block: &mut [u8], begin: usize, captured: usize, tag: [u8; TAG_BYTES]) -> Option<Range<usize>> {
    let end = begin + captured;
    if captured < ADDRESSES_BYTES {
        return Some(begin..end);
    }
    let moved = begin.checked_sub(TAG_BYTES)?;
    block.get(moved..end)?;
    block.copy_within(begin..begin + ADDRESSES_BYTES, moved);
    let at = moved + ADDRESSES_BYTES;
    block.get_mut(at..at + TAG_BYTES)?.copy_from_slice(&tag);
    Some(moved..end)
}

/// How frames of a hardware type begin.
fn link_type(hardware: u16) -> Option<LinkType> {
    Some(LinkType(match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => 1,
        // Point to point and tunnels: IP itself.
        libc::ARPHRD_NONE
        | libc::ARPHRD_PPP
        | libc::ARPHRD_TUNNEL
        | libc::ARPHRD_TUNNEL6
        | libc::ARPHRD_SIT => 101,
        libc::ARPHRD_IEEE80211 => 105,
        libc::ARPHRD_IEEE80211_RADIOTAP => 127,
        _ => return None,
    }))
}

/// The interfaces that there are.
fn existing() -> Vec<String> {
    let entries = fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// This programme's file.
fn programme() -> String {
    std::env::current_exe().map_or_else(|_| "bastide".into(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_back_behind_the_addresses() {
        let mut block = vec![0xee; 4];
        block.extend(0..20);
        let range = insert_tag(&mut block, 4, 20, [0x81, 0, 0x20, 7]).unwrap();
        let frame = &block[range];
        assert_eq!(frame[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(frame[12..16], [0x81, 0, 0x20, 7]);
        assert_eq!(frame[16..], [12, 13, 14, 15, 16, 17, 18, 19]);
        // Without room or addresses there is nothing to put it behind.
        assert_eq!(insert_tag(&mut block, 2, 20, [0; 4]), None);
        assert_eq!(insert_tag(&mut block, 4, 8, [0; 4]), Some(4..12));
    }

    #[test]
    fn a_header_beyond_its_block_is_none() {
        assert!(parse_header(&[0; 20], 0).is_none());
        let mut block = vec![0; 100];
        block[12..16].copy_from_slice(&50_u32.to_ne_bytes());
        block[24..26].copy_from_slice(&48_u16.to_ne_bytes());
        assert!(parse_header(&block, 0).is_some_and(|header| (header.begin, header.captured) == (48, 50)));
        block[12..16].copy_from_slice(&53_u32.to_ne_bytes());
        assert!(parse_header(&block, 0).is_none());
    }

    #[test]
    fn an_interface_that_is_not_there_is_named_among_those_that_are() {
        let error = Live::open(&["mirror-9".to_owned()], Settings::default()).err().unwrap();
        let message = error.to_string();
        assert!(message.starts_with("there is no interface `mirror-9`; there are "), "{message}");
    }
}
