//! The keys of Initial packets, which whoever sees the first packet can make (RFC 9001 clause 5), and opening a packet
//! with them. They keep nothing secret; they only prove that a packet is whole.

use super::message::{LongPacket, Protection};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{Aes128Gcm, Tag};
use hkdf::Hkdf;
use sha2::Sha256;

/// The length of the tag that proves a packet whole.
const TAG: usize = 16;

/// Where the sample begins with which the header is protected, behind the beginning of the number.
const SAMPLE_AT: usize = 4;

/// The keys of one side.
pub struct Keys {
    payload: Aes128Gcm,
    vector: [u8; 12],
    header: Aes128,
}

/// The keys of both sides.
pub struct InitialKeys {
    /// With which the client's packets are opened.
    pub client: Keys,
    /// With which the server's are.
    pub server: Keys,
}

impl InitialKeys {
    /// From the connection identifier that the client chose for the server.
    pub fn new(protection: Protection, destination: &[u8]) -> Option<InitialKeys> {
        let initial = Hkdf::<Sha256>::new(Some(&protection.salt), destination);
        let side = |name: &str| {
            let secret: [u8; 32] = expand(&initial, name)?;
            let secret = Hkdf::<Sha256>::from_prk(&secret).ok()?;
            let label = protection.label;
            Some(Keys {
                payload: Aes128Gcm::new(&expand::<16>(&secret, &format!("{label} key"))?.into()),
                vector: expand(&secret, &format!("{label} iv"))?,
                header: Aes128::new(&expand::<16>(&secret, &format!("{label} hp"))?.into()),
            })
        };
        Some(InitialKeys { client: side("client in")?, server: side("server in")? })
    }
}

/// HKDF-Expand-Label without a context (RFC 8446 clause 7.1).
fn expand<const N: usize>(secret: &Hkdf<Sha256>, label: &str) -> Option<[u8; N]> {
    let mut made = [0; N];
    let length = (N as u16).to_be_bytes();
    let label_length = [label.len() as u8 + 6];
    let info: [&[u8]; 5] = [&length, &label_length, b"tls13 ", label.as_bytes(), &[0]];
    secret.expand_multi_info(&info, &mut made).ok()?;
    Some(made)
}

impl Keys {
    /// Opens a packet (RFC 9001 clauses 5.3 and 5.4). `None` if it was not made with these keys, or is not whole.
    pub fn open(&self, packet: &LongPacket<'_>) -> Option<Vec<u8>> {
        let (header, rest) = packet.bytes.split_at_checked(packet.number_at)?;
        let sample: [u8; 16] = *rest.get(SAMPLE_AT..)?.first_chunk()?;
        let mut mask = sample.into();
        self.header.encrypt_block(&mut mask);
        let [first_mask, number_mask @ ..]: [u8; 16] = mask.into();
        let mut header = header.to_vec();
        let first = header.first_mut()?;
        *first ^= first_mask & 0x0f;
        let size = usize::from(*first & 3) + 1;
        let (number, sealed) = rest.split_at_checked(size)?;
        let number: Vec<u8> = number.iter().zip(number_mask).map(|(byte, mask)| byte ^ mask).collect();
        header.extend_from_slice(&number);
        let mut nonce = self.vector;
        nonce.iter_mut().rev().zip(number.iter().rev()).for_each(|(byte, number)| *byte ^= number);
        let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
        let mut body = body.to_vec();
        let tag: Tag = <[u8; TAG]>::try_from(tag).ok()?.into();
        self.payload.decrypt_inout_detached(&nonce.into(), &header, body.as_mut_slice().into(), &tag).ok()?;
        Some(body)
    }

    /// Makes a packet of a header up to where the number begins, for tests.
    #[cfg(test)]
    pub fn seal(&self, header: &[u8], number: u32, payload: &[u8]) -> Vec<u8> {
        let mut header = header.to_vec();
        header[0] |= 3;
        let number_at = header.len();
        header.extend(number.to_be_bytes());
        let mut nonce = self.vector;
        nonce
            .iter_mut()
            .rev()
            .zip(number.to_be_bytes().iter().rev())
            .for_each(|(byte, number)| *byte ^= number);
        let mut body = payload.to_vec();
        let tag =
            self.payload.encrypt_inout_detached(&nonce.into(), &header, body.as_mut_slice().into()).unwrap();
        let mut packet = [header, body, tag.to_vec()].concat();
        let sample: [u8; 16] = *packet[number_at + SAMPLE_AT..].first_chunk().unwrap();
        let mut mask = sample.into();
        self.header.encrypt_block(&mut mask);
        packet[0] ^= mask[0] & 0x0f;
        (0..4).for_each(|at| packet[number_at + at] ^= mask[at + 1]);
        packet
    }
}
