use syn::parse_str;

use super::{component_type, lift, lower};

fn refusal(input: &str) -> String {
    let input = parse_str(input).expect("this is Rust");
    match component_type(&input) {
        Ok(tokens) => panic!("this was to be refused: {tokens}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn derives_name_the_api_they_are_told() {
    let input = parse_str(
        "#[component(variant)] #[component(crate = my::api)]
         enum Either<A, B> { #[component(name = \"left\")] Left(A), Right(B), Neither }",
    )
    .expect("this is Rust");
    for derive in [component_type, lift, lower] {
        let text = derive(&input).expect("it is a variant").to_string();
        assert!(text.contains("my :: api ::") && !text.contains("wasm_runtime"), "{text}");
        assert!(!text.contains("unsafe"), "{text}");
    }
    let names = component_type(&input).expect("it is a variant").to_string();
    assert!(names.contains("\"left\"") && names.contains("\"Right\""), "{names}");
}

#[test]
fn what_is_no_type_of_a_component_is_explained() {
    for (input, said) in [
        ("struct A { a: u8 }", "say which type"),
        ("#[component(record)] #[component(enum)] struct A { a: u8 }", "said once"),
        ("#[component(record)] struct A(u8);", "have names"),
        ("#[component(record)] enum A { B }", "is a `struct` in Rust"),
        ("#[component(variant)] struct A { a: u8 }", "is an `enum` in Rust"),
        ("#[component(enum)] enum A {}", "at least one case"),
        ("#[component(enum)] enum A { B(u8) }", "have no values"),
        ("#[component(enum)] enum A { B = 3 }", "are their places"),
        ("#[component(variant)] enum A { B(u8, u8) }", "at most one value"),
        ("#[component(variant)] enum A { B { b: u8 } }", "at most one value"),
        ("#[component(flags)] struct A { a: u8 }", "made by the macro `flags!`"),
        (
            "#[component(record)] struct A { #[component(name = \"a\")] #[component(name = \"b\")] a: u8 }",
            "a name already",
        ),
    ] {
        let error = refusal(input);
        assert!(error.contains(said), "{input}: {error}");
    }
}
