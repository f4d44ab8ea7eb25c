//! A line that shows the progress while a large module compiles.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use wasm_runtime::CraneliftCompiler;

use crate::source::Source;
use crate::units::size;

/// If compiling takes less than this, nothing is shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the line is drawn.
const STEP: Duration = Duration::from_millis(100);

/// Counts the functions that are done.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    done: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
}

impl Progress {
    /// A compiler that reports its progress here.
    pub(crate) fn compiler(&self) -> CraneliftCompiler {
        let Progress { done, all } = self.clone();
        CraneliftCompiler::new().progress(Arc::new(move |now, of| {
            // Threads report in any order.
            done.fetch_max(now, Ordering::Relaxed);
            all.store(of, Ordering::Relaxed);
        }))
    }

    /// Compiles a file. If that takes long and standard error is a terminal, a line there shows the
    /// progress, and is removed at the end. If the system refuses a thread for that, nothing is
    /// shown.
    pub(crate) fn during<R>(&self, file: &Source, bytes: usize, work: impl FnOnce() -> R) -> R {
        if !stderr().is_terminal() {
            return work();
        }
        // Another module may have been compiled before.
        self.done.store(0, Ordering::Relaxed);
        self.all.store(0, Ordering::Relaxed);
        thread::scope(|scope| {
            // Dropping the sender, also in a panic, ends the thread.
            let (done, wait) = mpsc::channel::<()>();
            let what = format!("{} ({})", file.name(), size(bytes as u64));
            let drawing = thread::Builder::new().name("progress".to_owned());
            let _ = drawing.spawn_scoped(scope, move || self.draw(&what, &wait));
            let result = work();
            drop(done);
            result
        })
    }

    fn draw(&self, what: &str, wait: &mpsc::Receiver<()>) {
        let start = Instant::now();
        let mut pause = PATIENCE;
        let mut drawn = false;
        while wait.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            pause = STEP;
            drawn = true;
            let done = self.done.load(Ordering::Relaxed);
            let all = self.all.load(Ordering::Relaxed);
            let seconds = start.elapsed().as_secs_f64();
            let line = match all {
                0 => format!("compiling {what}: {seconds:.1} s"),
                _ => format!("compiling {what}: {done} of {all} functions, {seconds:.1} s"),
            };
            // Nothing depends on this line: without the terminal, nobody reads it.
            let _ = write!(stderr(), "\r\x1b[2K{line}");
            let _ = stderr().flush();
        }
        if drawn {
            let _ = write!(stderr(), "\r\x1b[2K");
            let _ = stderr().flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn work_is_done_once() {
        let file = std::ffi::OsString::from("x").into();
        assert_eq!(Progress::default().during(&file, 1, || 1 + 1), 2);
    }
}
