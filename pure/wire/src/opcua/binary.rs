//! Takes the built-in types off the front of a message: OPC 10000-6 clause 5.2.2, little-endian throughout.

use crate::cursor::Cursor;

/// A string or byte string; `None` where it is null, which is not the same as empty.
pub type Chars<'a> = Option<&'a [u8]>;

/// What is left of a message. Running out is `None`, never a panic.
#[derive(Clone, Copy, Debug)]
pub struct Binary<'a>(Cursor<'a>);

impl<'a> Binary<'a> {
    /// Reads from the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Binary<'a> {
        Binary(Cursor::new(bytes))
    }

    /// What is left.
    pub fn rest(self) -> &'a [u8] {
        self.0.rest()
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        self.0.take(count)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.0.array()
    }

    /// The next byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.0.u8()
    }

    /// The next two bytes as a number.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next four bytes as a number.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next four bytes as a signed number.
    pub fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    /// The next eight bytes as a signed number; a time is one, in steps of 100 ns since 1601.
    pub fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// The next eight bytes as a number with a fraction.
    pub fn f64(&mut self) -> Option<f64> {
        self.array().map(f64::from_le_bytes)
    }

    /// A truth: any byte but 0 is true.
    pub fn flag(&mut self) -> Option<bool> {
        self.u8().map(|byte| byte != 0)
    }

    /// A string or a byte string, with its length before it; a negative length is null.
    pub fn chars(&mut self) -> Option<Chars<'a>> {
        match usize::try_from(self.i32()?) {
            Ok(length) => self.take(length).map(Some),
            Err(_) => Some(None),
        }
    }

    /// How many items a list has; none if it is null. More than there are bytes left cannot be.
    pub fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.i32()?).unwrap_or(0);
        (count <= self.0.len()).then_some(count)
    }

    /// A list.
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Binary<'a>) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count()?;
        // Nothing is set aside for what is only claimed.
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(read(self)?);
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_not_empty_and_a_list_is_no_longer_than_its_bytes() {
        let mut bytes = Binary::new(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, b'a']);
        assert_eq!(bytes.chars(), Some(None));
        assert_eq!(bytes.chars(), Some(Some(&[][..])));
        assert_eq!(bytes.chars(), Some(Some(&b"a"[..])));
        assert_eq!(bytes.chars(), None);
        assert_eq!(Binary::new(&[0xff, 0xff, 0xff, 0x7f, 1]).list(|item| item.u8()), None);
        assert_eq!(Binary::new(&[2, 0, 0, 0, 7, 8]).list(|item| item.u8()), Some(vec![7, 8]));
    }
}
