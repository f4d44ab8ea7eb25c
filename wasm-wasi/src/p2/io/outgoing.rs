//! Bytes that were accepted from a guest and are not written yet.

use super::{StreamError, StreamResult};
use crate::abi::Errno;
use bytes::{Buf, Bytes};

/// How many bytes are kept at most.
const ROOM: usize = 64 << 10;

/// What an output stream has accepted, and whether it accepts more.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Bytes,
    is_closed: bool,
}

impl Outgoing {
    /// Whether everything is written.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Accepts nothing any more.
    pub(crate) fn close(&mut self) {
        self.is_closed = true;
        self.bytes = Bytes::new();
    }

    /// How much is permitted now, after an attempt to write what was accepted before.
    pub(crate) fn permitted(
        &mut self,
        write: impl FnMut(&[u8]) -> StreamResult<Option<usize>>,
    ) -> StreamResult<usize> {
        self.write_out(write)?;
        Ok(if self.bytes.is_empty() { ROOM } else { 0 })
    }

    /// Accepts what was permitted, and writes as much of it as can be without waiting.
    pub(crate) fn accept(
        &mut self,
        bytes: Bytes,
        write: impl FnMut(&[u8]) -> StreamResult<Option<usize>>,
    ) -> StreamResult<()> {
        if self.is_closed {
            return Err(StreamError::Closed);
        }
        if bytes.len() > if self.bytes.is_empty() { ROOM } else { 0 } {
            return Err(StreamError::trap("more was written than `check-write` permitted"));
        }
        self.bytes = bytes;
        self.write_out(write)
    }

    /// Writes as much as can be without waiting. The function returns how much it has written, or
    /// none if it would have to wait.
    pub(crate) fn write_out(
        &mut self,
        mut write: impl FnMut(&[u8]) -> StreamResult<Option<usize>>,
    ) -> StreamResult<()> {
        if self.is_closed {
            return Err(StreamError::Closed);
        }
        while !self.bytes.is_empty() {
            match write(&self.bytes) {
                Ok(Some(0)) => {
                    self.close();
                    return Err(Errno::Io.into());
                }
                Ok(Some(written)) => self.bytes.advance(written.min(self.bytes.len())),
                Ok(None) => break,
                Err(error) => {
                    self.close();
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target with room for some bytes at a time.
    fn target(
        mut room: usize,
        into: &mut Vec<u8>,
    ) -> impl FnMut(&[u8]) -> StreamResult<Option<usize>> {
        move |bytes| {
            let taken = bytes.len().min(room);
            room -= taken;
            into.extend_from_slice(&bytes[..taken]);
            Ok((taken > 0).then_some(taken))
        }
    }

    #[test]
    fn what_does_not_fit_is_written_later() {
        let (mut outgoing, mut written) = (Outgoing::default(), Vec::new());
        assert_eq!(outgoing.permitted(target(0, &mut written)).unwrap(), ROOM);
        outgoing.accept("abcdef".into(), target(2, &mut written)).unwrap();
        assert!(!outgoing.is_empty());
        assert_eq!(outgoing.permitted(target(3, &mut written)).unwrap(), 0);
        let more = outgoing.accept("g".into(), target(9, &mut written));
        assert!(matches!(more, Err(StreamError::Trap(_))));
        assert_eq!(outgoing.permitted(target(3, &mut written)).unwrap(), ROOM);
        assert_eq!(written, b"abcdef");
    }

    #[test]
    fn after_an_error_it_is_closed() {
        let mut outgoing = Outgoing::default();
        let broken = |_: &[u8]| Err(Errno::NoSpc.into());
        let error = outgoing.accept("a".into(), broken).unwrap_err();
        assert!(matches!(error, StreamError::LastOperationFailed(_)));
        assert!(matches!(outgoing.permitted(broken), Err(StreamError::Closed)));
    }
}
