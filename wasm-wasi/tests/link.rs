//! The functions in a linker: their names, their types, and how they end a program.

#![cfg(feature = "store")]

use wasm_store::{Engine, FuncType, Linker, Store, Val, ValType};
use wasm_wasi::{I32Exit, WasiCtx, WasiCtxBuilder, add_to_linker, p0, p1};

/// The specification's signatures: parameters, with `i` for 32 bits and `I` for 64, and the
/// results.
const SIGNATURES: &[(&str, &str, &str)] = &[
    ("args_get", "ii", "i"),
    ("args_sizes_get", "ii", "i"),
    ("clock_res_get", "ii", "i"),
    ("clock_time_get", "iIi", "i"),
    ("environ_get", "ii", "i"),
    ("environ_sizes_get", "ii", "i"),
    ("fd_advise", "iIIi", "i"),
    ("fd_allocate", "iII", "i"),
    ("fd_close", "i", "i"),
    ("fd_datasync", "i", "i"),
    ("fd_fdstat_get", "ii", "i"),
    ("fd_fdstat_set_flags", "ii", "i"),
    ("fd_fdstat_set_rights", "iII", "i"),
    ("fd_filestat_get", "ii", "i"),
    ("fd_filestat_set_size", "iI", "i"),
    ("fd_filestat_set_times", "iIIi", "i"),
    ("fd_pread", "iiiIi", "i"),
    ("fd_prestat_dir_name", "iii", "i"),
    ("fd_prestat_get", "ii", "i"),
    ("fd_pwrite", "iiiIi", "i"),
    ("fd_read", "iiii", "i"),
    ("fd_readdir", "iiiIi", "i"),
    ("fd_renumber", "ii", "i"),
    ("fd_seek", "iIii", "i"),
    ("fd_sync", "i", "i"),
    ("fd_tell", "ii", "i"),
    ("fd_write", "iiii", "i"),
    ("path_create_directory", "iii", "i"),
    ("path_filestat_get", "iiiii", "i"),
    ("path_filestat_set_times", "iiiiIIi", "i"),
    ("path_link", "iiiiiii", "i"),
    ("path_open", "iiiiiIIii", "i"),
    ("path_readlink", "iiiiii", "i"),
    ("path_remove_directory", "iii", "i"),
    ("path_rename", "iiiiii", "i"),
    ("path_symlink", "iiiii", "i"),
    ("path_unlink_file", "iii", "i"),
    ("poll_oneoff", "iiii", "i"),
    ("proc_exit", "i", ""),
    ("proc_raise", "i", "i"),
    ("random_get", "ii", "i"),
    ("sched_yield", "", "i"),
    ("sock_accept", "iii", "i"),
    ("sock_recv", "iiiiii", "i"),
    ("sock_send", "iiiii", "i"),
    ("sock_shutdown", "ii", "i"),
];

fn types(letters: &str) -> impl Iterator<Item = ValType> {
    letters.chars().map(|letter| if letter == 'i' { ValType::I32 } else { ValType::I64 })
}

#[test]
fn names_and_types_are_those_of_the_specification() {
    let engine = Engine::default();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    add_to_linker(&mut linker, |wasi| wasi).unwrap();
    let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
    assert_eq!(SIGNATURES.len(), 46);
    for module in ["wasi_snapshot_preview1", "wasi_unstable"] {
        for (name, params, results) in SIGNATURES {
            let item = linker.get(&mut store, module, name);
            if (module, *name) == ("wasi_unstable", "sock_accept") {
                assert!(item.is_err());
                continue;
            }
            let func = item.unwrap().into_func().unwrap_or_else(|| panic!("no {name}"));
            let expected = FuncType::new(&engine, types(params), types(results));
            assert!(func.matches_ty(&store, &expected), "{module}::{name}: {:?}", func.ty(&store));
        }
    }
    assert_eq!(linker.iter(&mut store).count(), 46 + 45);
}

#[test]
fn one_version_can_be_had_alone() {
    let engine = Engine::default();
    let mut linker = Linker::<(u8, WasiCtx)>::new(&engine);
    p1::add_to_linker_sync(&mut linker, |data| &mut data.1).unwrap();
    assert!(p1::add_to_linker_sync(&mut linker, |data| &mut data.1).is_err());
    p0::add_to_linker_sync(&mut linker, |data| &mut data.1).unwrap();
}

fn call(module: &str, name: &str, params: &[Val]) -> wasm_store::Result<i32> {
    let engine = Engine::default();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    add_to_linker(&mut linker, |wasi| wasi).unwrap();
    let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
    let func = linker.get(&mut store, module, name)?.into_func().unwrap();
    let mut results = vec![Val::I32(-1); func.ty(&store).results().len()];
    func.call(&mut store, params, &mut results)?;
    Ok(results.first().and_then(Val::i32).unwrap_or(0))
}

#[test]
fn a_program_ends_with_an_error_that_has_its_status() {
    let error = call("wasi_snapshot_preview1", "proc_exit", &[Val::I32(3)]).unwrap_err();
    assert_eq!(error.downcast_ref::<I32Exit>(), Some(&I32Exit(3)));
    let error = call("wasi_unstable", "proc_raise", &[Val::I32(9)]).unwrap_err();
    assert_eq!(error.downcast::<I32Exit>().unwrap().process_exit_code(), 137);
    assert_eq!(call("wasi_unstable", "proc_raise", &[Val::I32(0)]).unwrap(), 0);
    assert_eq!(call("wasi_unstable", "proc_raise", &[Val::I32(99)]).unwrap(), 28);
}

#[test]
fn a_caller_without_memory_gets_an_error() {
    let error = call("wasi_snapshot_preview1", "sched_yield", &[]).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("sched_yield") && text.contains("memory named `memory`"), "{text}");
}
