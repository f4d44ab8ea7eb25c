//! Unused instances: only one store has each, and none is left when its module is dropped.

use std::ptr::NonNull;

use loom::thread;

use super::instance::VmInstance;
use super::module::VmModule;
use super::reuse::instances::{ReusableInstance, ReusableInstances, ReuseLimits};
use super::sync::Arc;
use crate::model;

const LIMITS: ReuseLimits =
    ReuseLimits { instances: 2, stacks: 0, bytes: 1000, keep_resident: 0, time: None };

fn instance(number: usize) -> ReusableInstance {
    let address = NonNull::<VmInstance>::without_provenance(number.try_into().expect("not 0"));
    // SAFETY: the address is never dereferenced.
    unsafe { ReusableInstance::new(address) }
}

fn number(instance: ReusableInstance) -> usize {
    instance.into_inner().addr().get()
}

pub(crate) fn models() {
    model("unused instances: taken and given back by two", || {
        let reusable = Arc::new(ReusableInstances::default());
        let module = Arc::new(VmModule);
        let put = |it| reusable.put(instance(it), Arc::as_ptr(&module), 10, &LIMITS);
        assert!(put(1).is_empty() && put(2).is_empty());
        let one = {
            let (reusable, module) = (Arc::clone(&reusable), Arc::clone(&module));
            move || {
                let taken = reusable.take(&module).map(number);
                // Whoever gives an instance back frees those that are not kept.
                let gone = match taken {
                    Some(it) => reusable.put(instance(it), Arc::as_ptr(&module), 10, &LIMITS),
                    None => Vec::new(),
                };
                gone.into_iter().map(number).collect::<Vec<_>>()
            }
        };
        let other = thread::spawn(one.clone());
        let mut all = one();
        all.extend(other.join().expect("it does not panic"));
        all.extend(reusable.of_module(Arc::as_ptr(&module)).into_iter().map(number));
        all.extend(reusable.all().into_iter().map(number));
        all.sort_unstable();
        assert_eq!(all, [1, 2], "each is somewhere, once");
    });
    model("unused instances: one too many, and one wanted", || {
        let reusable = Arc::new(ReusableInstances::default());
        let module = Arc::new(VmModule);
        let put = |it| reusable.put(instance(it), Arc::as_ptr(&module), 10, &LIMITS);
        assert!(put(1).is_empty() && put(2).is_empty());
        let other = thread::spawn({
            let (reusable, module) = (Arc::clone(&reusable), Arc::clone(&module));
            move || reusable.take(&module).map(number)
        });
        let mut all: Vec<usize> = put(3).into_iter().map(number).collect();
        all.extend(other.join().expect("it does not panic"));
        all.extend(reusable.oldest().map(number));
        all.extend(reusable.all().into_iter().map(number));
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3], "each is somewhere, once");
    });
}
