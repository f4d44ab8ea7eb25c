//! What the tests share.

use wasm_component::{Initializer, Item, Items, Plan};
use wasm_component_translate::Translation;
use wasm_types::WasmFeatures;

/// Reads everything that a plan has, and checks that its modules are valid.
pub(crate) fn check(translation: &Translation<'_>) {
    let plan = Plan::parse(&translation.plan).unwrap();
    assert_eq!(plan.modules().len(), translation.modules.len());
    for (module, wasm) in plan.modules().iter().zip(&translation.modules) {
        if module.unwrap().adapter {
            validate(wasm).unwrap();
        }
    }
    items(plan.imports().unwrap());
    items(plan.exports().unwrap());
    let mut instances = 0;
    for step in plan.initializers().iter() {
        match step.unwrap() {
            Initializer::InstantiateModule { instance, args, module } => {
                assert_eq!(instance.index(), instances);
                instances += 1;
                let wasm = &translation.modules[module.index()];
                let module = wasm_types::Module::parse(wasm, WasmFeatures::SUPPORTED).unwrap();
                assert_eq!(module.imports.len(), args.len());
                for (arg, import) in args.iter().zip(&module.imports) {
                    let arg = arg.unwrap();
                    assert_eq!((arg.module, arg.name), (&*import.module, &*import.name));
                }
            }
            Initializer::InstantiateImportedModule { instance, args, .. } => {
                assert_eq!(instance.index(), instances);
                instances += 1;
                assert!(args.iter().all(|arg| arg.is_ok()));
            }
            _ => {}
        }
    }
    assert_eq!(plan.core_instance_count(), instances);
    assert!(!format!("{:#}", plan.show()).contains("damaged"));
}

/// Validates a core module.
pub(crate) fn validate(wasm: &[u8]) -> wasmparser::Result<()> {
    let features = wasmparser::WasmFeatures::from(WasmFeatures::SUPPORTED);
    wasmparser::Validator::new_with_features(features).validate_all(wasm).map(drop)
}

fn items(items: Items<'_>) {
    for item in items.iter() {
        let item = item.unwrap();
        assert!(items.find_exact(item.name).unwrap().is_some(), "{}", item.name);
        if let Item::Instance(inside) = item.item {
            self::items(inside);
        }
    }
}
