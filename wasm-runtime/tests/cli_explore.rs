//! The commands that read machine code: `objdump` and `explore`.

mod command_line;

use command_line::Workspace;

const DIVIDE: &str = r#"(module
    (func $divide (export "divide") (param i32 i32) (result i32)
        (i32.div_s (local.get 0) (local.get 1)))
    (func $other (export "other") (result i32) (i32.const 7)))"#;

#[test]
fn machine_code_is_shown_with_where_it_comes_from() {
    let workspace = Workspace::new().with("divide.wat", DIVIDE);
    for target in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        let compile = ["compile", "--target", target, "divide.wat", "-o", "d.cwasm"];
        let compiled = workspace.run(&compile);
        if compiled.stderr().contains("all-arch") {
            continue;
        }
        compiled.exits_with(0);
        let all = ["objdump", "--addresses", "--bytes", "--address-map", "--traps", "d.cwasm"];
        let shown = workspace.run(&all).exits_with(0);
        let shown = shown.says("wasm[0]::divide:").says("wasm[1]::other:").says(";; module offset");
        shown.says("trap: ").says("ret");
        let one = workspace.run(&["objdump", "--filter", "oth*", "d.cwasm"]).exits_with(0);
        assert!(!one.says("other").stdout().contains("divide"));
    }
    workspace.run(&["objdump", "divide.wat"]).exits_with(1).complains("explore");
}

#[test]
fn a_page_shows_a_module_beside_its_code() {
    let workspace = Workspace::new().with("divide.wat", DIVIDE);
    workspace.run(&["explore", "divide.wat"]).exits_with(0);
    let page = std::fs::read_to_string(workspace.path("divide.explore.html")).unwrap();
    assert!(page.contains("i32.div_s") && page.contains("<h2>function 0 (divide)</h2>"));
    // The division has a line on both sides.
    let line = page.lines().find(|line| line.contains("i32.div_s")).unwrap();
    let at = line.split('"').nth(1).unwrap();
    let marked = format!("data-at=\"{at}\"");
    let (wasm, code) = page.split_once("<main id=\"code\">").unwrap();
    assert!(wasm.contains(&marked) && code.contains(&marked), "{marked}");
    let printed = workspace.run(&["explore", "divide.wat", "-o", "-"]).exits_with(0);
    assert_eq!(printed.stdout(), page);
}

const COMPONENT: &str = r#"(component
    (core module $a (func $one (export "one") (param i32) (result i32)
        (i32.add (local.get 0) (i32.const 1))))
    (core instance $a (instantiate $a))
    (core module $b
        (import "a" "one" (func $one (param i32) (result i32)))
        (func $two (export "two") (param i32) (result i32)
            (call $one (call $one (local.get 0)))))
    (core instance $b (instantiate $b (with "a" (instance $a))))
    (func (export "two") (param "x" s32) (result s32) (canon lift (core func $b "two"))))"#;

#[cfg(feature = "component")]
#[test]
fn components_are_shown_module_by_module() {
    let workspace = Workspace::new().with("two.wat", COMPONENT);
    workspace.run(&["compile", "two.wat", "-o", "two.cwasm"]).exits_with(0);
    let shown = workspace.run(&["objdump", "--traps", "two.cwasm"]).exits_with(0);
    shown.says("module[0]::wasm[0]::one:").says("module[1]::wasm[1]::two:").says("ret");
    let one = workspace.run(&["objdump", "--filter", "one", "two.cwasm"]).exits_with(0);
    assert!(!one.stdout().contains("two"));
    workspace.run(&["objdump", "two.wat"]).exits_with(1).complains("explore");

    workspace.run(&["explore", "two.wat"]).exits_with(0);
    let page = std::fs::read_to_string(workspace.path("two.explore.html")).unwrap();
    let (wasm, code) = page.split_once("<main id=\"code\">").unwrap();
    for (module, function) in [(0, "one"), (1, "two")] {
        let title = format!("<h1>module {module}</h1>");
        assert!(wasm.contains(&title) && code.contains(&title), "{page}");
        assert!(code.contains(&format!("({function})</h2>")));
        // Places of different modules are different.
        let marked = format!("data-at=\"{module}-");
        assert!(wasm.contains(&marked) && code.contains(&marked), "{marked}");
    }
    workspace.run(&["explore", "two.cwasm"]).exits_with(1).complains("compiled already");
}
