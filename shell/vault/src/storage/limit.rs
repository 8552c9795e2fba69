//! How fast is sent: a bucket that fills with time and is emptied by bytes.

use bytes::Bytes;
use std::{
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many bytes are sent at once, at most.
const PIECE: usize = 64 * 1024;

/// A limit of bytes a second that several senders share.
#[derive(Clone, Debug)]
pub(crate) struct Limit(Option<Arc<Bucket>>);

#[derive(Debug)]
struct Bucket {
    bytes_per_second: u64,
    /// Until when what was sent has used up what may be sent.
    used_until: Mutex<Instant>,
}

impl Limit {
    /// So many bytes a second; none for as fast as can be.
    pub(crate) fn new(bytes_per_second: Option<u64>) -> Limit {
        Limit(bytes_per_second.map(|bytes_per_second| {
            Arc::new(Bucket {
                bytes_per_second: bytes_per_second.max(1),
                used_until: Mutex::new(Instant::now()),
            })
        }))
    }

    /// Waits until so many bytes may be sent.
    fn wait(&self, bytes: usize) {
        let Some(bucket) = &self.0 else { return };
        let takes = Duration::from_secs_f64(bytes as f64 / bucket.bytes_per_second as f64);
        let begins = {
            let mut used_until = bucket.used_until.lock().unwrap_or_else(PoisonError::into_inner);
            let begins = (*used_until).max(Instant::now());
            *used_until = begins + takes;
            begins
        };
        std::thread::sleep(begins.saturating_duration_since(Instant::now()));
    }

    /// How long so many bytes take at least.
    pub(crate) fn takes(&self, bytes: u64) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |bucket| {
            Duration::from_secs_f64(bytes as f64 / bucket.bytes_per_second as f64)
        })
    }

    /// Some content, to be read no faster than may be sent.
    pub(crate) fn reader(&self, content: &[Bytes]) -> LimitedReader {
        let mut pieces = content.to_vec();
        pieces.reverse();
        LimitedReader { limit: self.clone(), pieces }
    }
}

/// Content that is read no faster than may be sent.
pub(crate) struct LimitedReader {
    limit: Limit,
    /// What is left, the last first.
    pieces: Vec<Bytes>,
}

impl Read for LimitedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut piece) = self.pieces.pop() {
            if piece.is_empty() {
                continue;
            }
            let count = piece.len().min(buffer.len()).min(PIECE);
            let (Some(into), from) = (buffer.get_mut(..count), piece.split_to(count)) else { return Ok(0) };
            into.copy_from_slice(&from);
            self.pieces.push(piece);
            self.limit.wait(count);
            return Ok(count);
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_read_whole_and_no_faster_than_allowed() {
        let content = [Bytes::from(vec![1; 70_000]), Bytes::new(), Bytes::from(vec![2; 30_000])];
        let begin = Instant::now();
        let mut read = Vec::new();
        Limit::new(Some(400_000)).reader(&content).read_to_end(&mut read).unwrap();
        assert_eq!(read, content.concat());
        // The first piece goes at once, the others wait for it.
        assert!(begin.elapsed() >= Duration::from_millis(150), "{:?}", begin.elapsed());
        let begin = Instant::now();
        Limit::new(None).reader(&content).read_to_end(&mut read).unwrap();
        assert!(begin.elapsed() < Duration::from_millis(150));
    }
}
