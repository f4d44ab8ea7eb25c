use super::*;
use crate::{Func, Global, GlobalType, Mutability, Store, ValType};

#[test]
fn names_are_defined_once_unless_shadowing_is_allowed() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("a", "b", || 1).unwrap();
    let error = linker.func_wrap("a", "b", || 2).unwrap_err();
    assert_eq!(error.to_string(), "import of `a::b` defined twice");
    linker.allow_shadowing(true);
    linker.func_wrap("a", "b", || 2).unwrap();
    let mut store = Store::new(&engine, ());
    let func = linker.get(&mut store, "a", "b").unwrap().into_func().unwrap();
    assert_eq!(func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 2);
}

#[test]
fn aliases_stand_for_the_same_items() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("env", "one", || 1).unwrap();
    linker.func_wrap("env", "two", || 2).unwrap();
    linker.alias("env", "one", "other", "uno").unwrap();
    linker.alias_module("env", "copy").unwrap();
    let mut store = Store::new(&engine, ());
    let names: Vec<_> = linker.iter(&mut store).map(|(m, n, _)| format!("{m}.{n}")).collect();
    assert_eq!(names, ["copy.one", "copy.two", "env.one", "env.two", "other.uno"]);
    let error = linker.alias("env", "tow", "x", "y").unwrap_err();
    assert!(error.to_string().contains("did you mean `env::two`"), "{error}");
}

#[test]
fn items_of_another_store_are_not_found() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    let mut one = Store::new(&engine, ());
    let ty = GlobalType::new(ValType::I32, Mutability::Const);
    let global = Global::new(&mut one, ty, Val::I32(1)).unwrap();
    linker.define(&one, "", "global", global).unwrap();
    linker.get(&mut one, "", "global").unwrap();
    let mut other = Store::new(&engine, ());
    let error = linker.get(&mut other, "", "global").unwrap_err();
    assert!(error.to_string().contains("the wrong store"), "{error}");
    let error = linker.get(&mut other, "", "globel").unwrap_err();
    let text = "missing definition for `::globel`: did you mean `::global`?";
    assert_eq!(error.to_string(), text);
    assert_eq!(linker.iter(&mut other).count(), 0);
}

#[test]
fn the_default_of_nothing_does_nothing() {
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    let mut store = Store::new(&engine, 0);
    let func = linker.get_default(&mut store, "app").unwrap();
    func.call(&mut store, &[], &mut []).unwrap();
    linker.func_wrap("app", "", |mut caller: Caller<'_, u32>| *caller.data_mut() += 1).unwrap();
    let func: Func = linker.get_default(&mut store, "app").unwrap();
    func.call(&mut store, &[], &mut []).unwrap();
    assert_eq!(*store.data(), 1);
}

#[test]
fn names_are_found_whatever_was_found_before() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    for (module, name) in [("a", "x"), ("a", "y"), ("b", "x")] {
        linker.func_wrap(module, name, || ()).unwrap();
    }
    let mut search = linker.names.search();
    let all = ["a", "b", "c"].map(|module| ["x", "y"].map(|name| (module, name)));
    for &(module, name) in all.iter().chain(all.iter().rev()).flatten() {
        let (found, expected) = (search.get(module, name), linker.names.get(module, name));
        assert_eq!(found.is_some(), [("a", "x"), ("a", "y"), ("b", "x")].contains(&(module, name)));
        assert!(match (found, expected) {
            (Some(found), Some(expected)) => std::ptr::eq(found, expected),
            (found, expected) => found.is_none() && expected.is_none(),
        });
    }
}
