//! Types that derive what they need, as the text format has them.

use proptest::prelude::*;
use wasm_runtime::component::{ComponentType, Lift, Lower, flags};

use crate::echo::{Flat, Wit, variant};

#[derive(ComponentType, Lift, Lower, Clone, Debug, PartialEq)]
#[component(record)]
pub(crate) struct Point {
    pub x: u8,
    #[component(name = "the-y")]
    pub y: f64,
    pub label: String,
}

#[derive(ComponentType, Lift, Lower, Clone, Copy, Debug, PartialEq)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum Color {
    #[component(name = "red")]
    Red,
    #[component(name = "green")]
    Green,
    #[component(name = "blue")]
    Blue,
}

#[derive(ComponentType, Lift, Lower, Clone, Debug, PartialEq)]
#[component(variant)]
pub(crate) enum Shape {
    #[component(name = "circle")]
    Circle(f32),
    #[component(name = "polygon")]
    Polygon(Vec<Point>),
    #[component(name = "empty")]
    Empty,
    #[component(name = "id")]
    Id(u64),
    #[component(name = "colored")]
    Colored((Color, Option<Permissions>)),
}

flags! {
    pub(crate) Permissions {
        #[component(name = "read")]
        const READ;
        #[component(name = "write")]
        const WRITE;
        #[component(name = "execute")]
        const EXECUTE;
    }
}

/// A record of whatever type.
#[derive(ComponentType, Lift, Lower, Clone, Debug, PartialEq)]
#[component(record)]
pub(crate) struct Pair<A, B> {
    pub first: A,
    pub second: B,
}

fn define(definitions: &mut Vec<(String, String)>, name: &str, definition: String) {
    if definitions.iter().all(|(known, _)| known != name) {
        definitions.push((name.to_owned(), definition));
    }
}

impl Wit for Point {
    fn wit() -> String {
        "$point".to_owned()
    }

    fn flat() -> Vec<Flat> {
        vec![Flat::I32, Flat::F64, Flat::I32, Flat::I32]
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        let definition = "(record (field \"x\" u8) (field \"the-y\" f64) (field \"label\" string))";
        define(definitions, "point", definition.to_owned());
    }
}

impl Wit for Color {
    fn wit() -> String {
        "$color".to_owned()
    }

    fn flat() -> Vec<Flat> {
        vec![Flat::I32]
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        define(definitions, "color", "(enum \"red\" \"green\" \"blue\")".to_owned());
    }
}

impl Wit for Permissions {
    fn wit() -> String {
        "$permissions".to_owned()
    }

    fn flat() -> Vec<Flat> {
        vec![Flat::I32]
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        let definition = "(flags \"read\" \"write\" \"execute\")";
        define(definitions, "permissions", definition.to_owned());
    }
}

impl Wit for Shape {
    fn wit() -> String {
        "$shape".to_owned()
    }

    fn flat() -> Vec<Flat> {
        let colored = <(Color, Option<Permissions>)>::flat();
        variant(&[f32::flat(), Vec::<Point>::flat(), Vec::new(), u64::flat(), colored])
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        Point::define(definitions);
        Color::define(definitions);
        Permissions::define(definitions);
        let definition = "(variant (case \"circle\" f32) (case \"polygon\" (list $point)) \
             (case \"empty\") (case \"id\" u64) \
             (case \"colored\" (tuple $color (option $permissions))))";
        define(definitions, "shape", definition.to_owned());
    }
}

impl<A: Wit, B: Wit> Wit for Pair<A, B> {
    fn wit() -> String {
        "$pair".to_owned()
    }

    fn flat() -> Vec<Flat> {
        [A::flat(), B::flat()].concat()
    }

    fn define(definitions: &mut Vec<(String, String)>) {
        A::define(definitions);
        B::define(definitions);
        let definition =
            format!("(record (field \"first\" {}) (field \"second\" {}))", A::wit(), B::wit());
        define(definitions, "pair", definition);
    }
}

pub(crate) fn point() -> impl Strategy<Value = Point> {
    (any::<u8>(), -1e9..1e9, ".{0,12}").prop_map(|(x, y, label)| Point { x, y, label })
}

pub(crate) fn color() -> impl Strategy<Value = Color> {
    prop_oneof![Just(Color::Red), Just(Color::Green), Just(Color::Blue)]
}

pub(crate) fn permissions() -> impl Strategy<Value = Permissions> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(read, write, execute)| {
        let mut found = Permissions::empty();
        for (is, flag) in [
            (read, Permissions::READ),
            (write, Permissions::WRITE),
            (execute, Permissions::EXECUTE),
        ] {
            if is {
                found |= flag;
            }
        }
        found
    })
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (-1e9_f32..1e9).prop_map(Shape::Circle),
        proptest::collection::vec(point(), 0..5).prop_map(Shape::Polygon),
        Just(Shape::Empty),
        any::<u64>().prop_map(Shape::Id),
        (color(), proptest::option::of(permissions())).prop_map(Shape::Colored),
    ]
}
