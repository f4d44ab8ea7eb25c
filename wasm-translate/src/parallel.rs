//! The one place that knows whether there are several threads.

/// Functions together smaller than this many bytes of Wasm are not worth waking a second thread.
#[cfg(feature = "parallel")]
const WORTHWHILE: usize = 4 << 10;

/// Runs the work on up to `threads` threads at the same time (0 for as many as there are), with
/// this thread among them, but on no more than there are items. Each run takes items until there
/// are none left.
#[cfg(feature = "parallel")]
pub(crate) fn run(threads: usize, items: usize, bytes: usize, work: impl Fn() + Sync) {
    let available = rayon::current_num_threads();
    let threads = if threads == 0 { available } else { threads };
    let threads = threads.min(items).min(if bytes < WORTHWHILE { 1 } else { usize::MAX });
    if threads <= 1 {
        return work();
    }
    rayon::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| work());
        }
        work();
    });
}

/// Runs the work on this thread.
#[cfg(not(feature = "parallel"))]
pub(crate) fn run(_threads: usize, _items: usize, _bytes: usize, work: impl Fn() + Sync) {
    work();
}
