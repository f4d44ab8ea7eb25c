//! Numbers as debugging information has them.

/// Adds a number without a sign, in as few bytes as it takes (LEB128).
pub(super) fn unsigned(into: &mut Vec<u8>, mut value: u64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if value == 0 {
            into.push(byte);
            return;
        }
        into.push(byte | 0x80);
    }
}

/// As [`unsigned`], with a sign.
pub(super) fn signed(into: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            into.push(byte);
            return;
        }
        into.push(byte | 0x80);
    }
}
