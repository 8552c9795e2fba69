//! What the handshake of RFB says: RFC 6143 section 7.

/// A version (section 7.1.1), as its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    pub major: [u8; 3],
    pub minor: [u8; 3],
}

impl Version {
    /// Which of the three handshakes it means: 3, 7 or 8. Others count as the oldest, or are of makers that have the
    /// newest.
    pub fn handshake(self) -> u8 {
        match (&self.major, &self.minor) {
            (b"003", b"007") => 7,
            (b"003", b"008" | b"889") => 8,
            (b"003", _) => 3,
            _ => 8,
        }
    }
}

/// A type of security (section 7.2 and IANA's registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Security(pub u8);

impl Security {
    pub const INVALID: Self = Self(0);
    pub const NONE: Self = Self(1);
    pub const VNC: Self = Self(2);

    /// The name in the field's log.
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "Invalid",
            1 => "None",
            2 => "VNC",
            16 => "Tight",
            17 => "Ultra",
            18 => "TLS",
            19 => "VeNCrypt",
            20 => "GTK-VNC SASL",
            21 => "MD5 hash authentication",
            22 => "Colin Dean xvp",
            30 => "Apple Remote Desktop",
            _ => "RealVNC",
        }
    }
}

/// How a pixel is sent (section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelFormat {
    pub bits: u8,
    pub depth: u8,
    pub big_endian: bool,
    pub true_colour: bool,
    /// The greatest value of red, green and blue.
    pub greatest: [u16; 3],
    /// How far red, green and blue are shifted.
    pub shifts: [u8; 3],
}

/// What a server says of its screen (section 7.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen<'a> {
    pub width: u16,
    pub height: u16,
    pub pixel: PixelFormat,
    pub name: &'a [u8],
}
