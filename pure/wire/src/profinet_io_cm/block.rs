//! Blocks: what PROFINET's requests and replies are made of (IEC 61158-6-10 clause 5.2). Numbers in them are always
//! written with the more significant byte first.

use crate::cursor::Cursor;
use city::{Target, Text, Verb};
use compact_str::format_compact;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) kind: Kind,
    /// Behind the version.
    pub(super) body: &'a [u8],
}

impl<'a> Block<'a> {
    /// Takes a block off the front.
    pub(super) fn take(cursor: &mut Cursor<'a>) -> Option<Block<'a>> {
        let (kind, length) = (Kind(cursor.u16()?), cursor.u16()?);
        let mut body = Cursor::new(cursor.take(usize::from(length))?);
        body.u16()?;
        Some(Block { kind, body: body.rest() })
    }
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(pub(super) u16);

impl Kind {
    pub(super) const WRITE_REQUEST: Self = Self(0x0008);
    pub(super) const READ_REQUEST: Self = Self(0x0009);
    pub(super) const IDENTIFICATION: Self = Self(0x0020);
    pub(super) const INTERFACE: Self = Self(0x0240);
    pub(super) const MULTIPLE: Self = Self(0x0400);
    pub(super) const RELATION: Self = Self(0x0101);
    pub(super) const WRITE_RESPONSE: Self = Self(0x8008);
    pub(super) const READ_RESPONSE: Self = Self(0x8009);

    /// The name in the standard.
    pub(super) fn text(self) -> Text {
        Text::const_new(match self.0 {
            0x0008 => "IODWriteReqHeader",
            0x0009 => "IODReadReqHeader",
            0x0010 => "DiagnosisData",
            0x0012 => "ExpectedIdentificationData",
            0x0013 => "RealIdentificationData",
            0x0014 => "SubstituteValue",
            0x0015 => "RecordInputDataObjectElement",
            0x0016 => "RecordOutputDataObjectElement",
            0x0018 => "ARData",
            0x0019 => "LogBookData",
            0x001a => "APIData",
            0x001b => "SRLData",
            0x0020 => "I&M0",
            0x0021 => "I&M1",
            0x0022 => "I&M2",
            0x0023 => "I&M3",
            0x0024 => "I&M4",
            0x0025 => "I&M5",
            0x0030 => "I&M0FilterDataSubmodul",
            0x0031 => "I&M0FilterDataModul",
            0x0032 => "I&M0FilterDataDevice",
            0x0101 => "ARBlockReq",
            0x0102 => "IOCRBlockReq",
            0x0103 => "AlarmCRBlockReq",
            0x0104 => "ExpectedSubmoduleBlockReq",
            0x0105 => "PrmServerBlockReq",
            0x0106 => "MCRBlockReq",
            0x0107 => "ARRPCBlockReq",
            0x0108 => "ARVendorBlockReq",
            0x0109 => "IRInfoBlock",
            0x010a => "SRInfoBlock",
            0x010b => "ARFSUBlock",
            0x010c => "RSInfoBlock",
            0x0110 => "IODControlReq PrmEnd",
            0x0111 => "IODControlReq PrmEnd (plug)",
            0x0112 => "IOXControlReq ApplicationReady",
            0x0113 => "IOXControlReq ApplicationReady (plug)",
            0x0114 => "IODReleaseReq",
            0x0116 => "IOXControlReq ReadyForCompanion",
            0x0117 => "IOXControlReq ReadyForRT_CLASS_3",
            0x0118 => "IODControlReq PrmBegin",
            0x0119 => "SubmoduleListBlock",
            0x0200 => "PDPortDataCheck",
            0x0202 => "PDPortDataAdjust",
            0x020f => "PDPortDataReal",
            0x0240 => "PDInterfaceDataReal",
            0x0250 => "PDInterfaceAdjust",
            0x0400 => "MultipleBlockHeader",
            0x0500 => "CombinedObjectContainer",
            0x8008 => "IODWriteResHeader",
            0x8009 => "IODReadResHeader",
            0x8101 => "ARBlockRes",
            0x8102 => "IOCRBlockRes",
            0x8103 => "AlarmCRBlockRes",
            0x8104 => "ModuleDiffBlock",
            0x8105 => "PrmServerBlockRes",
            0x8106 => "ARServerBlockRes",
            0x8107 => "ARRPCBlockRes",
            0x8108 => "ARVendorBlockRes",
            0x8110 => "IODControlRes PrmEnd",
            0x8111 => "IODControlRes PrmEnd (plug)",
            0x8112 => "IOXControlRes ApplicationReady",
            0x8113 => "IOXControlRes ApplicationReady (plug)",
            0x8114 => "IODReleaseRes",
            0x8116 => "IOXControlRes ReadyForCompanion",
            0x8117 => "IOXControlRes ReadyForRT_CLASS_3",
            0x8118 => "IODControlRes PrmBegin",
            other => return format_compact!("block-0x{other:04x}"),
        })
    }

    /// What a control block asks for, or confirms; none of another block.
    pub(super) fn control(self) -> Option<(&'static str, Verb)> {
        Some(match self.0 & 0x7fff {
            // Parameters take effect.
            0x0110 | 0x0111 => ("parameters-end", Verb::Configure),
            0x0112 | 0x0113 => ("application-ready", Verb::Publish),
            0x0114 => ("release", Verb::Authenticate),
            0x0116 => ("ready-for-companion", Verb::Publish),
            0x0117 => ("ready-for-rt-class-3", Verb::Publish),
            0x0118 => ("parameters-begin", Verb::Configure),
            _ => return None,
        })
    }
}

/// A record, by where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) api: u32,
    pub(super) slot: u16,
    pub(super) subslot: u16,
    pub(super) index: u16,
    /// How long its data are.
    pub(super) bytes: u32,
    /// Of a reply to a write.
    pub(super) status: Option<u32>,
}

impl Record {
    /// The index of what writes several records at once.
    pub(super) const MULTIPLE: u16 = 0xe040;

    /// Reads the header of a request to read or write, or of its reply.
    pub(super) fn parse(body: &[u8]) -> Option<Record> {
        let mut cursor = Cursor::new(body);
        let _sequence = cursor.u16()?;
        cursor.take(16)?;
        let (api, slot, subslot, _) = (cursor.u32()?, cursor.u16()?, cursor.u16()?, cursor.u16()?);
        let (index, bytes, _additional) = (cursor.u16()?, cursor.u32()?, cursor.u32()?);
        Some(Record { api, slot, subslot, index, bytes, status: cursor.u32() })
    }

    /// Whether it says what the device is (identification and maintenance functions).
    pub(super) fn is_identification(&self) -> bool {
        matches!(self.index, 0xaff0..=0xaff5 | 0xf840)
    }

    /// `slot 0 subslot 0x8000 I&M0`.
    pub(super) fn target(&self) -> Target {
        let mut name = match self.api {
            0 => Text::default(),
            api => format_compact!("api {api} "),
        };
        let subslot = match self.subslot {
            // The interfaces and ports of a device.
            high @ 0x8000.. => format_compact!("0x{high:04x}"),
            low => format_compact!("{low}"),
        };
        name.push_str(&format_compact!("slot {} subslot {subslot} {}", self.slot, index_text(self.index)));
        Target::named(name)
    }
}

/// A record by its index (clause 5.2.1.2), or its number.
fn index_text(index: u16) -> Text {
    Text::const_new(match index {
        0x8000 => "expected-identification-data",
        0x8001 => "real-identification-data",
        0x800a => "diagnosis-in-channel-coding",
        0x800b => "diagnosis-in-all-codings",
        0x800c => "diagnosis",
        0x8010 => "maintenance-required-in-channel-coding",
        0x801e => "substitute-values",
        0x8020 => "pd-ir-subframe-data",
        0x8028 => "record-input-data",
        0x8029 => "record-output-data",
        0x802a => "pd-port-data-real",
        0x802b => "pd-port-data-check",
        0x802c => "pd-ir-data",
        0x802d => "pd-sync-data",
        0x802f => "pd-port-data-adjust",
        0x8030 => "isochronous-mode-data",
        0x8050 => "pd-interface-mrp-data-real",
        0x8051 => "pd-interface-mrp-data-check",
        0x8052 => "pd-interface-mrp-data-adjust",
        0x8053 => "pd-port-mrp-data-adjust",
        0x8054 => "pd-port-mrp-data-real",
        0x8070 => "pd-nc-data-check",
        0x8071 => "pd-interface-adjust",
        0x8072 => "pd-port-statistic",
        0x8080 => "pd-interface-data-real",
        0xaff0 => "I&M0",
        0xaff1 => "I&M1",
        0xaff2 => "I&M2",
        0xaff3 => "I&M3",
        0xaff4 => "I&M4",
        0xaff5 => "I&M5",
        0xe040 => "write-multiple",
        0xf000 => "real-identification-data-of-api",
        0xf020 => "ar-data-of-api",
        0xf80c => "diagnosis-of-device",
        0xf820 => "ar-data",
        0xf821 => "api-data",
        0xf830 => "log-book-data",
        0xf831 => "pd-ev-data",
        0xf840 => "I&M0FilterData",
        0xf841 => "pd-real-data",
        0xf842 => "pd-expected-data",
        0xfbff => "trigger-reset",
        other => return format_compact!("index 0x{other:04x}"),
    })
}

/// What a device says of itself in I&M0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identification<'a> {
    pub(super) vendor: u16,
    pub(super) order: &'a [u8],
    pub(super) serial: &'a [u8],
    /// A letter and three numbers.
    pub(super) software: [u8; 4],
}

impl<'a> Identification<'a> {
    /// Reads the body of the block.
    pub(super) fn parse(body: &'a [u8]) -> Option<Identification<'a>> {
        let mut cursor = Cursor::new(body);
        let (vendor, order, serial) = (cursor.u16()?, cursor.take(20)?, cursor.take(16)?);
        let _hardware = cursor.u16()?;
        Some(Identification { vendor, order, serial, software: cursor.array()? })
    }
}

/// What a request to connect says of who connects: the object it is and the name it has.
pub(super) fn initiator(body: &[u8]) -> Option<([u8; 16], &[u8])> {
    let mut cursor = Cursor::new(body);
    // Kind, identifier, session key and MAC address of the relation.
    cursor.take(2 + 16 + 2 + 6)?;
    let object = cursor.array()?;
    // Properties, patience, port.
    cursor.take(4 + 2 + 2)?;
    let length = cursor.u16()?;
    Some((object, cursor.take(usize::from(length))?))
}

/// The name that a device's interface has, within what it says of its ports.
pub(super) fn interface_name(body: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(body);
    let length = cursor.u8()?;
    cursor.take(usize::from(length))
}
