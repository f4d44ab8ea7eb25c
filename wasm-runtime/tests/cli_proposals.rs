//! The command line allows and refuses proposals.

mod command_line;

use command_line::Workspace;

const WIDE: &str = r#"(module (func (export "square") (param i64) (result i64 i64)
    (i64.mul_wide_u (local.get 0) (local.get 0))))"#;

const SMALL: &str = r#"(module (memory $bytes 3 (pagesize 1))
    (func (export "size") (result i32) (memory.size)))"#;

const HINTED: &str = r#"(module (func (export "run") (param i32) (result i32)
    local.get 0
    (@metadata.code.branch_hint "\00") if (return (i32.const 7)) end
    i32.const 8))"#;

#[test]
fn a_proposal_is_allowed_where_code_is_compiled_and_where_it_runs() {
    let workspace = Workspace::new().with("wide.wat", WIDE).with("small.wat", SMALL);
    let square = ["--invoke", "square", "wide.wat", "4294967296"];
    workspace.run(&[&["run"][..], &square].concat()).exits_with(1).complains("`-W PROPOSAL`");
    for allowed in ["wide-arithmetic", "wide-arithmetic=y", "all-proposals", "simd=n,all-proposals"]
    {
        let run = [&["run", "-W", allowed][..], &square].concat();
        workspace.run(&run).exits_with(0).says("0\n1\n");
    }
    let refused = ["run", "-W", "wide-arithmetic,wide-arithmetic=n"];
    workspace.run(&[&refused[..], &square].concat()).exits_with(1).complains("switched off");

    let refused = workspace.run(&["compile", "small.wat"]).exits_with(1);
    refused.complains("custom-page-sizes").complains("`-W PROPOSAL`");
    workspace.run(&["compile", "--wasm", "custom-page-sizes", "small.wat"]).exits_with(0);
    let size = ["--invoke", "size", "small.cwasm"];
    let refused = workspace.run(&[&["run"][..], &size].concat()).exits_with(1);
    refused.complains("custom-page-sizes").complains("`-W PROPOSAL`");
    let run = [&["run", "-W", "custom-page-sizes"][..], &size].concat();
    workspace.run(&run).exits_with(0).says("3\n");
}

#[test]
fn shared_memories_are_allowed_where_they_are_made() {
    let shared = r#"(module (memory 1 2 shared)
        (func (export "add") (param i32) (result i32)
            (drop (i32.atomic.rmw.add (i32.const 0) (local.get 0)))
            (i32.atomic.load (i32.const 0))))"#;
    let workspace = Workspace::new().with("shared.wat", shared);
    workspace.run(&["compile", "shared.wat"]).exits_with(0);
    for file in ["shared.wat", "shared.cwasm"] {
        let add = ["--invoke", "add", file, "7"];
        let refused = workspace.run(&[&["run"][..], &add].concat()).exits_with(1);
        refused.complains("`-W shared-memory`");
        let run = [&["run", "-W", "shared-memory"][..], &add].concat();
        workspace.run(&run).exits_with(0).says("7\n");
        let refused = [&["run", "-W", "shared-memory,threads=n"][..], &add].concat();
        workspace.run(&refused).exits_with(1).complains("threads");
    }
}

#[test]
fn modules_are_inspected_whatever_is_allowed() {
    let workspace = Workspace::new().with("small.wat", SMALL);
    workspace.run(&["inspect", "small.wat"]).exits_with(0).says("3 (pagesize 1), `bytes`");
    workspace.run(&["compile", "-W", "custom-page-sizes", "small.wat"]).exits_with(0);
    let table = ["inspect", "--table", "memories", "small.cwasm"];
    workspace.run(&table).exits_with(0).says("(pagesize 1)").says(r#", "bytes""#);
}

#[test]
fn hints_are_followed_if_that_is_wanted() {
    let workspace = Workspace::new().with("hinted.wat", HINTED);
    let clif = ["clif", "--raw", "hinted.wat"];
    let plain = workspace.run(&clif).exits_with(0).stdout();
    assert!(!plain.contains("cold"), "{plain}");
    let hinted = workspace.run(&[&clif[..], &["-W", "branch-hinting"]].concat()).exits_with(0);
    hinted.says("cold");
    let run = ["run", "-W", "branch-hinting", "--invoke", "run", "hinted.wat", "1"];
    workspace.run(&run).exits_with(0).says("7\n");
}

#[test]
fn proposals_that_are_not_known_are_told() {
    let workspace = Workspace::new().with("wide.wat", WIDE);
    for wrong in ["wide", "WIDE-ARITHMETIC", "", "custom-descriptors"] {
        let run = workspace.run(&["compile", "-W", wrong, "wide.wat"]).exits_with(2);
        run.complains("wide-arithmetic");
    }
    let run = workspace.run(&["compile", "-W", "simd=maybe", "wide.wat"]).exits_with(2);
    run.complains("`simd=y`");
}
