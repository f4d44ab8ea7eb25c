//! Two sides that must not be mixed: each has an engine, a store, and one of everything.

use std::sync::Arc;

use wasm_runtime::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, CallFilter, CallHookId, Engine, ExnRef, ExnRefPre,
    ExnType, ExternRef, FieldType, ForkPre, Func, FuncType, Global, GlobalType, HostState,
    Instance, InstancePre, Linker, Memory, MemoryType, Module, ModuleExport, Mutability,
    NumericFunc, OwnedRooted, Ref, Result, Rooted, Snapshot, StorageType, Store, StructRef,
    StructRefPre, StructType, Table, Tag, TagType, TypedFunc, Val, ValType,
};

/// The data of the stores. It counts how often it was saved.
#[derive(Clone, Default)]
pub(crate) struct Data {
    pub(crate) saves: u32,
}

impl HostState for Data {
    type Saved = ();

    fn save(&mut self) -> Result<()> {
        self.saves += 1;
        Ok(())
    }

    fn restore(&mut self, _saved: &()) -> Result<()> {
        Ok(())
    }
}

/// Handles of a store.
#[derive(Clone)]
pub(crate) struct Handles {
    pub(crate) instance: Instance,
    /// `(param i32) (result i32)`, in Wasm: returns the next number.
    pub(crate) next: TypedFunc<i32, i32>,
    /// The same.
    pub(crate) numeric: NumericFunc,
    /// A function of the module's own type.
    pub(crate) own: Func,
    /// A function of the host, of that type too.
    pub(crate) host: Func,
    /// `(param funcref externref)`, in Wasm.
    pub(crate) take: TypedFunc<(Option<Func>, Option<Rooted<ExternRef>>), ()>,
    /// Mutable, of the type `funcref`, null.
    pub(crate) global: Global,
    /// Two elements, the second null.
    pub(crate) table: Table,
    pub(crate) memory: Memory,
    /// Of the module's own type.
    pub(crate) tag: Tag,
    pub(crate) value: Rooted<ExternRef>,
    pub(crate) owned: OwnedRooted<ExternRef>,
    /// `value`, converted.
    pub(crate) any: Rooted<AnyRef>,
    /// With one field of the type of value that distinguishes the sides, mutable.
    pub(crate) structure: Rooted<StructRef>,
    /// With one element, a byte.
    pub(crate) array: Rooted<ArrayRef>,
    /// `(param externref)`.
    pub(crate) exception_tag: Tag,
    pub(crate) exception_pre: Arc<ExnRefPre>,
    pub(crate) exception: Rooted<ExnRef>,
    pub(crate) hook: CallHookId,
}

/// Things that belong to an engine and keep it alive.
pub(crate) struct Kept {
    pub(crate) engine: Engine,
    pub(crate) module: Module,
    pub(crate) export: ModuleExport,
    /// A module that imports the items in `bound`.
    pub(crate) importer: Module,
    /// An export of `importer`.
    pub(crate) other_export: ModuleExport,
    /// The module's own type. In another engine, the same number stands for another type.
    pub(crate) ty: FuncType,
    /// The types of the structure and the array, and what makes others.
    pub(crate) struct_ty: StructType,
    pub(crate) array_ty: ArrayType,
    pub(crate) struct_pre: StructRefPre,
    pub(crate) array_pre: ArrayRefPre,
    /// A linker with a function of the host.
    pub(crate) linker: Linker<Data>,
    /// A linker with items of the store.
    pub(crate) bound: Linker<Data>,
    pub(crate) pre: InstancePre<Data>,
    pub(crate) bound_pre: InstancePre<Data>,
    pub(crate) snapshot: Snapshot,
    /// A snapshot of a store without instances.
    pub(crate) host_snapshot: Snapshot,
    pub(crate) fork_pre: ForkPre<Data>,
}

/// A side with everything it has.
pub(crate) struct Side {
    pub(crate) store: Store<Data>,
    /// The store of the exceptions: the state of a store that has some can't be taken.
    pub(crate) thrower: Store<Data>,
    pub(crate) kept: Kept,
    pub(crate) handles: Handles,
}

/// A module whose own type takes and returns one value of the given type, which distinguishes it.
fn wat(own: &str) -> String {
    format!(
        r#"(module
             (type $own (func (param {own}) (result {own})))
             (import "host" "f" (func $host (type $own)))
             (table (export "table") 2 10 funcref)
             (elem (i32.const 0) $next)
             (memory (export "memory") 1 4)
             (global (export "global") (mut funcref) (ref.null func))
             (func $own (export "own") (type $own) (call $host (local.get 0)))
             (func $next (export "next") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
             (func (export "take") (param funcref externref))
             (func (export "indirect") (param i32 i32) (result i32)
               (call_indirect (param i32) (result i32) (local.get 1) (local.get 0))))"#
    )
}

/// A module with one import.
pub(crate) fn import_func(engine: &Engine, ty: &str) -> Result<Module> {
    Module::new(engine, format!(r#"(module (import "host" "f" (func {ty})))"#))
}

impl Side {
    /// A side with an engine that already has `others` other types. So the same number may stand
    /// for the same type as in another engine, or not. `own` is the type of value that
    /// distinguishes the modules of two sides.
    pub(crate) fn new(engine: &Engine, own: ValType, others: usize, hooked: bool) -> Result<Side> {
        for count in 0..others {
            FuncType::new(engine, vec![ValType::I64; count + 3], []);
        }
        let engine = engine.clone();
        let ty = FuncType::new(&engine, [own.clone()], [own.clone()]);
        let module = Module::new(&engine, wat(&own.to_string()))?;
        let mut linker = Linker::new(&engine);
        linker.func_new("host", "f", ty.clone(), |_, params, results| {
            results[0] = params[0];
            Ok(())
        })?;

        let mut store = Store::new(&engine, Data::default());
        let filter = if hooked { CallFilter::all() } else { CallFilter::none() };
        let hook = store.add_call_hook(filter, |_| Ok(()));
        let instance = linker.instantiate(&mut store, &module)?;
        let host = linker.get(&mut store, "host", "f")?.into_func();
        let value = ExternRef::new(&mut store, 1_u8)?;
        let tag = Tag::new(&mut store, &TagType::new(ty.clone()))?;
        let field = |ty: StorageType| FieldType::new(Mutability::Var, ty);
        let struct_ty = StructType::new(&engine, [field(own.clone().into())])?;
        let struct_pre = StructRefPre::new(&mut store, struct_ty.clone());
        let zero = own.default_value().expect("a default");
        let array_ty = ArrayType::new(&engine, field(StorageType::I8));
        let array_pre = ArrayRefPre::new(&mut store, array_ty.clone());
        let snapshot = Snapshot::take(&mut store, &[instance])?;
        let exception_type = ExnType::new(&engine, [ValType::EXTERNREF])?;
        let mut thrower = Store::new(&engine, Data::default());
        let exception_tag = Tag::new(&mut thrower, &exception_type.tag_type())?;
        let exception_pre = Arc::new(ExnRefPre::new(&mut thrower, exception_type));
        let null = Val::null_extern_ref();
        let exception = ExnRef::new(&mut thrower, &exception_pre, &exception_tag, &[null])?;
        let next = instance.get_func(&mut store, "next").expect("a function");
        let handles = Handles {
            instance,
            numeric: next.numeric(&store).expect("only numbers"),
            next: instance.get_typed_func(&mut store, "next")?,
            own: instance.get_func(&mut store, "own").expect("a function"),
            host: host.expect("a function"),
            take: instance.get_typed_func(&mut store, "take")?,
            global: instance.get_global(&mut store, "global").expect("a global"),
            table: instance.get_table(&mut store, "table").expect("a table"),
            memory: instance.get_memory(&mut store, "memory").expect("a memory"),
            tag,
            value,
            owned: value.to_owned_rooted(&mut store)?,
            any: AnyRef::convert_extern(&mut store, value)?,
            structure: StructRef::new(&mut store, &struct_pre, &[zero])?,
            array: ArrayRef::new(&mut store, &array_pre, &Val::I32(7), 1)?,
            exception_tag,
            exception_pre,
            exception,
            hook,
        };

        let number = GlobalType::new(ValType::I32, Mutability::Const);
        let number = Global::new(&mut store, number, Val::I32(3))?;
        let mut bound = Linker::new(&engine);
        bound.define(&store, "store", "f", handles.own)?;
        bound.define(&store, "store", "", handles.own)?;
        bound.define(&store, "store", "g", number)?;
        let importer = Module::new(
            &engine,
            format!(
                r#"(module (import "store" "f" (func (param {own}) (result {own})))
                     (import "store" "g" (global i32))
                     (func (export "next") (param i32) (result i32) (i32.const 0)))"#
            ),
        )?;

        let mut bare = Store::new(&engine, Data::default());
        Memory::new(&mut bare, MemoryType::new(1, Some(2)))?;
        let kept = Kept {
            export: module.get_export_index("next").expect("an export"),
            other_export: importer.get_export_index("next").expect("an export"),
            pre: linker.instantiate_pre(&module)?,
            bound_pre: bound.instantiate_pre(&importer)?,
            fork_pre: snapshot.fork_pre(&linker)?,
            host_snapshot: Snapshot::of_store(&mut bare)?,
            snapshot,
            engine,
            module,
            importer,
            ty,
            struct_ty,
            array_ty,
            struct_pre,
            array_pre,
            linker,
            bound,
        };
        Ok(Side { store, thrower, kept, handles })
    }

    /// Does everything with the side that can be done with it.
    pub(crate) fn check(&mut self) -> Result<()> {
        check_store(&mut self.store, &self.handles)?;
        let Side { store, kept, handles, .. } = self;
        let mut calls = |instance: Instance| -> Result<()> {
            let next = instance.get_typed_func::<i32, i32>(&mut *store, "next")?;
            next.call(&mut *store, 1).map(|_| ())
        };
        calls(handles.instance)?;
        let mut instances = vec![kept.linker.instantiate(&mut *store, &kept.module)?];
        instances.push(kept.pre.instantiate(&mut *store)?);
        instances.push(kept.bound_pre.instantiate(&mut *store)?);
        instances.extend(kept.fork_pre.fork(&mut *store)?);
        instances.extend(kept.snapshot.fork(&mut *store, &kept.linker)?);
        for instance in instances {
            let next = instance.get_typed_func::<i32, i32>(&mut *store, "next")?;
            next.call(&mut *store, 1)?;
        }
        kept.snapshot.restore(&mut *store)?;
        let names =
            kept.linker.iter(&mut *store).map(|(module, name, _)| format!("{module} {name}"));
        assert_eq!(names.collect::<Vec<_>>(), ["host f"], "something entered the linker");
        assert_eq!(kept.bound.iter(&mut *store).count(), 3, "something entered the linker");
        Ok(())
    }
}

/// Checks what the handles refer to: nothing may have changed.
pub(crate) fn check_store(store: &mut Store<Data>, handles: &Handles) -> Result<()> {
    let Handles { instance, table, global, memory, value, .. } = handles;
    assert_eq!(handles.next.call(&mut *store, 41)?, 42);
    let indirect = instance.get_typed_func::<(i32, i32), i32>(&mut *store, "indirect")?;
    assert_eq!(indirect.call(&mut *store, (0, 41))?, 42);
    handles.take.call(&mut *store, (Some(handles.host), Some(*value)))?;
    let ty = handles.own.ty(&*store);
    let zero = ty.param(0).and_then(|ty| ty.default_value()).expect("a default");
    let mut results = [Val::I32(7)];
    handles.own.call(&mut *store, &[zero], &mut results)?;
    assert!(results[0].matches_ty(&*store, &ty.result(0).expect("a result"))?);
    assert_eq!(table.size(&*store), 2);
    assert!(
        table.get(&mut *store, 1).is_some_and(|it| it.is_null()),
        "something entered the table"
    );
    table.set(&mut *store, 1, handles.own.into())?;
    table.set(&mut *store, 1, Ref::Func(None))?;
    assert!(global.get(&mut *store).unwrap_funcref().is_none(), "something entered the global");
    assert_eq!(memory.size(&*store), 1);
    assert!(memory.data(&*store).iter().all(|byte| *byte == 0), "something entered the memory");
    assert_eq!(value.data(&*store)?.and_then(|it| it.downcast_ref::<u8>()), Some(&1));
    let element = handles.array.get(&mut *store, 0)?;
    assert_eq!(element.unwrap_i32(), 7, "something entered the array");
    let fields: Vec<_> = handles.structure.fields(&mut *store)?.collect();
    let is_empty = matches!(fields[..], [Val::I64(0) | Val::FuncRef(None)]);
    assert!(is_empty, "something entered the structure");
    assert_eq!(store.data().saves, 0, "the host's data was saved");
    Ok(())
}
