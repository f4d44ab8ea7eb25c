//! Threads by Zig's standard library, which import `wasi.thread-spawn`: they count together under a
//! lock of their own, and the first one waits for all. A second argument makes one of them end the
//! program, or trap.

const std = @import("std");
const wasi = std.os.wasi;

pub const panic = std.debug.no_panic;

const workers = 4;
const rounds = 10_000;

/// The stacks of the threads: the allocators of the standard library are for one thread.
var room: [1 << 19]u8 = undefined;
var total = std.atomic.Value(u32).init(0);
var lock = std.atomic.Value(u32).init(0);
var plain: u64 = 0;
/// A thread that ends before the one that has started it knows its number is waited for without
/// end, by Zig 0.17. So the threads wait until all numbers are known.
var all_started = std.atomic.Value(u32).init(0);

fn count(number: u32) void {
    while (all_started.load(.acquire) == 0) std.atomic.spinLoopHint();
    for (0..rounds) |_| {
        _ = total.fetchAdd(1, .monotonic);
        while (lock.swap(1, .acquire) != 0) std.atomic.spinLoopHint();
        plain += number;
        lock.store(0, .release);
    }
}

fn end(how: u8) void {
    if (how == 't') @trap();
    wasi.proc_exit(7);
}

fn spin() void {
    while (total.load(.monotonic) != 1) std.atomic.spinLoopHint();
}

fn say(text: []const u8) void {
    var written: usize = 0;
    _ = wasi.fd_write(1, &[_]wasi.ciovec_t{.{ .base = text.ptr, .len = text.len }}, 1, &written);
}

pub fn main() void {
    var buffer = std.heap.FixedBufferAllocator.init(&room);
    const config = std.Thread.SpawnConfig{ .allocator = buffer.allocator(), .stack_size = 32 * 1024 };
    var argc: usize = 0;
    var size: usize = 0;
    _ = wasi.args_sizes_get(&argc, &size);
    if (argc > 1) {
        var argv: [8][*:0]u8 = undefined;
        var text: [256]u8 = undefined;
        if (argc > argv.len or size > text.len) @trap();
        _ = wasi.args_get(&argv, &text);
        _ = std.Thread.spawn(config, spin, .{}) catch @trap();
        const thread = std.Thread.spawn(config, end, .{argv[1][0]}) catch @trap();
        thread.join();
        spin();
    }
    var threads: [workers]std.Thread = undefined;
    for (&threads, 1..) |*thread, number| {
        thread.* = std.Thread.spawn(config, count, .{@as(u32, @intCast(number))}) catch @trap();
    }
    all_started.store(1, .release);
    for (threads) |thread| thread.join();
    var line: [64]u8 = undefined;
    const sums = .{ total.load(.monotonic), plain };
    say(std.fmt.bufPrint(&line, "{} {}\n", sums) catch @trap());
}
