//! From bytes to DCP messages.

use super::message::{Block, Direction, Ip, Message, Service, What};
use crate::cursor::Cursor;
use std::net::Ipv4Addr;

/// Opens a frame. `None` if it is not of DCP: other frames of PROFINET have other identifiers.
pub(crate) fn parse_dcp(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let frame = cursor.u16()?;
    let service = Service(cursor.u8()?);
    let direction = match cursor.u8()? {
        0 => Direction::Request,
        1 => Direction::Success,
        5 => Direction::NotSupported,
        _ => return None,
    };
    // Each identifier has its services.
    let fits = match frame {
        0xfefc => service == Service::HELLO && direction == Direction::Request,
        0xfefd => matches!(service, Service::GET | Service::SET),
        0xfefe => service == Service::IDENTIFY && direction == Direction::Request,
        0xfeff => service == Service::IDENTIFY && direction != Direction::Request,
        _ => false,
    };
    let transaction = cursor.u32()?;
    let _delay = cursor.u16()?;
    let length = cursor.u16()?;
    let blocks = cursor.take(usize::from(length))?;
    fits.then_some(Message { service, direction, transaction, blocks })
}

impl<'a> Message<'a> {
    /// The blocks, as far as they can be read.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'a>> + use<'a> {
        let mut cursor = Cursor::new(self.blocks);
        let asks = self.direction == Direction::Request;
        let service = self.service;
        std::iter::from_fn(move || {
            let what = What(cursor.u8()?, cursor.u8()?);
            // What is to be got is only named.
            if asks && service == Service::GET {
                return Some(Block { what, value: &[] });
            }
            let length = cursor.u16()?;
            let mut value = Cursor::new(cursor.take(usize::from(length))?);
            if length % 2 == 1 && !cursor.is_empty() {
                cursor.u8()?;
            }
            // Information before what is told, a qualifier before what is set; a filter and an outcome have neither.
            let bare = what == What::RESPONSE || asks && service == Service::IDENTIFY;
            if !bare {
                value.u16();
            }
            Some(Block { what, value: value.rest() })
        })
    }
}

impl<'a> Block<'a> {
    /// The address, if it is one.
    pub(crate) fn ip(&self) -> Option<Ip> {
        if !matches!(self.what, What::IP | What::IP_SUITE) {
            return None;
        }
        let mut cursor = Cursor::new(self.value);
        let mut next = || cursor.array::<4>().map(Ipv4Addr::from);
        Some(Ip { address: next()?, mask: next()?, gateway: next()? })
    }

    /// What was set, and the code of its outcome.
    pub(crate) fn outcome(&self) -> Option<(What, u8)> {
        match (self.what, self.value) {
            (What::RESPONSE, [option, suboption, code, ..]) => Some((What(*option, *suboption), *code)),
            _ => None,
        }
    }
}
