//! Random types and values go from the host to a component, from there to another, and back; and
//! whatever is in a memory is a value, or none.

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

    #[test]
    fn memories_mean_the_same_to_hosts_and_adapters(
        input in prop::collection::vec(any::<u8>(), 0..500),
    ) {
        let engine = Engine::default();
        if let Err(error) = echo::check_hostile(&engine, &input) {
            panic!("{error:?}");
        }
    }
}
