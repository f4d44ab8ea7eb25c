//! Writing to the end of a file.

use crate::abi::Errno;
use rustix::io::retry_on_intr;
use std::io::IoSlice;

/// Writes to the end of a file. If `moves`, the file's position is there afterwards; otherwise it
/// stays.
pub(crate) fn append(
    file: &cap_std::fs::File,
    slices: &[IoSlice<'_>],
    moves: bool,
) -> Result<usize, Errno> {
    use rustix::fs::{SeekFrom, seek, tell};
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // The offset -1 stands for the file's position, which this moves to the end.
        let offset = if moves { u64::MAX } else { 0 };
        let flags = rustix::io::ReadWriteFlags::APPEND;
        match retry_on_intr(|| rustix::io::pwritev2(file, slices, offset, flags)) {
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            result => return Ok(result?),
        }
    }
    let position = tell(file)?;
    seek(file, SeekFrom::End(0))?;
    let written = retry_on_intr(|| rustix::io::writev(file, slices));
    if !moves {
        seek(file, SeekFrom::Start(position))?;
    }
    Ok(written?)
}
