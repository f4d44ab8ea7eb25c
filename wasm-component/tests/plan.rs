//! Plans are read as they were made, and damaged ones give errors.

use proptest::prelude::*;
use wasm_component::write::{CoreItemDecl, CoreItemDeclType, ItemTree, PlanBuilder};
use wasm_component::{
    AdapterTrap, Arg, Builtin, CoreDef, CoreExport, CoreInstanceIndex, CoreKind, ErrorKind,
    Initializer, InterfaceType, Intrinsic, Item, Items, Lowering, Note, Options, OptionsIndex,
    Plan, ResourceOrigin, StaticModule, StringEncoding, Trampoline, TrampolineIndex,
};
use wasm_types::{MemoryType, ValType};

/// A plan with something of everything.
/// What is said of imports and exports.
const NOTES: [Note<'static>; 3] = [
    Note {
        is_export: false,
        path: "a:b/streams@0.2.9",
        implements: Some("c:d/streams"),
        external_id: None,
    },
    Note {
        is_export: false,
        path: "a:b/streams@0.2.9\nread",
        implements: None,
        external_id: Some(""),
    },
    Note { is_export: true, path: "z", implements: None, external_id: Some("the last") },
];

fn example() -> Vec<u8> {
    let mut builder = PlanBuilder::new();
    let instance = builder.component_instance().unwrap();
    let module = builder.module(&StaticModule { name: "main", adapter: false }).unwrap();
    let func = builder.import().unwrap();
    let import = builder.import().unwrap();
    let stream = builder.resource(ResourceOrigin::Imported(import), "stream").unwrap();
    let own = builder.resource(ResourceOrigin::Defined(instance), "").unwrap();

    let types = builder.types();
    let point = types.record(&[("x", InterfaceType::U8), ("y", InterfaceType::U64)]).unwrap();
    let list = types.list(point).unwrap();
    let error = types.enumeration(&["a", "b"]).unwrap();
    let result = types.result(Some(list), Some(error)).unwrap();
    let ty = types.func(&[("s", InterfaceType::Borrow(stream))], Some(result)).unwrap();

    let memory = MemoryType {
        minimum: 1,
        maximum: Some(2),
        memory64: false,
        shared: false,
        page_size_log2: 16,
    };
    let module_type = builder
        .module_type(
            &[CoreItemDecl {
                module: "env",
                name: "f",
                ty: CoreItemDeclType::Func {
                    params: vec![ValType::I32, ValType::EXTERNREF],
                    results: vec![],
                },
            }],
            &[CoreItemDecl { module: "", name: "m", ty: CoreItemDeclType::Memory(memory) }],
        )
        .unwrap();

    let options = Options {
        instance,
        encoding: StringEncoding::Utf16,
        memory: None,
        realloc: None,
        post_return: None,
    };
    let options = builder.options(&options).unwrap();
    let lowering = builder.lower_import(&Lowering { import: func, ty, options }).unwrap();
    let lowered = builder.trampoline(Trampoline::LowerImport { lowering }).unwrap();
    let args = [
        Arg { module: "env", name: "read", def: CoreDef::Trampoline(lowered) },
        Arg { module: "env", name: "flags", def: CoreDef::InstanceFlags(instance) },
    ];
    let core = builder.instantiate_module(module, &args).unwrap();
    let export = |kind, name| CoreDef::Export(CoreExport { instance: core, kind, name });
    let memory = builder.extract_memory(&export(CoreKind::Memory, "memory")).unwrap();
    let realloc = builder.extract_realloc(&export(CoreKind::Func, "realloc")).unwrap();
    let post_return = builder.extract_post_return(&export(CoreKind::Func, "post")).unwrap();
    builder.define_resource(own, instance, Some(&export(CoreKind::Func, "drop"))).unwrap();
    let with_memory = Options {
        instance,
        encoding: StringEncoding::Utf8,
        memory: Some(memory),
        realloc: Some(realloc),
        post_return: Some(post_return),
    };
    let with_memory = builder.options(&with_memory).unwrap();
    for trampoline in [
        Trampoline::ResourceNew { resource: own, instance },
        Trampoline::ResourceTransferBorrow { resource: own, from: instance, to: instance },
        Trampoline::Trap { code: AdapterTrap::CannotEnter },
        Trampoline::ContextGet { slot: 1, instance },
        Trampoline::ContextSet { slot: 0, instance },
        Trampoline::BackpressureInc { instance },
        Trampoline::BackpressureDec { instance },
        Trampoline::Unavailable { builtin: Builtin::TaskReturn, instance, ty },
        Trampoline::Intrinsic(Intrinsic::StoreDataAddress),
        Trampoline::Intrinsic(Intrinsic::Access { bits: 16, writes: true, checks: true }),
    ] {
        builder.trampoline(trampoline).unwrap();
    }

    let inside = vec![
        ("stream", ItemTree::Resource(stream)),
        ("read", ItemTree::ImportedFunc { import: func, ty }),
    ];
    builder
        .imports(&[
            ("a:b/streams@0.2.9", ItemTree::Instance(inside)),
            ("a:b/point@1.0.0", ItemTree::Type(point)),
        ])
        .unwrap();
    for note in NOTES {
        builder.note(&note).unwrap();
    }
    let lifted = |def| ItemTree::LiftedFunc { def, ty, options: with_memory };
    let inside = vec![("run", lifted(export(CoreKind::Func, "run")))];
    builder
        .exports(&[
            ("z", ItemTree::StaticModule { module, ty: module_type }),
            ("a", ItemTree::Instance(inside)),
            ("m", ItemTree::Resource(own)),
        ])
        .unwrap();
    builder.finish().unwrap()
}

#[test]
fn plans_are_read_as_they_were_made() {
    let bytes = example();
    let plan = Plan::parse(&bytes).unwrap();
    let notes: Vec<_> = plan.notes().collect::<Result<_, _>>().unwrap();
    assert_eq!(notes, NOTES);
    let shown = format!("{:#}", plan.show());
    let expected = r#"import a:b/streams@0.2.9: interface {
  resource stream;
  read: func(s: borrow<stream>) -> result<list<record { x: u8, y: u64 }>, enum { a, b }>;
}
import record a:b/point@1.0.0 { x: u8, y: u64 }
export z: core module {
  import "env" "f": func(i32, externref) -> ();
  export "m": memory 1 2;
}
export a: interface {
  run: func(s: borrow<stream>) -> result<list<record { x: u8, y: u64 }>, enum { a, b }>;
}
export resource m;
module 0 $main
trampoline 0: lowering 0 of import 0 (a:b/streams@0.2.9#read) (component instance 0, utf16): (i32, i32) -> ()
trampoline 1: resource.new of resource 1 in component instance 0: (i32) -> (i32)
trampoline 2: transfer of borrowed handles of resource 1 from component instance 0 to 0: (i32) -> (i32)
trampoline 3: trap: cannot enter component instance: () -> ()
trampoline 4: context.get 1 of component instance 0: () -> (i32)
trampoline 5: context.set 0 of component instance 0: (i32) -> ()
trampoline 6: backpressure.inc of component instance 0: () -> ()
trampoline 7: backpressure.dec of component instance 0: () -> ()
trampoline 8: task.return of component instance 0, not supported: (i32, i32) -> ()
trampoline 9: store-data-address of the host's memory: () -> (i64)
trampoline 10: u16-checked-native-store of the host's memory: (i64, i64, i64, i32) -> ()
step 0: lowering 0
step 1: core instance 0 = module 0
  "env" "read" = trampoline 0
  "env" "flags" = flags of component instance 0
step 2: memory 0 = core instance 0 memory "memory"
step 3: realloc 0 = core instance 0 func "realloc"
step 4: post-return 0 = core instance 0 func "post"
step 5: resource 1 of component instance 0, destroyed by core instance 0 func "drop"
lifted run = core instance 0 func "run" (component instance 0, utf8, memory 0, realloc 0, post-return 0)
"#;
    assert_eq!(shown, expected);
    let names = |items: Items<'_>| -> Vec<String> {
        items.iter().map(|item| item.unwrap().name.to_owned()).collect()
    };
    // In the order in which they were declared, and found by name.
    assert_eq!(names(plan.exports().unwrap()), ["z", "a", "m"]);
    assert!(matches!(plan.exports().unwrap().find("m").unwrap(), Some(Item::Resource(_))));
    assert!(plan.exports().unwrap().find("b").unwrap().is_none());
    let imports = plan.imports().unwrap();
    assert!(imports.find_exact("a:b/streams@0.2.0").unwrap().is_none());
    for name in ["a:b/streams@0.2.9", "a:b/streams@0.2.0", "a:b/streams@0.2.12"] {
        assert!(matches!(imports.find(name).unwrap(), Some(Item::Instance(_))), "{name}");
    }
    for name in ["a:b/streams@0.3.0", "a:b/streams", "a:b/stream@0.2.9"] {
        assert!(imports.find(name).unwrap().is_none(), "{name}");
    }
}

#[test]
fn other_bytes_are_refused() {
    assert_eq!(Plan::parse(b"").unwrap_err().kind(), ErrorKind::NotAPlan);
    let bytes = example();
    for len in 0..bytes.len() {
        assert!(Plan::parse(&bytes[..len]).is_err());
    }
    let mut newer = bytes.clone();
    newer[8] = 99;
    assert!(Plan::parse(&newer).unwrap_err().to_string().contains("version 99"));
}

/// A number of the plan, by its offset.
fn number(bytes: &mut [u8], offset: usize) -> &mut [u8] {
    &mut bytes[offset..offset + 4]
}

#[test]
fn counts_without_steps_are_refused() {
    let bytes = example();
    // Core instances, component instances, memories, `realloc`s and `post-return`s.
    for place in 0..5 {
        let mut bytes = bytes.clone();
        number(&mut bytes, 16 + 4 * place).copy_from_slice(&0x0100_0000_u32.to_le_bytes());
        let error = Plan::parse(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{place}");
    }
}

#[test]
fn instances_with_the_same_items_are_refused() {
    // Each instance has two, the second of which is empty.
    let mut tree = ItemTree::Instance(Vec::new());
    for _ in 0..25 {
        tree = ItemTree::Instance(vec![("a", tree), ("b", ItemTree::Instance(Vec::new()))]);
    }
    let mut builder = PlanBuilder::new();
    builder.component_instance().unwrap();
    builder.exports(&[("e", tree)]).unwrap();
    let mut bytes = builder.finish().unwrap();
    assert!(!format!("{:#}", Plan::parse(&bytes).unwrap().show()).contains("damaged"));
    // Now it has the items of the first one, so that there are twice as many on each level.
    let items = u32::from_le_bytes(number(&mut bytes, 100).try_into().unwrap()) as usize;
    let len = u32::from_le_bytes(number(&mut bytes, 104).try_into().unwrap()) as usize;
    let range = items + 12..items + 20;
    for first in (1..len / 32).step_by(2) {
        let first = range.start + 32 * first..range.end + 32 * first;
        bytes.copy_within(first.clone(), first.start + 32);
    }
    assert!(format!("{:#}", Plan::parse(&bytes).unwrap().show()).contains("damaged"));
}

/// Reads all that is there, whatever is wrong with it.
fn read_all(plan: Plan<'_>) {
    let _ = format!("{:#}", plan.show());
    for number in 0..plan.options_count() as u32 {
        let _ = plan.options(OptionsIndex::new(number));
    }
    for number in 0..plan.trampoline_count() as u32 {
        let _ = plan.trampoline_signature(TrampolineIndex::new(number));
    }
    for step in plan.initializers().iter() {
        if let Ok(Initializer::InstantiateModule { args, .. }) = step {
            args.iter().for_each(|arg| _ = arg);
        }
    }
    let _ = plan.types().func(wasm_component::FuncTypeIndex::new(u32::MAX));
    let _ = CoreInstanceIndex::new(0);
}

proptest! {
    #[test]
    fn damage_gives_errors(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
        let mut bytes = example();
        for (place, value) in changes {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        if let Ok(plan) = Plan::parse(&bytes) {
            read_all(plan);
        }
    }

    /// Numbers that are nearly right are what circles are made of.
    #[test]
    fn circles_give_errors(changes in proptest::collection::vec((any::<usize>(), 0_u8..32), 1..8)) {
        let mut bytes = example();
        for (place, value) in changes {
            let place = place % bytes.len() / 4 * 4;
            bytes[place] = value;
        }
        if let Ok(plan) = Plan::parse(&bytes) {
            read_all(plan);
        }
    }
}
