//! Handles of frames: how long they are valid, and how they are found in deep stacks.

use std::pin::pin;
use std::sync::{Arc, Mutex};

use wasm_runtime::{
    AsContextMut, Caller, Error, ExnRef, ExnRefPre, ExnType, FrameHandle, Func, Store, Tag,
    UpdateDeadline, Val, ValType,
};

use super::session::{Once, Seen, call, engine, engine_with, innermost, poll_once, start};

/// The handle that was made last.
#[derive(Clone, Default)]
struct Last(Arc<Mutex<Option<FrameHandle>>>);

impl Last {
    /// Makes a handle of the innermost frame, and sees to it that the one before is not valid.
    fn next(&self, mut store: impl AsContextMut<Data = Seen>) {
        let frame = innermost(&mut store);
        assert!(frame.is_valid(&mut store));
        if let Some(last) = self.0.lock().unwrap().replace(frame) {
            assert!(!last.is_valid(&mut store));
            let error = last.local(&mut store, 0).unwrap_err();
            assert!(error.to_string().contains("not valid any more"), "{error}");
        }
        store.as_context_mut().data_mut().push("made".to_owned());
    }
}

#[test]
fn handles_end_when_the_code_goes_on() {
    let last = Last::default();
    let wat = r#"(module
        (import "" "look" (func $look))
        (func (export "run") (param i32)
            loop
                call $look
                (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
            end))"#;
    let kept = last.clone();
    let (mut store, _, instance) = start(&engine(), wat, |store| {
        vec![Func::wrap(store, move |caller: Caller<'_, Seen>| kept.next(caller))]
    });
    call(&mut store, instance, "run", &[Val::I32(3)]).unwrap();
    let frame = last.0.lock().unwrap().take().unwrap();
    assert!(!frame.is_valid(&mut store));
    assert!(frame.parent(&mut store).is_err() && frame.num_stacks(&mut store).is_err());
    assert!(frame.module(&mut store).is_err() && frame.instance(&mut store).is_err());
}

#[test]
fn handles_end_where_code_goes_on_at_a_handler() {
    let wat = r#"(module
        (import "" "look" (func $look))
        (func (export "run") (param i32)
            loop
                block
                    (try_table (catch_all 0) call $look)
                end
                (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
            end))"#;
    let last = Last::default();
    let (mut store, _, instance) = start(&engine(), wat, |store| {
        let ty = ExnType::new(store.engine(), [ValType::I32]).unwrap();
        let tag = Tag::new(&mut *store, &ty.tag_type()).unwrap();
        vec![Func::wrap(store, move |mut caller: Caller<'_, Seen>| {
            last.next(&mut caller);
            let allocator = ExnRefPre::new(&mut caller, ty.clone());
            let exception = ExnRef::new(&mut caller, &allocator, &tag, &[Val::I32(1)])?;
            caller.as_context_mut().throw::<()>(exception)
        })]
    });
    call(&mut store, instance, "run", &[Val::I32(3)]).unwrap();
    assert_eq!(store.data().len(), 3);
}

const LOOKS: &str = r#"(module
    (import "" "look" (func $look)) (func (export "run") (param i32) call $look))"#;

#[test]
fn handles_end_with_calls_that_fail() {
    let last = Last::default();
    let (mut store, _, instance) = start(&engine(), LOOKS, |store| {
        vec![Func::wrap(store, move |caller: Caller<'_, Seen>| {
            last.next(caller);
            Err::<(), _>(Error::msg("enough"))
        })]
    });
    for _ in 0..3 {
        call(&mut store, instance, "run", &[Val::I32(3)]).unwrap_err();
    }
    assert_eq!(store.data().len(), 3);
}

#[test]
fn handles_end_with_calls_that_are_dropped_or_forgotten() {
    let last = Last::default();
    let (mut store, _, instance) = start(&engine(), LOOKS, |store| {
        vec![Func::wrap_async(store, move |mut caller: Caller<'_, Seen>, ()| {
            let last = last.clone();
            Box::new(async move {
                last.next(&mut caller);
                let frame = innermost(&mut caller);
                Once(false).await;
                assert!(frame.is_valid(&mut caller), "it is valid as long as the function waits");
                *last.0.lock().unwrap() = Some(innermost(&mut caller));
                Once(false).await;
            })
        })]
    });
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
    for polls in [1, 2, 1, 2] {
        let mut future = pin!(run.call_async(&mut store, 3));
        for _ in 0..polls {
            assert!(poll_once(future.as_mut()).is_pending());
        }
    }
    for polls in [1, 2, 1, 2] {
        let mut future = Box::pin(run.call_async(&mut store, 3));
        for _ in 0..polls {
            assert!(poll_once(future.as_mut()).is_pending());
        }
        std::mem::forget(future);
    }
    assert_eq!(store.data().len(), 8);
}

#[test]
fn handles_end_when_a_deadline_is_put_off() {
    let wat = r#"(module (func (export "run") (param i32)
        loop
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
        end))"#;
    let engine = engine_with(|config| _ = config.epoch_interruption(true));
    let (mut store, _, instance) = start(&engine, wat, |_| vec![]);
    let last = Last::default();
    store.epoch_deadline_callback(move |mut store| {
        last.next(&mut store);
        Ok(UpdateDeadline::Continue(0))
    });
    store.set_epoch_deadline(0);
    call(&mut store, instance, "run", &[Val::I32(5)]).unwrap();
    assert!(store.data().len() > 2);
}

#[test]
fn deep_stacks_are_looked_at_once() {
    let wat = r#"(module
        (import "" "look" (func $look))
        (func $run (export "run") (param i32)
            local.get 0
            if (call $run (i32.sub (local.get 0) (i32.const 1))) else call $look end))"#;
    const DEPTH: i32 = 20_000;
    let engine = engine_with(|config| _ = config.max_wasm_stack(64 << 20));
    let (mut store, _, instance) = start(&engine, wat, |store: &mut Store<Seen>| {
        vec![Func::wrap(store, |mut caller: Caller<'_, Seen>| {
            let mut frame = Some(innermost(&mut caller));
            let mut expected = 0;
            while let Some(this) = frame {
                let local = this.local(&mut caller, 0).unwrap();
                assert_eq!(local.unwrap_i32(), expected);
                expected += 1;
                frame = this.parent(&mut caller).unwrap();
            }
            assert_eq!(expected, DEPTH + 1);
        })]
    });
    call(&mut store, instance, "run", &[Val::I32(DEPTH)]).unwrap();
}
