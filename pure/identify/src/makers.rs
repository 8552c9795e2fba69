//! Who made a network interface, by the block of MAC addresses that its address lies in.
//!
//! The IEEE assigns blocks of 24, 28 and 36 bits (MA-L, MA-M, MA-S). A block says who made the interface, which may be
//! another than who made the device; and many devices choose an address of their own, which says nothing.

use city::Mac;

/// The three registers, the finest first: how many bytes hold a block, how many bits count, and the sorted records.
const REGISTERS: [(usize, u32, &[u8]); 3] = [
    (5, 36, include_bytes!(concat!(env!("OUT_DIR"), "/blocks9"))),
    (4, 28, include_bytes!(concat!(env!("OUT_DIR"), "/blocks7"))),
    (3, 24, include_bytes!(concat!(env!("OUT_DIR"), "/blocks6"))),
];

/// The makers' names, a line each, sorted.
const NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/names"));

/// The block of IANA: addresses of protocols and of examples (RFC 9542), not of a maker.
const OF_PROTOCOLS: [u8; 3] = [0x00, 0x00, 0x5e];

/// The maker to whom the block of an address is assigned, as the IEEE registered it. None for an address that was chosen
/// locally, that names a group, or that lies in no known block.
#[must_use]
pub fn maker(mac: Mac) -> Option<&'static str> {
    if mac.is_local() || mac.is_group() || mac.0.starts_with(&OF_PROTOCOLS) {
        return None;
    }
    REGISTERS.iter().find_map(|(width, bits, records)| {
        let number = look_up(mac, *width, *bits, records)?;
        NAMES.lines().nth(usize::from(number))
    })
}

/// The number of the name beside a block.
fn look_up(mac: Mac, width: usize, bits: u32, records: &[u8]) -> Option<u16> {
    let whole = mac.0.iter().fold(0_u64, |whole, byte| whole << 8 | u64::from(*byte));
    let block = whole >> (48 - bits) << (48 - bits);
    let block = block.to_be_bytes();
    let block = block.get(2..2 + width)?;
    let size = width + 2;
    let (mut low, mut high) = (0, records.len() / size);
    while low < high {
        let middle = low.midpoint(high);
        let record = records.get(middle * size..(middle + 1) * size)?;
        let (key, name) = record.split_at_checked(width)?;
        match key.cmp(block) {
            std::cmp::Ordering::Equal => return name.try_into().ok().map(u16::from_be_bytes),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_names_its_maker() {
        let siemens = maker(Mac([0x00, 0x0e, 0x8c, 0x01, 0x02, 0x03])).unwrap();
        assert!(siemens.starts_with("Siemens AG"), "{siemens}");
        let moxa = maker(Mac([0x00, 0x90, 0xe8, 0xff, 0xff, 0xff])).unwrap();
        assert!(moxa.to_lowercase().contains("moxa"), "{moxa}");
    }

    #[test]
    fn an_address_that_nobody_was_given_names_no_maker() {
        for mac in [
            Mac([0x02, 0x0e, 0x8c, 0x01, 0x02, 0x03]),
            Mac([0x01, 0x0e, 0x8c, 0x01, 0x02, 0x03]),
            Mac([0xff; 6]),
            Mac([0x00, 0x00, 0x5e, 0x00, 0x53, 0x01]),
        ] {
            assert_eq!(maker(mac), None, "{mac}");
        }
    }

    #[test]
    fn every_record_leads_to_a_name() {
        let count = NAMES.lines().count();
        for (width, bits, records) in REGISTERS {
            assert_eq!(records.len() % (width + 2), 0);
            for record in records.chunks(width + 2) {
                let name = u16::from_be_bytes(record[width..].try_into().unwrap());
                assert!(usize::from(name) < count, "a block of {bits} bits");
            }
        }
        // Blocks of 28 and 36 bits are found, too.
        let fine = REGISTERS[0].2;
        let mut mac = [0; 6];
        mac[..5].copy_from_slice(&fine[..5]);
        assert!(maker(Mac(mac)).is_some());
    }
}
