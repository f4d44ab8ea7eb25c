//! Unused instances: each is had by one, and none is left when its module goes.

use std::ptr::NonNull;

use loom::thread;

use super::instance::VmInstance;
use super::module::VmModule;
use super::reuse::instances::{IdleInstance, IdleInstances, IdleLimits};
use super::sync::Arc;
use crate::model;

const LIMITS: IdleLimits =
    IdleLimits { instances: 2, stacks: 0, bytes: 1000, keep_resident: 0, time: None };

fn instance(number: usize) -> IdleInstance {
    let address = NonNull::<VmInstance>::without_provenance(number.try_into().expect("not 0"));
    // SAFETY: nobody looks behind the address.
    unsafe { IdleInstance::new(address) }
}

fn number(instance: IdleInstance) -> usize {
    instance.into_inner().addr().get()
}

pub(crate) fn models() {
    model("unused instances: taken and given back by two", || {
        let idle = Arc::new(IdleInstances::default());
        let module = Arc::new(VmModule);
        let put = |it| idle.put(instance(it), Arc::as_ptr(&module), 10, &LIMITS);
        assert!(put(1).is_empty() && put(2).is_empty());
        let one = {
            let (idle, module) = (Arc::clone(&idle), Arc::clone(&module));
            move || {
                let taken = idle.take(&module).map(number);
                // What is not kept is freed by who gave it back.
                let gone = match taken {
                    Some(it) => idle.put(instance(it), Arc::as_ptr(&module), 10, &LIMITS),
                    None => Vec::new(),
                };
                gone.into_iter().map(number).collect::<Vec<_>>()
            }
        };
        let other = thread::spawn(one.clone());
        let mut all = one();
        all.extend(other.join().expect("it does not panic"));
        all.extend(idle.of_module(Arc::as_ptr(&module)).into_iter().map(number));
        all.extend(idle.all().into_iter().map(number));
        all.sort_unstable();
        assert_eq!(all, [1, 2], "each is somewhere, once");
    });
    model("unused instances: one too many, and one wanted", || {
        let idle = Arc::new(IdleInstances::default());
        let module = Arc::new(VmModule);
        let put = |it| idle.put(instance(it), Arc::as_ptr(&module), 10, &LIMITS);
        assert!(put(1).is_empty() && put(2).is_empty());
        let other = thread::spawn({
            let (idle, module) = (Arc::clone(&idle), Arc::clone(&module));
            move || idle.take(&module).map(number)
        });
        let mut all: Vec<usize> = put(3).into_iter().map(number).collect();
        all.extend(other.join().expect("it does not panic"));
        all.extend(idle.oldest().map(number));
        all.extend(idle.all().into_iter().map(number));
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3], "each is somewhere, once");
    });
}
