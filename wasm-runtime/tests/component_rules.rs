//! Rules of components that only a host can test: re-entrance, resources in its hands, functions
//! that wait, compatible names.

use std::sync::{Arc, Mutex};

use wasm_runtime::component::{
    Component, ComponentStoreExt, Func, Linker, NumberList, Resource, ResourceAny, ResourceType,
    Type, Val, types::ComponentItem,
};
use wasm_runtime::{AsContextMut, Engine, Result, Store, Trap};

/// Calls a host function, and has one that does nothing.
const CALLS_HOST: &str = r#"(component
    (import "host" (func $host))
    (core func $host (canon lower (func $host)))
    (core module $m
        (import "" "host" (func $host))
        (func (export "call") (call $host))
        (func (export "nothing")))
    (core instance $i (instantiate $m (with "" (instance (export "host" (func $host))))))
    (func (export "call") (canon lift (core func $i "call")))
    (func (export "nothing") (canon lift (core func $i "nothing"))))"#;

/// What a host function calls.
type Called = Arc<Mutex<Option<Func>>>;

/// A linker whose function `host` calls what is set.
fn calling(engine: &Engine) -> Result<(Linker<()>, Called)> {
    let called = Called::default();
    let mut linker = Linker::new(engine);
    linker.root().func_new("host", {
        let called = Arc::clone(&called);
        move |store, _, _, _| {
            let func = *called.lock().unwrap();
            func.map_or(Ok(()), |func| func.call(store, &[], &mut []))
        }
    })?;
    Ok((linker, called))
}

#[test]
fn an_instance_is_not_entered_again() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, CALLS_HOST)?;
    let (linker, called) = calling(&engine)?;
    let pre = linker.instantiate_pre(&component)?;
    let mut store = Store::new(&engine, ());
    let (one, other) = (pre.instantiate(&mut store)?, pre.instantiate(&mut store)?);
    let call = one.get_func(&mut store, "call").unwrap();
    let nothing = one.get_func(&mut store, "nothing").unwrap();
    let elsewhere = other.get_func(&mut store, "nothing").unwrap();

    // Another instance of the same component is another one.
    *called.lock().unwrap() = Some(elsewhere);
    call.call(&mut store, &[], &mut [])?;

    *called.lock().unwrap() = Some(nothing);
    let error = call.call(&mut store, &[], &mut []).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::CannotEnterComponent), "{error:?}");
    // It was a trap in the instance, which is of no use any more. The other one is.
    let error = nothing.call(&mut store, &[], &mut []).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::CannotEnterComponent));
    elsewhere.call(&mut store, &[], &mut [])
}

#[test]
fn functions_of_another_store_are_noticed() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, CALLS_HOST)?;
    let (linker, _) = calling(&engine)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let nothing = instance.get_func(&mut store, "nothing").unwrap();
    let mut other = Store::new(&engine, ());
    linker.instantiate(&mut other, &component)?;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = nothing.call(&mut other, &[], &mut []);
    }));
    assert!(panicked.is_err());
    nothing.call(&mut store, &[], &mut [])
}

/// Defines a resource, counts destructors, and lends to nobody.
const DEFINES: &str = r#"(component
    (core module $d
        (global $last (mut i32) (i32.const 0))
        (func (export "dtor") (param i32)
            (if (i32.eq (local.get 0) (i32.const 13)) (then unreachable))
            (global.set $last (local.get 0)))
        (func (export "last") (result i32) (global.get $last)))
    (core instance $d (instantiate $d))
    (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
    (export $r "r" (type $r'))
    (core func $new (canon resource.new $r))
    (core func $rep (canon resource.rep $r))
    (core func $drop (canon resource.drop $r))
    (core module $m
        (import "" "new" (func $new (param i32) (result i32)))
        (import "" "rep" (func $rep (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
        (func (export "take") (param i32) (result i32)
            (local $rep i32)
            (local.set $rep (call $rep (local.get 0)))
            (call $drop (local.get 0))
            (local.get $rep))
        (func (export "look") (param i32) (result i32) (local.get 0)))
    (core instance $i (instantiate $m (with "" (instance
        (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
    (func (export "make") (param "x" u32) (result (own $r)) (canon lift (core func $i "make")))
    (func (export "take") (param "x" (own $r)) (result u32) (canon lift (core func $i "take")))
    (func (export "look") (param "x" (borrow $r)) (result u32) (canon lift (core func $i "look")))
    (func (export "last") (result u32) (canon lift (core func $d "last"))))"#;

fn one(func: Func, mut store: impl AsContextMut, params: &[Val]) -> Result<Val> {
    let mut results = [Val::Bool(false)];
    func.call(store.as_context_mut(), params, &mut results)?;
    let [result] = results;
    Ok(result)
}

fn resource(val: Val) -> ResourceAny {
    match val {
        Val::Resource(resource) => resource,
        other => panic!("{other:?} is no resource"),
    }
}

#[test]
fn resources_of_guests_in_the_hands_of_the_host() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, DEFINES)?;
    let linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let other = linker.instantiate(&mut store, &component)?;
    let func = |store: &mut Store<()>, name: &str| instance.get_func(store, name).unwrap();
    let (make, take) = (func(&mut store, "make"), func(&mut store, "take"));
    let (look, last) = (func(&mut store, "look"), func(&mut store, "last"));

    let ty = instance.get_resource(&mut store, "r").unwrap();
    assert_ne!(Some(ty), other.get_resource(&mut store, "r"));
    let made = resource(one(make, &mut store, &[Val::U32(7)])?);
    assert!(made.owned());
    assert_eq!(made.ty(), ty);
    // Who has defined it gets what it is.
    assert_eq!(one(look, &mut store, &[Val::Resource(made)])?, Val::U32(7));
    assert_eq!(one(look, &mut store, &[Val::Resource(made)])?, Val::U32(7));
    made.resource_drop(&mut store)?;
    assert_eq!(one(last, &mut store, &[])?, Val::U32(7));
    let error = made.resource_drop(&mut store).unwrap_err().to_string();
    assert!(error.contains("unknown handle index") || error.contains("de-allocated"), "{error}");
    let second = resource(one(make, &mut store, &[Val::U32(8)])?);
    let error = made.resource_drop(&mut store).unwrap_err().to_string();
    assert!(error.starts_with("host-owned resource was already de-allocated"), "{error}");
    assert_eq!(one(take, &mut store, &[Val::Resource(second)])?, Val::U32(8));
    assert!(one(take, &mut store, &[Val::Resource(second)]).is_err());

    // A type of another instance is another one.
    let third = resource(one(make, &mut store, &[Val::U32(9)])?);
    let foreign = other.get_func(&mut store, "look").unwrap();
    let error = one(foreign, &mut store, &[Val::Resource(third)]).unwrap_err();
    assert_eq!(error.to_string(), "mismatched resource types");
    assert!(third.try_into_resource::<u8>(&mut store).is_err());

    // A destructor that traps is a trap of its instance.
    let unlucky = resource(one(make, &mut store, &[Val::U32(13)])?);
    assert!(unlucky.resource_drop(&mut store).is_err());
    let error = one(last, &mut store, &[]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::CannotEnterComponent));
    let error = third.resource_drop(&mut store).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::CannotEnterComponent));
    Ok(())
}

/// Passes a resource of the host on.
const PASSES: &str = r#"(component
    (import "file" (type $file (sub resource)))
    (import "size" (func $size (param "x" (borrow $file)) (result u32)))
    (core func $size (canon lower (func $size)))
    (core func $drop (canon resource.drop $file))
    (core module $m
        (import "" "size" (func $size (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "sum") (param i32 i32) (result i32)
            (local $sum i32)
            (local.set $sum (i32.add (call $size (local.get 0)) (call $size (local.get 1))))
            (call $drop (local.get 1))
            (call $drop (local.get 0))
            (local.get $sum))
        (func (export "keep") (param i32)))
    (core instance $i (instantiate $m (with "" (instance
        (export "size" (func $size)) (export "drop" (func $drop))))))
    (func (export "sum") (param "a" (borrow $file)) (param "b" (own $file)) (result u32)
        (canon lift (core func $i "sum")))
    (func (export "keep") (param "a" (borrow $file)) (canon lift (core func $i "keep"))))"#;

struct File;

#[test]
fn resources_of_the_host_in_the_hands_of_guests() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, PASSES)?;
    let mut linker = Linker::<Vec<u32>>::new(&engine);
    let mut root = linker.root();
    root.resource("file", ResourceType::host::<File>(), |mut store, rep| {
        store.data_mut().push(rep);
        Ok(())
    })?;
    root.func_new("size", |store, _, params, results| {
        let [Val::Resource(file)] = params else { panic!("{params:?}") };
        let file = file.try_into_resource::<File>(store)?;
        assert!(!file.owned());
        results[0] = Val::U32(10 * file.rep());
        Ok(())
    })?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &component)?;
    let sum = instance.get_func(&mut store, "sum").unwrap();
    let any = |store: &mut Store<Vec<u32>>, rep| {
        Resource::<File>::new_own(rep).try_into_resource_any(store)
    };
    let (a, b) = (any(&mut store, 1)?, any(&mut store, 2)?);
    assert_eq!(one(sum, &mut store, &[Val::Resource(a), Val::Resource(b)])?, Val::U32(30));
    // The guest has dropped what it owned.
    assert_eq!(store.data(), &[2]);
    assert!(one(sum, &mut store, &[Val::Resource(a), Val::Resource(b)]).is_err());
    // What was lent is back.
    a.resource_drop(&mut store)?;

    let c = any(&mut store, 3)?;
    let keep = instance.get_func(&mut store, "keep").unwrap();
    let error = keep.call(&mut store, &[Val::Resource(c)], &mut []).unwrap_err();
    assert_eq!(error.to_string(), "borrow handles still remain at the end of the call");
    // It is lent no longer.
    c.resource_drop(&mut store)
}

const LISTS: &str = r#"(component
    (core module $m
        (memory (export "memory") 2)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "echo") (param i32 i32) (result i32)
            (i32.store (i32.const 16) (local.get 0))
            (i32.store (i32.const 20) (local.get 1))
            (i32.const 16)))
    (core instance $i (instantiate $m))
    (func (export "echo") (param "x" (list u32)) (result (list u32))
        (canon lift (core func $i "echo")
            (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;

#[test]
fn lists_of_numbers_are_one_value() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, LISTS)?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let echo = instance.get_func(&mut store, "echo").unwrap();
    let numbers: Vec<u32> = (0..1000).collect();
    let list = Val::NumberList(numbers.into());
    let result = one(echo, &mut store, std::slice::from_ref(&list))?;
    assert!(matches!(result, Val::List(_)));
    assert_eq!(result, list);
    store.set_number_lists(true);
    let result = one(echo, &mut store, &[result])?;
    assert!(matches!(result, Val::NumberList(NumberList::U32(_))));
    assert_eq!(result, list);
    let wrong = Val::NumberList(vec![1_u8].into());
    let error = one(echo, &mut store, &[wrong]).unwrap_err();
    assert_eq!(error.to_string(), "type mismatch: expected u32, found u8");
    // What a call may copy is the host's to say.
    store.set_hostcall_fuel(100);
    assert!(one(echo, &mut store, &[list]).is_err());
    Ok(())
}

/// Imports and exports with versions.
const VERSIONS: &str = r#"(component
    (import "a:b/c@0.2.3" (instance $c (export "f" (func (result u32)))))
    (core func $f (canon lower (func $c "f")))
    (core module $m
        (import "" "f" (func $f (result i32)))
        (func (export "g") (result i32) (i32.add (call $f) (i32.const 1))))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func $g (result u32) (canon lift (core func $i "g")))
    (instance $d (export "g" (func $g)))
    (export "a:b/d@1.2.3" (instance $d)))"#;

#[test]
fn compatible_versions_match() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, VERSIONS)?;
    let seven = |linker: &mut Linker<()>, name: &str| {
        linker.instance(name)?.func_new("f", |_, _, _, results| {
            results[0] = Val::U32(7);
            Ok(())
        })
    };
    let mut store = Store::new(&engine, ());
    for name in ["a:b/c@0.3.0", "a:b/c", "a:b/c@1.2.3"] {
        let mut linker = Linker::new(&engine);
        seven(&mut linker, name)?;
        let error = linker.instantiate(&mut store, &component).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("component imports instance `a:b/c@0.2.3`"), "{error}");
        assert!(error.contains("instance export `f` has the wrong type"), "{error}");
        assert!(error.contains("function implementation is missing"), "{error}");
    }
    let mut linker = Linker::new(&engine);
    seven(&mut linker, "a:b/c@0.2.12")?;
    let instance = linker.instantiate(&mut store, &component)?;
    for name in ["a:b/d@1.2.3", "a:b/d@1.9.0", "a:b/d@1.0.0"] {
        let d = instance.get_export_index(&mut store, None, name).unwrap();
        let g = instance.get_export_index(&mut store, Some(&d), "g").unwrap();
        let g = instance.get_func(&mut store, g).unwrap();
        assert_eq!(one(g, &mut store, &[])?, Val::U32(8));
    }
    assert!(instance.get_export_index(&mut store, None, "a:b/d@2.0.0").is_none());

    // What is defined for a compatible version is not unknown.
    linker.define_unknown_imports_as_traps(&component)?;
    let instance = linker.instantiate(&mut store, &component)?;
    let d = instance.get_export_index(&mut store, None, "a:b/d@1.2.3").unwrap();
    let g = instance.get_export_index(&mut store, Some(&d), "g").unwrap();
    let g = instance.get_func(&mut store, g).unwrap();
    assert_eq!(one(g, &mut store, &[])?, Val::U32(8));

    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let instance = linker.instantiate(&mut store, &component)?;
    let d = instance.get_export_index(&mut store, None, "a:b/d@1.2.3").unwrap();
    let g = instance.get_export_index(&mut store, Some(&d), "g").unwrap();
    let g = instance.get_func(&mut store, g).unwrap();
    let error = format!("{:#}", one(g, &mut store, &[]).unwrap_err());
    assert!(error.contains("unknown import: `a:b/c@0.2.3#f` has not been defined"), "{error}");
    Ok(())
}

#[test]
fn types_are_shown_and_compared() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, DEFINES)?;
    let ty = component.component_type();
    let names: Vec<_> = ty.exports(&engine).map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["r", "make", "take", "look", "last"]);
    let Some(ComponentItem::ComponentFunc(make)) = ty.get_export(&engine, "make").map(|e| e.ty)
    else {
        panic!("`make` is a function")
    };
    assert_eq!(make.params().collect::<Vec<_>>(), [("x", Type::U32)]);
    assert!(matches!(make.results().next(), Some(Type::Own(_))));

    // Types of two components are compared by their parts.
    let records = |fields: &str| -> Result<Type> {
        let text = format!(
            r#"(component
                (type $t' (record {fields}))
                (import "t" (type $t (eq $t')))
                (import "f" (func (param "x" (list $t)))))"#
        );
        let component = Component::new(&engine, text)?;
        match component.component_type().get_import(&engine, "f").map(|import| import.ty) {
            Some(ComponentItem::ComponentFunc(func)) => Ok(func.params().next().unwrap().1),
            other => panic!("{other:?} is no function"),
        }
    };
    let one = records(r#"(field "a" u8) (field "b" string)"#)?;
    assert_eq!(one, records(r#"(field "a" u8) (field "b" string)"#)?);
    assert_ne!(one, records(r#"(field "a" u8) (field "c" string)"#)?);
    assert_ne!(one, records(r#"(field "a" u8)"#)?);
    Ok(())
}

/// Returns whatever bytes the host gives, as values of several types.
const HOSTILE: &str = r#"(component
    (core module $m
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "fill") (param i32 i32)
            (memory.copy (i32.const 0) (local.get 0) (local.get 1)))
        (func (export "at") (param i32) (result i32) (local.get 0)))
    (core instance $i (instantiate $m))
    (alias core export $i "memory" (core memory $memory))
    (type $e' (enum "a" "b" "c"))
    (export $e "e" (type $e'))
    (type $f' (flags "a" "b" "c" "d" "e" "f" "g" "h" "i"))
    (export $f "f" (type $f'))
    (type $v' (variant (case "a") (case "b" (list string)) (case "c" (option char)) (case "d" $e)))
    (export $v "v" (type $v'))
    (type $r' (record (field "v" $v) (field "l" (list (tuple u8 u64 $f))) (field "s" string)
        (field "n" (result (list u16) (error $v))) (field "b" bool)))
    (export $r "r" (type $r'))
    (func (export "fill") (param "x" (list u8)) (canon lift (core func $i "fill")
        (memory $memory) (realloc (core func $i "realloc"))))
    (func (export "utf8") (param "p" u32) (result $r)
        (canon lift (core func $i "at") (memory $memory)))
    (func (export "utf16") (param "p" u32) (result (list $r))
        (canon lift (core func $i "at") string-encoding=utf16 (memory $memory)))
    (func (export "latin1") (param "p" u32) (result (tuple $r $r))
        (canon lift (core func $i "at") string-encoding=latin1+utf16 (memory $memory))))"#;

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Whatever lies in a guest's memory, what it returns is a value or an error.
    #[test]
    fn hostile_memories_are_values_or_errors(
        bytes in proptest::collection::vec(
            proptest::prop_oneof![0_u8..4, proptest::prelude::any::<u8>()], 0..120),
        place in proptest::prop_oneof![0_u32..64, 65500_u32..65600, proptest::prelude::any::<u32>()],
        number_lists in proptest::prelude::any::<bool>(),
    ) {
        hostile(bytes, place, number_lists).unwrap();
    }
}

fn hostile(bytes: Vec<u8>, place: u32, number_lists: bool) -> Result<()> {
    static MADE: std::sync::OnceLock<Component> = std::sync::OnceLock::new();
    let component = MADE.get_or_init(|| Component::new(&Engine::default(), HOSTILE).unwrap());
    let mut store = Store::new(component.engine(), ());
    store.set_number_lists(number_lists);
    let linker = Linker::new(component.engine());
    for name in ["utf8", "utf16", "latin1"] {
        let instance = linker.instantiate(&mut store, component)?;
        let fill = instance.get_func(&mut store, "fill").unwrap();
        let bytes = Val::NumberList(NumberList::U8(bytes.clone()));
        fill.call(&mut store, &[bytes], &mut [])?;
        let func = instance.get_func(&mut store, name).unwrap();
        let mut results = [Val::Bool(false)];
        if func.call(&mut store, &[Val::U32(place)], &mut results).is_ok() {
            // What came back is of the type: it can be compared and shown.
            assert_eq!(results[0], results[0].clone());
            assert!(!format!("{:?}", results[0]).is_empty());
        }
    }
    Ok(())
}
