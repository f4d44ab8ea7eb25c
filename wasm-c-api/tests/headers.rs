//! The headers declare what Wasmtime's declare, with the same layouts, and the library has it all.

mod support;

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use support::{compiler, library_directory, output, reference_headers, root};

/// All functions of the API, as `symbols.txt` has them.
fn symbols() -> BTreeSet<String> {
    let list = fs::read_to_string(root().join("symbols.txt")).expect("the list is there");
    list.lines().map(str::to_owned).collect()
}

/// Functions that Wasmtime's library has and its headers do not declare.
const UNDECLARED: [&str; 4] = [
    "wasmtime_component_fixed_length_list_type_clone",
    "wasmtime_component_fixed_length_list_type_delete",
    "wasmtime_component_fixed_length_list_type_element",
    "wasmtime_component_fixed_length_list_type_equal",
];

#[test]
fn the_library_has_all_functions() {
    let symbols = symbols();
    assert_eq!(symbols.len(), 762);
    let path = library_directory().join("libwasm_c_api.so");
    let path = CString::new(path.as_os_str().as_bytes()).expect("paths have no zeros");
    // SAFETY: the library is this crate's own, and its initialisers only register a compiler.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    assert!(!library.is_null(), "the library can't be loaded");
    let missing: Vec<_> = symbols
        .iter()
        .filter(|name| {
            let name = CString::new(name.as_str()).expect("names have no zeros");
            // SAFETY: the library is loaded, and the name ends with a zero.
            unsafe { libc::dlsym(library, name.as_ptr()) }.is_null()
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The functions that headers declare, by the preprocessor: name and everything before it.
fn declared(cc: &str, headers: &Path) -> BTreeSet<(String, String)> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("all.c");
    let text = "#define WASM_API_EXTERN EXPORTED\n#define WASI_API_EXTERN EXPORTED\n\
                #include <wasm.h>\n#include <wasi.h>\n#include <wasmtime.h>\n";
    fs::write(&file, text).expect("it is written");
    let text = output(Command::new(cc).args(["-E", "-P", "-I"]).arg(headers).arg(&file));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split("EXPORTED ")
        .skip(1)
        .filter_map(|declaration| {
            let before = declaration.split('(').next()?.trim();
            let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_')? + 1;
            let result = before[..start].replace(' ', "");
            Some((before[start..].to_owned(), result))
        })
        .collect()
}

#[test]
fn the_headers_declare_all_functions() {
    let Some(cc) = compiler() else { return };
    let declared: BTreeSet<String> =
        declared(cc, &root().join("include")).into_iter().map(|(name, _)| name).collect();
    let missing: Vec<_> = symbols()
        .into_iter()
        .filter(|name| !declared.contains(name) && !UNDECLARED.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Wasmtime's headers, with the one that its build makes.
fn prepared_reference() -> Option<tempfile::TempDir> {
    let headers = reference_headers()?;
    let directory = tempfile::tempdir().expect("a directory");
    output(
        Command::new("cp").arg("-r").arg(format!("{}/.", headers.display())).arg(directory.path()),
    );
    let template = fs::read_to_string(headers.join("wasmtime/conf.h.in")).expect("it is there");
    let configured = template.replace("#cmakedefine ", "#define ");
    fs::write(directory.path().join("wasmtime/conf.h"), configured).expect("it is written");
    Some(directory)
}

#[test]
fn declarations_are_those_of_wasmtime() {
    let (Some(cc), Some(reference)) = (compiler(), prepared_reference()) else { return };
    let (ours, theirs) = (declared(cc, &root().join("include")), declared(cc, reference.path()));
    let difference: Vec<_> = ours.symmetric_difference(&theirs).collect();
    assert!(difference.is_empty(), "{difference:?}");
}

/// What of each structure is compared: its size, alignment, and the places of these fields.
const LAYOUTS: &[(&str, &[&str])] = &[
    ("wasm_byte_vec_t", &["size", "data"]),
    ("wasm_limits_t", &["min", "max"]),
    ("wasm_val_t", &["kind", "of"]),
    ("wasm_val_vec_t", &["size", "data"]),
    ("wasmtime_func_t", &["store_id", "__private"]),
    ("wasmtime_table_t", &["store_id", "__private1", "__private2"]),
    ("wasmtime_memory_t", &["store_id", "__private1", "__private2"]),
    ("wasmtime_global_t", &["store_id", "__private1", "__private2", "__private3"]),
    ("wasmtime_tag_t", &["store_id", "__private1", "__private2"]),
    ("wasmtime_instance_t", &["store_id", "__private"]),
    ("wasmtime_extern_t", &["kind", "of"]),
    ("wasmtime_extern_union_t", &["func", "sharedmemory"]),
    ("wasmtime_anyref_t", &["store_id", "__private1", "__private2", "__private3"]),
    ("wasmtime_externref_t", &["store_id", "__private1", "__private2", "__private3"]),
    ("wasmtime_exnref_t", &["store_id", "__private3"]),
    ("wasmtime_eqref_t", &["store_id", "__private3"]),
    ("wasmtime_structref_t", &["store_id", "__private3"]),
    ("wasmtime_arrayref_t", &["store_id", "__private3"]),
    ("wasmtime_val_t", &["kind", "of"]),
    ("wasmtime_valunion_t", &["i32", "v128", "funcref", "externref"]),
    ("wasmtime_val_raw_t", &["i32", "v128", "funcref"]),
    ("wasmtime_heaptype_t", &["kind", "of"]),
    ("wasmtime_reftype_t", &["nullable", "heaptype"]),
    ("wasmtime_valtype_t", &["kind", "reftype"]),
    ("wasmtime_storage_type_t", &["kind", "valtype"]),
    ("wasmtime_field_type_t", &["mutable_", "storage"]),
    ("wasmtime_linear_memory_t", &["env", "get_memory", "grow_memory", "finalizer"]),
    ("wasmtime_memory_creator_t", &["env", "new_memory", "finalizer"]),
    ("wasmtime_stack_creator_t", &["env", "new_stack", "finalizer"]),
    ("wasmtime_async_continuation_t", &["callback", "env", "finalizer"]),
    ("wasmtime_guestprofiler_modules_t", &["name", "mod"]),
    ("wasmtime_component_func_t", &["store_id", "__private1", "__private2"]),
    ("wasmtime_component_instance_t", &["store_id", "__private"]),
    ("wasmtime_component_val_t", &["kind", "of"]),
    ("wasmtime_component_valunion_t", &["boolean", "list", "variant", "result", "resource"]),
    ("wasmtime_component_valrecord_entry_t", &["name", "val"]),
    ("wasmtime_component_valmap_entry_t", &["key", "value"]),
    ("wasmtime_component_valvariant_t", &["discriminant", "val"]),
    ("wasmtime_component_valresult_t", &["is_ok", "val"]),
    ("wasmtime_component_valtype_t", &["kind", "of"]),
    ("wasmtime_component_item_t", &["kind", "of"]),
];

/// What a C compiler says of the layouts, with the given headers.
fn layouts(cc: &str, headers: &Path) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let mut text = "#include <stdio.h>\n#include <stddef.h>\n#include <stdalign.h>\n\
                    #include <wasmtime.h>\nint main(void) {\n"
        .to_owned();
    for (name, fields) in LAYOUTS {
        text += &format!("printf(\"{name} %zu %zu\", sizeof({name}), alignof({name}));\n");
        for field in *fields {
            text += &format!("printf(\" {field} %zu\", offsetof({name}, {field}));\n");
        }
        text += "printf(\"\\n\");\n";
    }
    text += "return 0; }\n";
    let (file, program) = (directory.path().join("layouts.c"), directory.path().join("layouts"));
    fs::write(&file, text).expect("it is written");
    output(Command::new(cc).arg("-I").arg(headers).arg(&file).arg("-o").arg(&program));
    output(&mut Command::new(program))
}

#[test]
fn layouts_are_those_of_wasmtime() {
    let (Some(cc), Some(reference)) = (compiler(), prepared_reference()) else { return };
    assert_eq!(layouts(cc, &root().join("include")), layouts(cc, reference.path()));
}

#[test]
fn handles_have_the_sizes_that_bindings_count_on() {
    let Some(cc) = compiler() else { return };
    let layouts = layouts(cc, &root().join("include"));
    for line in ["wasmtime_global_t 24 8", "wasmtime_table_t 24 8", "wasmtime_val_t 32 8"] {
        assert!(layouts.contains(line), "{line}");
    }
}

#[test]
fn each_header_stands_alone_in_c_and_is_read_by_a_cxx_compiler() {
    let Some(cc) = compiler() else { return };
    let include = root().join("include");
    let mut directories = vec![include.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("it is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let mut command = Command::new(cc);
            command.args([
                "-std=c11",
                "-Wall",
                "-Werror",
                "-Wno-unused",
                "-fsyntax-only",
                "-x",
                "c",
            ]);
            output(command.arg("-I").arg(&include).arg(&path));
        }
    }
    if Command::new("c++").arg("--version").output().is_ok() {
        let mut command = Command::new("c++");
        command.args(["-std=c++17", "-fsyntax-only", "-x", "c++", "-I"]).arg(&include);
        output(command.arg(include.join("wasmtime.h")));
    }
}
