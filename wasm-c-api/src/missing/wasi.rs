//! What the feature `wasi` has.

#![allow(unsafe_code)]

super::missing! {
    "this library was built without the feature `wasi`, which has it";
    errors {
        wasmtime_context_set_wasi
        wasmtime_linker_define_wasi
    }
    aborts {
        wasi_config_allow_ip_name_lookup
        wasi_config_inherit_argv
        wasi_config_inherit_env
        wasi_config_inherit_network
        wasi_config_inherit_stderr
        wasi_config_inherit_stdin
        wasi_config_inherit_stdout
        wasi_config_new
        wasi_config_preopen_dir
        wasi_config_set_argv
        wasi_config_set_env
        wasi_config_set_stderr_custom
        wasi_config_set_stderr_file
        wasi_config_set_stdin_bytes
        wasi_config_set_stdin_file
        wasi_config_set_stdout_custom
        wasi_config_set_stdout_file
    }
    refuses {}
    deletes {
        wasi_config_delete
    }
    elsewhere {}
}
