//! What the tests share: engines that debug, a debugger that is a closure, and an executor.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use wasm_runtime::{
    AsContextMut, Config, DebugEvent, DebugHandler, Engine, Extern, FrameHandle, Func, Instance,
    Module, Result, Store, StoreContextMut, Val,
};

/// What a debugger has seen: the data of stores.
pub(crate) type Seen = Vec<String>;

/// An engine whose code can be debugged.
pub(crate) fn engine() -> Engine {
    engine_with(|_| {})
}

/// As above, with other settings.
pub(crate) fn engine_with(set: impl FnOnce(&mut Config)) -> Engine {
    let mut config = Config::new();
    config.guest_debug(true);
    set(&mut config);
    Engine::new(&config).unwrap()
}

/// A debugger that waits a few times and then calls a closure.
pub(crate) struct Debugger {
    waits: usize,
    act: Arc<Act>,
}

type Act = dyn Fn(&mut StoreContextMut<'_, Seen>, &DebugEvent<'_>) + Send + Sync;

impl Clone for Debugger {
    fn clone(&self) -> Self {
        Self { waits: self.waits, act: Arc::clone(&self.act) }
    }
}

/// A debugger that is ready at once.
pub(crate) fn debugger(
    act: impl Fn(&mut StoreContextMut<'_, Seen>, &DebugEvent<'_>) + Send + Sync + 'static,
) -> Debugger {
    Debugger { waits: 0, act: Arc::new(act) }
}

impl Debugger {
    /// As this one, after it has waited so many times.
    pub(crate) fn waiting(self, waits: usize) -> Self {
        Self { waits, ..self }
    }
}

impl DebugHandler for Debugger {
    type Data = Seen;

    async fn handle(&self, mut store: StoreContextMut<'_, Seen>, event: DebugEvent<'_>) {
        for _ in 0..self.waits {
            Once(false).await;
        }
        (self.act)(&mut store, &event);
    }
}

/// What a debugger does that waits.
type Waits<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Debugs a store by a closure for the first exception that it is told of. It is told of nothing
/// but exceptions, and leaves all others alone.
#[derive(Clone)]
pub(crate) struct First<F> {
    count: Arc<AtomicUsize>,
    act: F,
}

/// A debugger that does this for the first exception, and how many exceptions it is told of.
pub(crate) fn for_the_first_exception<F>(act: F) -> (First<F>, Arc<AtomicUsize>)
where
    F: for<'a> Fn(StoreContextMut<'a, Seen>) -> Waits<'a> + Clone + Send + Sync + 'static,
{
    let count = Arc::new(AtomicUsize::new(0));
    (First { count: Arc::clone(&count), act }, count)
}

impl<F> DebugHandler for First<F>
where
    F: for<'a> Fn(StoreContextMut<'a, Seen>) -> Waits<'a> + Clone + Send + Sync + 'static,
{
    type Data = Seen;

    async fn handle(&self, store: StoreContextMut<'_, Seen>, event: DebugEvent<'_>) {
        assert!(matches!(event, DebugEvent::Exception(_)));
        if self.count.fetch_add(1, Ordering::Relaxed) == 0 {
            (self.act)(store).await;
        }
    }
}

/// Is pending once.
pub(crate) struct Once(pub(crate) bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls a future until it is ready.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
}

/// Polls a future.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A store with an instance of a module, which imports these functions.
pub(crate) fn start(
    engine: &Engine,
    wat: &str,
    imports: impl FnOnce(&mut Store<Seen>) -> Vec<Func>,
) -> (Store<Seen>, Module, Instance) {
    let module = Module::new(engine, wat).unwrap();
    let mut store = Store::new(engine, Seen::new());
    let imports: Vec<Extern> = imports(&mut store).into_iter().map(Extern::from).collect();
    let instance = block_on(Instance::new_async(&mut store, &module, &imports)).unwrap();
    (store, module, instance)
}

/// Calls a function with up to one result.
pub(crate) fn call(
    store: &mut Store<Seen>,
    instance: Instance,
    name: &str,
    args: &[Val],
) -> Result<Option<Val>> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    block_on(func.call_async(store, args, &mut results))?;
    Ok(results.first().copied())
}

/// The innermost frame.
pub(crate) fn innermost(mut store: impl AsContextMut) -> FrameHandle {
    store.as_context_mut().debug_exit_frames().next().expect("there is a frame")
}

/// A frame in words: function, place, locals and operands.
pub(crate) fn describe(mut store: impl AsContextMut, frame: &FrameHandle) -> String {
    let (func, pc) = frame.wasm_function_index_and_pc(&mut store).unwrap().unwrap();
    let locals = frame.num_locals(&mut store).unwrap();
    let locals = (0..locals).map(|n| word(&frame.local(&mut store, n).unwrap()));
    let locals: Vec<_> = locals.collect();
    let operands = frame.num_stacks(&mut store).unwrap();
    let operands = (0..operands).map(|n| word(&frame.stack(&mut store, n).unwrap()));
    let operands: Vec<_> = operands.collect();
    format!("{} at {pc}: [{}] [{}]", func.as_u32(), locals.join(" "), operands.join(" "))
}

/// A value in a word.
pub(crate) fn word(value: &Val) -> String {
    match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => format!("{value}L"),
        Val::F32(bits) => format!("{}f", f32::from_bits(*bits)),
        Val::F64(bits) => format!("{}d", f64::from_bits(*bits)),
        Val::V128(value) => format!("{:x}v", value.as_u128()),
        other if other.ref_().is_some_and(|reference| reference.is_null()) => "null".into(),
        Val::FuncRef(_) => "func".into(),
        Val::ExternRef(_) => "extern".into(),
        Val::AnyRef(_) => "any".into(),
        Val::ExnRef(_) => "exn".into(),
        Val::ContRef(_) => "cont".into(),
    }
}
