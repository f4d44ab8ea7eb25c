//! Each type alone: what is passed comes back as it was.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;

use wasm_runtime::component::{Component, Lift, Linker, Lower, WasmList, WasmStr, flags};
use wasm_runtime::{Config, Engine, Result, Store, StoreContextMut};

use crate::echo::{self, Echo, Flat, Wit};
use crate::types::{Color, Pair, Permissions, Point, Shape};

const ENCODINGS: [&str; 3] =
    ["string-encoding=utf8", "string-encoding=utf16", "string-encoding=latin1+utf16"];

fn same<V>(values: &[V]) -> Result<()>
where
    V: Wit + Lift + Lower + Clone + Debug + PartialEq + Send + 'static,
{
    let engine = Engine::default();
    for encoding in ENCODINGS {
        let mut echo = Echo::<V, V>::new(&engine, encoding)?;
        for value in values {
            let (got, back) = echo.call(value.clone())?;
            assert_eq!(got, *value, "{} in {encoding}", V::wit());
            assert_eq!(back, *value, "{} in {encoding}", V::wit());
        }
    }
    Ok(())
}

#[test]
fn numbers() -> Result<()> {
    same(&[true, false])?;
    same(&['a', 'ß', '\u{0}', '\u{d7ff}', '\u{e000}', '\u{10ffff}'])?;
    same(&[0, 1, u8::MAX])?;
    same(&[0, -1, i8::MIN, i8::MAX])?;
    same(&[0, 1, u16::MAX])?;
    same(&[0, -1, i16::MIN, i16::MAX])?;
    same(&[0, 1, u32::MAX])?;
    same(&[0, -1, i32::MIN, i32::MAX])?;
    same(&[0, 1, u64::MAX])?;
    same(&[0, -1, i64::MIN, i64::MAX])?;
    same(&[0.0, -0.0, f32::INFINITY, f32::MIN_POSITIVE, f32::MAX])?;
    same(&[0.0, -0.0, f64::INFINITY, f64::MIN_POSITIVE, f64::MAX])
}

const TEXTS: [&str; 6] = ["", "plain", "Grüße", "日本語", "𝄞 and \u{1f600}", "a\0b"];

#[test]
fn strings() -> Result<()> {
    same(&TEXTS.map(str::to_owned))?;
    same(&TEXTS.map(Box::<str>::from))?;
    same(&TEXTS.map(Arc::<str>::from))?;
    same(&TEXTS.map(Cow::Borrowed))
}

#[test]
fn borrowed_values_are_passed_like_owned_ones() -> Result<()> {
    let engine = Engine::default();
    let mut echo = Echo::<&str, String>::new(&engine, ENCODINGS[0])?;
    assert_eq!(echo.call("text")?.1, "text");
    let mut echo = Echo::<&[u32], Vec<u32>>::new(&engine, ENCODINGS[0])?;
    assert_eq!(echo.call(&[1, 2, 3])?.1, [1, 2, 3]);
    let mut echo = Echo::<&[&str], Vec<String>>::new(&engine, ENCODINGS[0])?;
    assert_eq!(echo.call(&["a", "", "b"])?.1, ["a", "", "b"]);
    let mut echo = Echo::<&Option<Box<u8>>, Option<u8>>::new(&engine, ENCODINGS[0])?;
    assert_eq!(echo.call(&Some(Box::new(7)))?.1, Some(7));
    Ok(())
}

/// As `same`, for types that have to be allowed.
fn same_if_allowed<V>(values: &[V]) -> Result<()>
where
    V: Wit + Lift + Lower + Clone + Debug + PartialEq + Send + 'static,
{
    let mut config = Config::new();
    config.wasm_component_model_map(true).wasm_component_model_fixed_length_lists(true);
    let mut echo = Echo::<V, V>::new(&Engine::new(&config)?, ENCODINGS[0])?;
    for value in values {
        assert_eq!(echo.call(value.clone())?, (value.clone(), value.clone()), "{}", V::wit());
    }
    Ok(())
}

#[test]
fn lists_of_a_fixed_length() -> Result<()> {
    same_if_allowed(&[[1_u8, 2, 3], [255, 0, 7]])?;
    same_if_allowed(&[[1.5_f64; 20]])?;
    same_if_allowed(&[[String::from("a"), String::new()]])?;
    same_if_allowed(&[vec![[1_u16, 2]], Vec::new(), vec![[3, 4]; 9]])?;
    same_if_allowed(&[[Some((1_u8, 2_u64)), None]])
}

#[test]
fn maps() -> Result<()> {
    let texts: HashMap<String, u64> = [("a".to_owned(), 1), (String::new(), u64::MAX)].into();
    same_if_allowed(&[HashMap::new(), texts.clone()])?;
    same_if_allowed(&[vec![texts.clone(), HashMap::new()], vec![texts]])?;
    let sorted: BTreeMap<u8, Vec<u32>> = (0..200).map(|key| (key, vec![key.into(); 3])).collect();
    same_if_allowed(&[BTreeMap::new(), sorted])?;
    same_if_allowed(&[BTreeMap::from([('x', Some(1_u16)), ('y', None)])])?;
    same_if_allowed(&[HashMap::from([(true, 1_i64), (false, -1)])])
}

#[test]
fn of_two_entries_with_one_key_the_later_counts() -> Result<()> {
    let mut config = Config::new();
    config.wasm_component_model_map(true);
    let engine = Engine::new(&config)?;
    let component = Component::new(
        &engine,
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (data (i32.const 0) "\10\00\00\00\02\00\00\00")
                (data (i32.const 16) "\07\00\01\00\07\00\02\00")
                (func (export "f") (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func (export "f") (result (map u8 u16))
                (canon lift (core func $i "f") (memory (core memory $i "memory")))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let func = instance.get_typed_func::<(), (HashMap<u8, u16>,)>(&mut store, "f")?;
    assert_eq!(func.call(&mut store, ())?.0, HashMap::from([(7, 2)]));
    let wrong = instance.get_typed_func::<(), (BTreeMap<u8, u32>,)>(&mut store, "f");
    let message = format!("{:?}", wrong.err());
    assert!(message.contains("type mismatch"), "{message}");
    assert!(instance.get_typed_func::<(), (Vec<(u8, u16)>,)>(&mut store, "f").is_err());
    Ok(())
}

#[test]
fn lists() -> Result<()> {
    same(&[Vec::new(), vec![1, 2, 3_u8], (0..=u8::MAX).collect()])?;
    same(&[Vec::new(), vec![1, -2, i16::MIN]])?;
    same(&[Vec::new(), (0..10_000_u32).collect()])?;
    same(&[vec![u64::MAX, 1]])?;
    same(&[vec![0.5_f32, -1.0]])?;
    same(&[vec![0.5_f64, -1.0]])?;
    same(&[vec![true, false, true]])?;
    same(&[vec!['a', '\u{10ffff}']])?;
    same(&[Box::<[u16]>::from([1, 2, 3])])?;
    same(&[Arc::<[i64]>::from([1, 2, -3])])?;
    same(&[TEXTS.map(str::to_owned).to_vec()])?;
    same(&[vec![vec![vec![1_u8], Vec::new()], Vec::new()]])
}

#[test]
fn options_results_and_tuples() -> Result<()> {
    same(&[None, Some(7_u32)])?;
    same(&[None, Some(None), Some(Some(0.5_f64))])?;
    same::<Result<u32, String>>(&[Ok(1), Err("no".to_owned())])?;
    // The words that cases share are of the wider type, and of integers.
    same::<Result<f32, u64>>(&[Ok(-0.5), Err(u64::MAX)])?;
    same::<Result<f64, f32>>(&[Ok(-0.5), Err(0.25)])?;
    same::<Result<i32, f32>>(&[Ok(-5), Err(0.25)])?;
    same(&[(1_u8, 2_u64)])?;
    same(&[((1_u8,), "two".to_owned(), Some(3_i16))])?;
    // More words than are passed flat.
    same(&[(
        (1_u8, 2_u16, 3_u32, 4_u64, 5_i8, 6_i16, 7_i32, 8_i64),
        (9.0_f32, 10.0_f64, true, 'l', 13_u8, 14_u8, 15_u8, 16_u8),
        "seventeen".to_owned(),
    )])
}

#[test]
fn derived_types() -> Result<()> {
    let point = |x, y, label: &str| Point { x, y, label: label.to_owned() };
    same(&[point(1, -0.5, "a"), point(255, 1e300, "")])?;
    same(&[Color::Red, Color::Green, Color::Blue])?;
    same(&[Permissions::empty(), Permissions::WRITE, Permissions::all()])?;
    same(&[
        Shape::Circle(0.5),
        Shape::Polygon(vec![point(1, 2.0, "one"), point(3, 4.0, "two")]),
        Shape::Empty,
        Shape::Id(u64::MAX),
        Shape::Colored((Color::Blue, Some(Permissions::READ | Permissions::EXECUTE))),
        Shape::Colored((Color::Red, None)),
    ])?;
    same(&[vec![Shape::Circle(1.0), Shape::Empty, Shape::Id(3)]])?;
    same(&[Pair { first: Some(Color::Green), second: vec![1_u16, 2] }])
}

#[test]
fn flags_are_sets() {
    let both = Permissions::READ | Permissions::WRITE;
    assert!(both.contains(Permissions::READ) && !both.contains(Permissions::all()));
    assert!(both.intersects(Permissions::WRITE) && !both.intersects(Permissions::EXECUTE));
    assert_eq!(!both, Permissions::EXECUTE);
    assert_eq!(both ^ Permissions::all(), Permissions::EXECUTE);
    assert_eq!(both & Permissions::READ, Permissions::READ);
    assert_eq!(format!("{both:?}"), "(READ|WRITE)");
    assert_eq!(Permissions::default(), Permissions::empty());
    assert_eq!(Permissions::all().as_array(), [7]);
}

flags! {
    /// As many as there are words for, and one more than fit in a byte.
    Nine {
        const F0; const F1; const F2; const F3; const F4; const F5; const F6; const F7; const F8;
    }
}

impl Wit for Nine {
    fn wit() -> String {
        "$nine".to_owned()
    }

    fn flat() -> Vec<Flat> {
        vec![Flat::I32]
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        let names: Vec<String> = (0..9).map(|place| format!("\"F{place}\"")).collect();
        definitions.push(("nine".to_owned(), format!("(flags {})", names.join(" "))));
    }
}

#[test]
fn flags_of_two_bytes() -> Result<()> {
    same(&[Nine::F8, Nine::F0 | Nine::F7, Nine::all()])?;
    same(&[vec![Nine::F8, Nine::empty(), Nine::all()]])
}

#[test]
fn strings_and_lists_are_read_where_they_are() -> Result<()> {
    type Data = Vec<String>;
    let engine = Engine::default();
    for encoding in ENCODINGS {
        let component = Component::new(&engine, echo::component::<(String, Vec<u32>)>(encoding))?;
        let mut linker = Linker::new(&engine);
        linker.root().func_wrap(
            "host",
            |mut store: StoreContextMut<'_, Data>, (value,): ((WasmStr, WasmList<u32>),)| {
                let (text, list) = value;
                let text = text.to_str(&store)?.into_owned();
                assert_eq!(list.as_le_slice(&store), [1, 2, 3]);
                assert_eq!(list.len(), 3);
                assert_eq!(list.get(&mut store, 1).transpose()?, Some(2));
                assert!(list.get(&mut store, 3).is_none());
                let all = list.iter(&mut store)?.collect::<Result<Vec<_>>>()?;
                store.data_mut().push(text.clone());
                Ok(((text, all),))
            },
        )?;
        let mut store = Store::new(&engine, Data::new());
        let instance = linker.instantiate(&mut store, &component)?;
        type Echo<'a> = (((&'a str, &'a [u32]),), ((String, Vec<u32>),));
        let echo = instance
            .get_typed_func::<<Echo<'_> as Types>::Params, <Echo<'_> as Types>::Results>(
                &mut store, "echo",
            )?;
        let (back,) = echo.call(&mut store, (("Grüße", &[1, 2, 3][..]),))?;
        assert_eq!(back, ("Grüße".to_owned(), vec![1, 2, 3]));
        assert_eq!(store.data(), &["Grüße"]);
    }
    Ok(())
}

/// The two halves of a function's type.
trait Types {
    type Params;
    type Results;
}

impl<P, R> Types for (P, R) {
    type Params = P;
    type Results = R;
}
