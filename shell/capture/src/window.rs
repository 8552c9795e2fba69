//! A window that slides over a stream: large reads, and bytes lent rather than copied.

use std::io::{self, Read};

/// How much is read at a time. Large enough that the cost of a call vanishes, small enough to stay in the cache.
const READ_BYTES: usize = 512 << 10;

/// The bytes of a stream that are in memory now.
pub(crate) struct Window {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Where the bytes not yet passed over begin in the buffer.
    start: usize,
    /// Where the bytes read so far end in the buffer.
    end: usize,
    /// How far the first byte of the window is from the beginning of the stream.
    offset: u64,
    /// The source has no more to give.
    exhausted: bool,
    /// Why, if it was not the end of the stream.
    failure: Option<io::Error>,
}

impl Window {
    pub(crate) fn new(source: Box<dyn Read + Send>) -> Window {
        Window {
            source,
            buffer: vec![0; READ_BYTES],
            start: 0,
            end: 0,
            offset: 0,
            exhausted: false,
            failure: None,
        }
    }

    /// How far the first byte of the window is from the beginning of the stream.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is in memory and not yet passed over.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Why the stream ended early, if it did.
    pub(crate) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    /// Reads until so many bytes are in the window, and says whether they are. The caller bounds the number.
    #[inline]
    pub(crate) fn fill(&mut self, need: usize) -> bool {
        self.end - self.start >= need || self.fill_from_source(need)
    }

    #[cold]
    fn fill_from_source(&mut self, need: usize) -> bool {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < need {
            self.buffer.resize(need, 0);
        }
        while self.end < need && !self.exhausted {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => self.exhausted = true,
                Ok(count) => self.end += count.min(room.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.exhausted = true;
                }
            }
        }
        self.end >= need
    }

    /// Passes over bytes that are in the window.
    #[inline]
    pub(crate) fn pass(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Passes over bytes that need not be in the window yet, and says whether they were there.
    pub(crate) fn skip(&mut self, mut count: u64) -> bool {
        while count > 0 {
            if !self.fill(1) {
                return false;
            }
            let here = usize::try_from(count).unwrap_or(usize::MAX).min(self.bytes().len());
            self.pass(here);
            count -= here as u64;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, then fails.
    struct Drip(Vec<u8>);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::other("the line went dead"));
            }
            buffer[0] = self.0.remove(0);
            Ok(1)
        }
    }

    #[test]
    fn what_came_before_a_failure_is_kept() {
        let mut window = Window::new(Box::new(Drip(vec![1, 2, 3, 4, 5])));
        assert!(window.fill(3));
        assert_eq!(window.bytes(), [1, 2, 3]);
        window.pass(2);
        assert!(!window.fill(4));
        assert_eq!((window.bytes(), window.offset()), ([3, 4, 5].as_slice(), 2));
        assert!(window.failure().is_some());
    }

    #[test]
    fn skipping_goes_past_what_is_in_memory() {
        let mut window = Window::new(Box::new(io::repeat(7).take(3 * READ_BYTES as u64)));
        assert!(window.skip(2 * READ_BYTES as u64 + 5));
        assert_eq!(window.offset(), 2 * READ_BYTES as u64 + 5);
        assert!(!window.skip(READ_BYTES as u64));
        assert_eq!(window.offset(), 3 * READ_BYTES as u64);
    }
}
