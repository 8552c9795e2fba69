//! Numbers, addresses and times, written digit by digit.
//!
//! Records are full of them, and the formatter that `Display` goes through takes several times as long.

use city::{Address, Mac};
use jiff::{Timestamp, civil::DateTime, tz::Offset};
use std::{
    io::Write,
    net::{IpAddr, Ipv6Addr},
};

/// Appends a number.
pub(crate) fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [b'0'; 20];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        length += 1;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - length..).unwrap_or_default());
}

/// Appends the last so many digits of a number, with zeros in front.
pub(crate) fn padded<const DIGITS: usize>(out: &mut Vec<u8>, mut value: u32) {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits);
}

/// A digit of a hexadecimal number.
fn digit(value: u8) -> u8 {
    let value = value & 0xf;
    if value < 10 { b'0' + value } else { b'a' - 10 + value }
}

/// Appends a byte as two hexadecimal digits.
pub(crate) fn hexadecimal(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(&[digit(byte >> 4), digit(byte)]);
}

/// Appends an address as it is shown.
pub(crate) fn address(out: &mut Vec<u8>, address: Address) {
    match address {
        Address::Ip(address) => ip(out, address),
        Address::Mac(address) => mac(out, address),
    }
}

/// Appends an IP address as it is shown.
pub(crate) fn ip(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(ip) => {
            for (place, octet) in ip.octets().into_iter().enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                number(out, u64::from(octet));
            }
        }
        // Where its zeros are left out is not worth a second way to tell. Writing to memory cannot fail.
        IpAddr::V6(ip) => {
            let _ = write!(out, "{ip}");
        }
    }
}

/// Appends all eight groups of an IPv6 address, each with four digits.
pub(crate) fn unabridged(out: &mut Vec<u8>, address: Ipv6Addr) {
    for (place, byte) in address.octets().into_iter().enumerate() {
        if place > 0 && place % 2 == 0 {
            out.push(b':');
        }
        hexadecimal(out, byte);
    }
}

/// Appends a MAC address as it is shown.
pub(crate) fn mac(out: &mut Vec<u8>, address: Mac) {
    for (place, byte) in address.0.into_iter().enumerate() {
        if place > 0 {
            out.push(b':');
        }
        hexadecimal(out, byte);
    }
}

/// Appends a time as it is shown: RFC 3339, in UTC, with as much of the second as is not zero.
pub(crate) fn time(out: &mut Vec<u8>, time: Timestamp) {
    let at = Offset::UTC.to_datetime(time);
    if at.year() < 0 {
        // Longer, and of no network.
        let _ = write!(out, "{time}");
        return;
    }
    seconds(out, at);
    let nanoseconds = at.subsec_nanosecond().unsigned_abs();
    if nanoseconds > 0 {
        out.push(b'.');
        padded::<9>(out, nanoseconds);
        while out.pop_if(|last| *last == b'0').is_some() {}
    }
    out.push(b'Z');
}

/// Appends date and time of day up to the second, with a `T` between.
pub(crate) fn seconds(out: &mut Vec<u8>, at: DateTime) {
    padded::<4>(out, u32::from(at.year().unsigned_abs()));
    let parts =
        [(b'-', at.month()), (b'-', at.day()), (b'T', at.hour()), (b':', at.minute()), (b':', at.second())];
    for (sign, part) in parts {
        out.push(sign);
        padded::<2>(out, u32::from(part.unsigned_abs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_is_written_as_it_is_shown() {
        for value in [0, 7, 10, 65_535, 1_000_000, u64::MAX] {
            assert_eq!(written(|out| number(out, value)), value.to_string());
        }
        for shown in ["192.0.2.10", "0.0.0.0", "255.255.255.255", "2001:db8::1", "02:00:5e:00:53:0a"] {
            assert_eq!(written(|out| address(out, shown.parse().unwrap())), shown);
        }
        for (second, nanosecond) in [
            (0, 0),
            (1_700_000_000, 120_000),
            (1_709_209_599, 999_999_999),
            (-1, 0),
            (-1, -500_000_000),
            (-62_135_596_800, 0),
            (-62_200_000_000, 0),
            (253_402_207_200, 1),
        ] {
            let at = Timestamp::new(second, nanosecond).unwrap();
            assert_eq!(written(|out| time(out, at)), at.to_string());
        }
        let full = "2001:0db8:0000:0000:0000:0000:0000:00ff";
        assert_eq!(written(|out| unabridged(out, "2001:db8::ff".parse().unwrap())), full);
    }
}
