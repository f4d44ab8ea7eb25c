//! Random types and values go from the host to a component, from there to another, and back.

use proptest::prelude::*;
use wasm_runtime::Engine;
use wasm_tests::echo;

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn values_come_back(input in prop::collection::vec(any::<u8>(), 0..500)) {
        let engine = Engine::default();
        if let Err(error) = echo::check(&engine, &input) {
            panic!("{error:?}");
        }
    }
}
