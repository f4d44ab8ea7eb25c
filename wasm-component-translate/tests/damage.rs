//! Damaged components give errors, and those that are still valid give plans that can be read.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use wasm_component::Plan;
use wasm_component_translate::translate;
use wasm_types::WasmFeatures;

/// The components under `plans/`.
fn components() -> &'static [Vec<u8>] {
    static COMPONENTS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    COMPONENTS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|file| file.extension().is_some_and(|ending| ending == "wat"));
        files.map(|file| wat::parse_file(file).unwrap()).collect()
    })
}

fn read(wasm: &[u8]) {
    if let Ok(translation) = translate(wasm, WasmFeatures::SUPPORTED) {
        let plan = Plan::parse(&translation.plan).unwrap();
        assert!(!format!("{:#}", plan.show()).contains("damaged"));
        assert_eq!(plan.modules().len(), translation.modules.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_give_errors(
        which in any::<usize>(),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
    ) {
        let components = components();
        let mut wasm = components[which % components.len()].clone();
        for (place, value) in changes {
            let place = place % wasm.len();
            wasm[place] = value;
        }
        read(&wasm);
    }

    /// Small numbers are indices and kinds that exist elsewhere.
    #[test]
    fn small_changes_give_errors(
        which in any::<usize>(),
        changes in proptest::collection::vec((any::<usize>(), 0_u8..8), 1..3),
    ) {
        let components = components();
        let mut wasm = components[which % components.len()].clone();
        for (place, value) in changes {
            let place = place % wasm.len();
            wasm[place] = value;
        }
        read(&wasm);
    }

    #[test]
    fn cut_components_give_errors(which in any::<usize>(), len in any::<usize>()) {
        let components = components();
        let wasm = &components[which % components.len()];
        let len = len % wasm.len();
        prop_assert!(translate(&wasm[..len], WasmFeatures::SUPPORTED).is_err() || len >= 8);
        read(&wasm[..len]);
    }
}
