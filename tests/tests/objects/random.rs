//! Random graphs of objects that the host makes and changes, beside a model, with collections in
//! between.

use proptest::collection::vec;
use proptest::prelude::*;
use wasm_runtime::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, AsContextMut, FieldType, Finality, Global,
    GlobalType, I31, Mutability, OwnedRooted, RefType, Result, RootScope, Rooted, StorageType,
    Store, StoreContextMut, StructRef, StructRefPre, StructType, Table, TableType, Val, ValType,
};

use crate::engines;

/// How many objects are kept: some by owned handles, some in a table, one in a global.
const OWNED: usize = 4;
const PLACES: usize = 12;

/// What is done. Objects are named by the place that keeps them.
#[derive(Clone, Debug)]
enum Step {
    /// Makes a structure with a number and references to what two places keep.
    Node(usize, i16, usize, usize),
    /// The same, of a subtype with another field.
    Large(usize, i16, usize, usize),
    /// Makes an array of so many references.
    Array(usize, usize, usize),
    /// An integer.
    Number(usize, u32),
    Null(usize),
    /// Copies a reference.
    Copy(usize, usize),
    /// Sets a field or an element of an object to what a place keeps.
    Set(usize, usize, usize),
    /// Keeps what a field or an element refers to.
    Get(usize, usize, usize),
    Collect,
    /// Makes much that nothing refers to.
    Garbage(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let place = || 0..PLACES;
    let node = || (place(), any::<i16>(), place(), place());
    prop_oneof![
        4 => node().prop_map(|(a, n, b, c)| Step::Node(a, n, b, c)),
        2 => node().prop_map(|(a, n, b, c)| Step::Large(a, n, b, c)),
        2 => (place(), place(), 0..40_usize).prop_map(|(a, b, len)| Step::Array(a, b, len)),
        1 => (place(), any::<u32>()).prop_map(|(a, n)| Step::Number(a, n)),
        1 => place().prop_map(Step::Null),
        2 => (place(), place()).prop_map(|(a, b)| Step::Copy(a, b)),
        5 => (place(), any::<usize>(), place()).prop_map(|(a, at, b)| Step::Set(a, at, b)),
        3 => (place(), place(), any::<usize>()).prop_map(|(a, b, at)| Step::Get(a, b, at)),
        1 => Just(Step::Collect),
        1 => any::<u8>().prop_map(Step::Garbage),
    ]
}

/// A reference of the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Model {
    Null,
    Number(I31),
    /// By its place in the list of all objects.
    Object(usize),
}

/// An object of the model: its number if it is a structure, and its references.
#[derive(Debug)]
struct Object {
    number: Option<i16>,
    is_large: bool,
    references: Vec<Model>,
}

/// A store, which each round borrows for a scope of handles.
type Scope<'a, 'b> = &'a mut StoreContextMut<'b, ()>;

struct World {
    owned: Vec<Option<OwnedRooted<AnyRef>>>,
    table: Table,
    global: Global,
    node: StructRefPre,
    large: StructRefPre,
    array: ArrayRefPre,
    model: Vec<Model>,
    objects: Vec<Object>,
}

impl World {
    fn new(store: &mut Store<()>) -> Result<Self> {
        let engine = &store.engine().clone();
        let field = |ty: StorageType| FieldType::new(Mutability::Var, ty);
        let fields =
            [field(ValType::ANYREF.into()), field(StorageType::I16), field(ValType::ANYREF.into())];
        let open = Finality::NonFinal;
        let node = StructType::with_finality_and_supertype(engine, open, None, fields.clone())?;
        let more = fields.into_iter().chain([field(ValType::V128.into())]);
        let last = Finality::Final;
        let large = StructType::with_finality_and_supertype(engine, last, Some(&node), more)?;
        let array = ArrayType::new(engine, field(ValType::ANYREF.into()));
        let table = TableType::new(RefType::ANYREF, (PLACES - OWNED - 1) as u32, None);
        let global = GlobalType::new(ValType::ANYREF, Mutability::Var);
        Ok(Self {
            owned: vec![None; OWNED],
            table: table.default_value(&mut *store)?,
            global: global.default_value(&mut *store)?,
            node: StructRefPre::new(&mut *store, node),
            large: StructRefPre::new(&mut *store, large),
            array: ArrayRefPre::new(&mut *store, array),
            model: vec![Model::Null; PLACES],
            objects: Vec::new(),
        })
    }

    /// What a place keeps, with a handle in the innermost scope.
    fn get(&mut self, store: Scope<'_, '_>, place: usize) -> Option<Rooted<AnyRef>> {
        match place {
            0..OWNED => self.owned[place].as_ref().map(|owned| owned.to_rooted(&mut *store)),
            OWNED => self.global.get(&mut *store).unwrap_anyref().copied(),
            _ => {
                let index = (place - OWNED - 1) as u64;
                self.table.get(&mut *store, index).unwrap().unwrap_any().copied()
            }
        }
    }

    fn keep(
        &mut self,
        store: Scope<'_, '_>,
        place: usize,
        value: Option<Rooted<AnyRef>>,
        model: Model,
    ) -> Result<()> {
        self.model[place] = model;
        match place {
            0..OWNED => {
                let owned = value.map(|value| value.to_owned_rooted(&mut *store));
                self.owned[place] = owned.transpose()?;
            }
            OWNED => self.global.set(&mut *store, value.into())?,
            _ => {
                let index = (place - OWNED - 1) as u64;
                self.table.set(&mut *store, index, value.into())?;
            }
        }
        Ok(())
    }

    fn new_object(&mut self, object: Object) -> Model {
        self.objects.push(object);
        Model::Object(self.objects.len() - 1)
    }

    fn run(&mut self, store: Scope<'_, '_>, step: &Step) -> Result<()> {
        match *step {
            Step::Node(to, number, a, b) => self.structure(store, to, number, (a, b), false)?,
            Step::Large(to, number, a, b) => self.structure(store, to, number, (a, b), true)?,
            Step::Array(to, of, len) => {
                let value = Val::AnyRef(self.get(store, of));
                let array = ArrayRef::new(&mut *store, &self.array, &value, len as u32)?;
                let references = vec![self.model[of]; len];
                let model = Object { number: None, is_large: false, references };
                let model = self.new_object(model);
                self.keep(store, to, Some(array.into()), model)?;
            }
            Step::Number(to, number) => {
                let number = I31::wrapping_u32(number);
                let value = AnyRef::from_i31(&mut *store, number);
                self.keep(store, to, Some(value), Model::Number(number))?;
            }
            Step::Null(to) => self.keep(store, to, None, Model::Null)?,
            Step::Copy(to, from) => {
                let value = self.get(store, from);
                self.keep(store, to, value, self.model[from])?;
            }
            Step::Set(object, at, value) => self.set(store, object, at, value)?,
            Step::Get(to, object, at) => {
                let Model::Object(id) = self.model[object] else { return Ok(()) };
                let count = self.objects[id].references.len();
                if count > 0 {
                    let object = self.get(store, object).unwrap();
                    let value = self.reference(store, object, at % count)?;
                    self.keep(store, to, value, self.objects[id].references[at % count])?;
                }
            }
            Step::Collect => store.gc(None)?,
            Step::Garbage(count) => {
                for _ in 0..count {
                    let null = Val::AnyRef(None);
                    ArrayRef::new(&mut *store, &self.array, &null, 100)?;
                }
            }
        }
        Ok(())
    }

    fn structure(
        &mut self,
        store: Scope<'_, '_>,
        to: usize,
        number: i16,
        (a, b): (usize, usize),
        is_large: bool,
    ) -> Result<()> {
        let (left, right) = (Val::AnyRef(self.get(store, a)), Val::AnyRef(self.get(store, b)));
        let mut fields = vec![left, Val::I32(number.into()), right];
        if is_large {
            fields.push(Val::V128((number as u128).into()));
        }
        let pre = if is_large { &self.large } else { &self.node };
        let object = StructRef::new(&mut *store, pre, &fields)?;
        let references = vec![self.model[a], self.model[b]];
        let model = self.new_object(Object { number: Some(number), is_large, references });
        self.keep(store, to, Some(object.into()), model)
    }

    fn set(&mut self, store: Scope<'_, '_>, object: usize, at: usize, value: usize) -> Result<()> {
        let Model::Object(id) = self.model[object] else { return Ok(()) };
        let count = self.objects[id].references.len();
        if count == 0 {
            return Ok(());
        }
        let (reference, new) =
            (self.get(store, object).unwrap(), Val::AnyRef(self.get(store, value)));
        match reference.as_struct(&*store)? {
            Some(object) => object.set_field(&mut *store, 2 * (at % count), new)?,
            None => reference.unwrap_array(&*store)?.set(&mut *store, (at % count) as u32, new)?,
        }
        self.objects[id].references[at % count] = self.model[value];
        Ok(())
    }

    fn reference(
        &mut self,
        store: Scope<'_, '_>,
        object: Rooted<AnyRef>,
        at: usize,
    ) -> Result<Option<Rooted<AnyRef>>> {
        let value = match object.as_struct(&*store)? {
            Some(object) => object.field(&mut *store, 2 * at)?,
            None => object.unwrap_array(&*store)?.get(&mut *store, at as u32)?,
        };
        Ok(value.unwrap_anyref().copied())
    }

    /// Compares everything that is kept with the model.
    fn check(&mut self, store: Scope<'_, '_>) -> Result<()> {
        let mut waiting: Vec<_> =
            (0..PLACES).map(|place| (self.get(store, place), self.model[place])).collect();
        let mut seen: Vec<Option<Rooted<AnyRef>>> = vec![None; self.objects.len()];
        while let Some((value, model)) = waiting.pop() {
            match (value, model) {
                (None, Model::Null) => {}
                (Some(value), Model::Number(number)) => {
                    assert_eq!(value.as_i31(&*store)?, Some(number));
                }
                (Some(value), Model::Object(id)) => {
                    if let Some(same) = seen[id] {
                        assert!(Rooted::ref_eq(&*store, &value, &same)?);
                        continue;
                    }
                    seen[id] = Some(value);
                    self.check_object(store, value, id)?;
                    for at in 0..self.objects[id].references.len() {
                        let reference = self.reference(store, value, at)?;
                        waiting.push((reference, self.objects[id].references[at]));
                    }
                }
                (value, model) => panic!("{value:?} is not {model:?}"),
            }
        }
        Ok(())
    }

    fn check_object(
        &mut self,
        store: Scope<'_, '_>,
        value: Rooted<AnyRef>,
        id: usize,
    ) -> Result<()> {
        let object = &self.objects[id];
        match object.number {
            Some(number) => {
                let structure = value.unwrap_struct(&*store)?;
                let fields = structure.fields(&mut *store)?.collect::<Vec<_>>();
                assert_eq!(fields[1].unwrap_i32() as u16, number.cast_unsigned());
                assert_eq!(fields.len(), if object.is_large { 4 } else { 3 });
                if object.is_large {
                    assert_eq!(fields[3].unwrap_v128().as_u128(), number as u128);
                }
            }
            None => {
                let array = value.unwrap_array(&*store)?;
                assert_eq!(array.len(&*store)? as usize, object.references.len());
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn objects_are_as_the_model_says(
        way in 0..3_usize,
        rounds in vec(vec(step(), 1..12), 1..10),
    ) {
        let mut store = Store::new(&engines()[way], ());
        let mut world = World::new(&mut store).unwrap();
        for round in &rounds {
            // Handles end with each round: what lives is what is kept elsewhere.
            let mut scope = RootScope::new(&mut store);
            let mut round_of = scope.as_context_mut();
            round.iter().try_for_each(|step| world.run(&mut round_of, step)).unwrap();
            drop(scope);
            let mut scope = RootScope::new(&mut store);
            world.check(&mut scope.as_context_mut()).unwrap();
        }
    }
}
