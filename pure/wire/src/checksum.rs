//! The Internet checksum (RFC 1071) of headers and of what they carry, and the check word of serial lines.

use std::net::IpAddr;

/// The ones' complement sum of the bytes, not yet folded to 16 bits.
fn sum(bytes: &[u8]) -> u64 {
    // Sums of 32-bit words folded to 16 bits equal sums of 16-bit words: 2^16 ≡ 1 modulo 2^16 − 1.
    let (words, rest) = bytes.as_chunks::<4>();
    let mut total: u64 = words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum();
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    total += u64::from(u32::from_be_bytes(last));
    total
}

fn folded(mut total: u64) -> u16 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// Whether a header that holds its own checksum, such as IPv4's or ICMP's, is whole.
pub(crate) fn header_is_whole(header: &[u8]) -> bool {
    folded(sum(header)) == 0xffff
}

/// Whether what an IP packet carries agrees with the checksum inside it, which covers a pseudo-header too
/// (RFC 9293 section 3.1, RFC 8200 section 8.1).
pub(crate) fn payload_is_whole(source: IpAddr, destination: IpAddr, protocol: u8, payload: &[u8]) -> bool {
    let ends = match (source, destination) {
        (IpAddr::V4(a), IpAddr::V4(b)) => sum(&a.octets()) + sum(&b.octets()),
        (IpAddr::V6(a), IpAddr::V6(b)) => sum(&a.octets()) + sum(&b.octets()),
        _ => return false,
    };
    folded(ends + u64::from(protocol) + payload.len() as u64 + sum(payload)) == 0xffff
}

/// CRC-16 with the generator x¹⁶ + x¹⁵ + x² + 1, the lowest bit first, as serial protocols have it. Most begin with ones.
pub(crate) fn crc16(start: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(start, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 != 0 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_a_flipped_bit_is_not_whole() {
        let mut header =
            etherparse::Ipv4Header::new(8, 64, 17.into(), [192, 0, 2, 1], [192, 0, 2, 2]).unwrap();
        header.header_checksum = header.calc_header_checksum();
        let mut bytes = header.to_bytes();
        assert!(header_is_whole(&bytes));
        bytes[8] ^= 1;
        assert!(!header_is_whole(&bytes));
    }

    #[test]
    fn check_words_of_serial_lines() {
        assert_eq!(crc16(0xffff, &[0xfb, 1]), 0x4083);
        assert_eq!(crc16(0, &[0xfb, 1]), 0xf082);
    }

    #[test]
    fn an_odd_byte_at_the_end_counts() {
        for length in 0..9 {
            let payload: Vec<u8> = (1..=length).collect();
            let udp = etherparse::UdpHeader::with_ipv4_checksum(
                7,
                9,
                &etherparse::Ipv4Header::new(0, 1, 17.into(), [192, 0, 2, 1], [192, 0, 2, 2]).unwrap(),
                &payload,
            )
            .unwrap();
            let bytes = [udp.to_bytes().as_slice(), &payload].concat();
            let (a, b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
            assert!(payload_is_whole(a, b, 17, &bytes), "{length}");
            let mut bad = bytes.clone();
            *bad.last_mut().unwrap() ^= 0x40;
            assert!(!payload_is_whole(a, b, 17, &bad), "{length}");
        }
    }
}
