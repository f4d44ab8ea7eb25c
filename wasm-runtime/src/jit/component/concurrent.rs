//! Work on the modules of a component at the same time.
//!
//! The functions of a large module keep all threads busy but at its end, where they wait for the
//! last function. Small modules keep none busy. So several modules are compiled at the same time,
//! the largest first. The threads live as long as one compilation, as those of a module do.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_store::{CompileRequest, Result};

/// How many modules a request lets be compiled at the same time.
#[cfg(feature = "parallel")]
pub(super) fn workers(request: &CompileRequest) -> usize {
    match request.threads {
        _ if !request.parallel => 1,
        None | Some(0) => std::thread::available_parallelism().map_or(1, |number| number.get()),
        Some(threads) => threads,
    }
}

/// One.
#[cfg(not(feature = "parallel"))]
pub(super) fn workers(_request: &CompileRequest) -> usize {
    1
}

/// Works on items of these sizes, on up to so many threads with this one among them, and returns
/// the results in the order of the items. The first item that fails decides, whatever the threads
/// do.
///
/// If the system makes no further thread, those that there are do the work.
pub(super) fn run<R: Send>(
    workers: usize,
    sizes: &[usize],
    work: impl Fn(usize) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    if workers > 1 {
        order.sort_by_key(|item| std::cmp::Reverse(sizes[*item]));
    }
    let next = AtomicUsize::new(0);
    // Items behind one that has failed are not needed.
    let failed = AtomicUsize::new(usize::MAX);
    let results: Vec<Mutex<Option<Result<R>>>> = sizes.iter().map(|_| Mutex::new(None)).collect();
    let all = || {
        while let Some(&item) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            if item > failed.load(Ordering::Relaxed) {
                continue;
            }
            let result = work(item);
            if result.is_err() {
                failed.fetch_min(item, Ordering::Relaxed);
            }
            // Each has one writer, and is read when all are done.
            if let Ok(mut place) = results[item].lock() {
                *place = Some(result);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers.min(sizes.len()) {
            let thread = std::thread::Builder::new().name("wasm-compile".into());
            if thread.spawn_scoped(scope, all).is_err() {
                break;
            }
        }
        all();
    });
    // A missing result is behind one that has failed.
    results.into_iter().filter_map(|result| result.into_inner().ok().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;

    use wasm_store::bail;

    use super::*;

    #[test]
    fn results_are_in_order_whatever_the_threads() {
        for workers in [0, 1, 2, 3, 20] {
            let results = run(workers, &[1, 5, 3, 4, 2], |item| Ok(item * 10));
            assert_eq!(results.ok(), Some(vec![0, 10, 20, 30, 40]), "{workers}");
        }
        assert_eq!(run(3, &[], Ok).ok(), Some(vec![]));
    }

    #[test]
    fn the_first_that_fails_decides() {
        for workers in [1, 2, 5] {
            for _ in 0..20 {
                let error = run(workers, &[1, 2, 3, 9, 5, 6], |item| {
                    if item == 2 || item == 3 || item == 5 {
                        bail!("item {item}");
                    }
                    Ok(())
                });
                assert_eq!(error.unwrap_err().to_string(), "item 2");
            }
        }
    }

    #[test]
    fn items_are_worked_on_at_the_same_time() {
        let (seen, all_here) = (Mutex::new(HashSet::new()), Barrier::new(3));
        let result = run(3, &[1, 1, 1], |_| {
            all_here.wait();
            seen.lock().unwrap().insert(std::thread::current().id());
            Ok(())
        });
        assert!(result.is_ok());
        assert_eq!(seen.into_inner().unwrap().len(), 3);
    }
}
