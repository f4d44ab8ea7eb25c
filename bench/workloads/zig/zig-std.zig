// Zig's standard library: sorting, searching, hashes, text of numbers.
const std = @import("std");

var bytes: [1 << 20]u8 = undefined;
var numbers: [1 << 16]u32 = undefined;
var digest: [32]u8 = undefined;

fn next(state: *u32) u32 {
    state.* = state.* *% 1664525 +% 1013904223;
    return state.* >> 8;
}

export fn output() [*]u8 {
    return &digest;
}

export fn sort(seed: u32) u32 {
    var state = seed;
    for (&numbers) |*number| number.* = next(&state);
    std.sort.pdq(u32, &numbers, {}, std.sort.asc(u32));
    for (numbers[0 .. numbers.len / 4]) |*number| number.* = next(&state);
    std.sort.block(u32, &numbers, {}, std.sort.asc(u32));
    var sum: u32 = 0;
    for (numbers, 0..) |number, at| sum +%= number *% @as(u32, @truncate(at));
    return sum;
}

export fn hash(seed: u32) u32 {
    var state = seed;
    for (&bytes) |*byte| byte.* = @truncate(next(&state));
    std.crypto.hash.sha3.Sha3_256.hash(bytes[0 .. bytes.len / 4], &digest, .{});
    std.crypto.hash.sha2.Sha256.hash(bytes[0 .. bytes.len / 4], bytes[0..32], .{});
    return @truncate(std.hash.Wyhash.hash(seed, &bytes));
}

export fn encode(seed: u32) u32 {
    var state = seed;
    const half = bytes[0 .. bytes.len / 4];
    for (half) |*byte| byte.* = @truncate(next(&state));
    const text = std.base64.standard.Encoder.encode(bytes[bytes.len / 2 ..], half);
    std.base64.standard.Decoder.decode(half, text) catch return 1;
    return std.hash.Crc32.hash(text) ^ std.hash.Adler32.hash(half);
}
