//! What components get of WASI 0.2 by the options of the command line, and how they are observed.

mod command_line;

use command_line::Workspace;

/// Succeeds if it may bind a TCP socket to a port of 127.0.0.1 that the system chooses.
const BINDS: &str = r#"(component
    (import "wasi:sockets/network@0.2.0" (instance $network
        (export "network" (type $network (sub resource)))
        (type $code' (enum "unknown" "access-denied" "not-supported" "invalid-argument"
            "out-of-memory" "timeout" "concurrency-conflict" "not-in-progress" "would-block"
            "invalid-state" "new-socket-limit" "address-not-bindable" "address-in-use"
            "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted"
            "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
            "permanent-resolver-failure"))
        (export "error-code" (type $code (eq $code')))
        (type $family' (enum "ipv4" "ipv6"))
        (export "ip-address-family" (type $family (eq $family')))
        (type $ipv4' (tuple u8 u8 u8 u8))
        (export "ipv4-address" (type $ipv4 (eq $ipv4')))
        (type $ipv6' (tuple u16 u16 u16 u16 u16 u16 u16 u16))
        (export "ipv6-address" (type $ipv6 (eq $ipv6')))
        (type $socket4' (record (field "port" u16) (field "address" $ipv4)))
        (export "ipv4-socket-address" (type $socket4 (eq $socket4')))
        (type $socket6' (record (field "port" u16) (field "flow-info" u32) (field "address" $ipv6)
            (field "scope-id" u32)))
        (export "ipv6-socket-address" (type $socket6 (eq $socket6')))
        (type $address' (variant (case "ipv4" $socket4) (case "ipv6" $socket6)))
        (export "ip-socket-address" (type $address (eq $address')))))
    (alias export $network "network" (type $network-of))
    (alias export $network "error-code" (type $code))
    (alias export $network "ip-address-family" (type $family))
    (alias export $network "ip-socket-address" (type $address))
    (import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
        (alias outer 1 $network-of (type $n'))
        (export "network" (type $n (eq $n')))
        (export "instance-network" (func (result (own $n))))))
    (import "wasi:sockets/tcp@0.2.0" (instance $tcp
        (export "tcp-socket" (type $tcp-socket (sub resource)))
        (alias outer 1 $network-of (type $n'))
        (export "network" (type $n (eq $n')))
        (alias outer 1 $code (type $c'))
        (export "error-code" (type $c (eq $c')))
        (alias outer 1 $address (type $a'))
        (export "ip-socket-address" (type $a (eq $a')))
        (export "[method]tcp-socket.start-bind" (func (param "self" (borrow $tcp-socket))
            (param "network" (borrow $n)) (param "local-address" $a) (result (result (error $c)))))))
    (alias export $tcp "tcp-socket" (type $socket))
    (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
        (alias outer 1 $code (type $c'))
        (export "error-code" (type $c (eq $c')))
        (alias outer 1 $family (type $f'))
        (export "ip-address-family" (type $f (eq $f')))
        (alias outer 1 $socket (type $s'))
        (export "tcp-socket" (type $s (eq $s')))
        (export "create-tcp-socket" (func (param "address-family" $f)
            (result (result (own $s) (error $c)))))))
    (core module $libc (memory (export "memory") 1))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "memory" (core memory $memory))
    (alias export $create "create-tcp-socket" (func $create-socket))
    (alias export $instance-network "instance-network" (func $get-network))
    (alias export $tcp "[method]tcp-socket.start-bind" (func $start-bind))
    (core func $create' (canon lower (func $create-socket) (memory $memory)))
    (core func $network' (canon lower (func $get-network)))
    (core func $bind' (canon lower (func $start-bind) (memory $memory)))
    (core module $m
        (import "" "memory" (memory 1))
        (import "" "create" (func $create (param i32 i32)))
        (import "" "network" (func $network (result i32)))
        (import "" "bind" (func $bind
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
        (func (export "run") (result i32)
            (call $create (i32.const 0) (i32.const 0))
            ;; Without TCP there is no socket.
            (if (i32.load8_u (i32.const 0)) (then (return (i32.const 1))))
            (call $bind (i32.load (i32.const 4)) (call $network) (i32.const 0)
                (i32.const 0) (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 16))
            (if (i32.eqz (i32.load8_u (i32.const 16))) (then (return (i32.const 0))))
            ;; `access-denied`
            (if (i32.ne (i32.load8_u (i32.const 17)) (i32.const 1)) (then (unreachable)))
            (i32.const 1)))
    (core instance $i (instantiate $m (with "" (instance
        (export "memory" (memory $memory)) (export "create" (func $create'))
        (export "network" (func $network')) (export "bind" (func $bind'))))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance (export "wasi:cli/run@0.2.0") (export "run" (func $run))))"#;

#[test]
fn the_network_is_what_the_options_allow() {
    let workspace = Workspace::new().with("binds.wat", BINDS);
    for (options, code) in [
        (&[][..], 1),
        (&["-S", "inherit-network"], 0),
        (&["-S", "inherit-network=y,inherit-network=n"], 1),
        (&["-S", "inherit-network,tcp=n"], 1),
        (&["-S", "inherit-network,udp=n"], 0),
        (&["-S", "tcp"], 1),
        (&["-S", "allow-address=127.0.0.0/8"], 0),
        (&["-S", "allow-address=127.0.0.1:0,allow-ip-name-lookup"], 0),
        (&["-S", "allow-address=127.0.0.1:80"], 1),
        (&["-S", "allow-address=[::1]:0"], 1),
    ] {
        let run = workspace.run(&[&["run"], options, &["binds.wat"]].concat());
        assert_eq!(run.output.status.code(), Some(code), "{options:?}: {}", run.stderr());
    }
    workspace
        .run(&["run", "-S", "allow-address=localhost", "binds.wat"])
        .exits_with(1)
        .complains("names are not looked up here");
}

/// Exports the number of values that it gets of `wasi:config`, or traps.
const CONFIGURED: &str = r#"(component
    (import "wasi:config/store@0.2.0-rc.1" (instance $store
        (type $error' (variant (case "upstream" string) (case "io" string)))
        (export "error" (type $error (eq $error')))
        (export "get-all" (func (result (result (list (tuple string string)) (error $error)))))))
    (core module $libc
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (i32.const 256)))))
    (core instance $libc (instantiate $libc))
    (alias export $store "get-all" (func $get-all))
    (core func $get-all' (canon lower (func $get-all)
        (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $m
        (import "" "memory" (memory 1))
        (import "" "get-all" (func $get-all (param i32)))
        (func (export "count") (result i32)
            (call $get-all (i32.const 0))
            (if (i32.load8_u (i32.const 0)) (then (unreachable)))
            (i32.load (i32.const 8))))
    (core instance $i (instantiate $m (with "" (instance
        (export "memory" (memory $libc "memory")) (export "get-all" (func $get-all'))))))
    (func (export "count") (result u32) (canon lift (core func $i "count"))))"#;

#[test]
fn values_by_name_are_given() {
    let workspace = Workspace::new().with("configured.wat", CONFIGURED);
    let run = |options: &[&str]| {
        workspace.run(&[&["run"], options, &["--invoke", "count()", "configured.wat"]].concat())
    };
    run(&[]).exits_with(1).complains("`-S config`");
    run(&["-S", "config"]).exits_with(0).says("0\n");
    run(&["-S", "config-var=a=b,config-var=c=d=e"]).exits_with(0).says("2\n");
    run(&["-S", "config-var=a"]).exits_with(1).complains("NAME=VALUE");
    run(&["-S", "config,max-resources=10,hostcall-fuel=1000"]).exits_with(0).says("0\n");
    run(&["-S", "max-resources=many"]).exits_with(1).complains("max-resources=many");
    // What it calls is not there, as the option wants it.
    run(&["--unknown-imports", "trap"]).exits_with(1).complains("has not been defined");
    run(&["--unknown-imports", "default"]).exits_with(1).complains("is for modules");
}

/// Asks `wasi:keyvalue` whether there is a key.
const STORED: &str = r#"(component
    (import "wasi:keyvalue/store@0.2.0-draft" (instance $store
        (export "bucket" (type $bucket (sub resource)))
        (type $error' (variant (case "no-such-store") (case "access-denied") (case "other" string)))
        (export "error" (type $error (eq $error')))
        (export "open" (func (param "identifier" string)
            (result (result (own $bucket) (error $error)))))
        (export "[method]bucket.exists" (func (param "self" (borrow $bucket)) (param "key" string)
            (result (result bool (error $error)))))))
    (core module $libc
        (memory (export "memory") 1)
        (data (i32.const 64) "key")
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (unreachable)))
    (core instance $libc (instantiate $libc))
    (alias export $store "open" (func $open))
    (alias export $store "[method]bucket.exists" (func $exists))
    (core func $open' (canon lower (func $open)
        (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core func $exists' (canon lower (func $exists)
        (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $m
        (import "" "memory" (memory 1))
        (import "" "open" (func $open (param i32 i32 i32)))
        (import "" "exists" (func $exists (param i32 i32 i32 i32)))
        (func (export "has") (result i32)
            (call $open (i32.const 0) (i32.const 0) (i32.const 0))
            (if (i32.load8_u (i32.const 0)) (then (unreachable)))
            (call $exists (i32.load (i32.const 4)) (i32.const 64) (i32.const 3) (i32.const 16))
            (if (i32.load8_u (i32.const 16)) (then (unreachable)))
            (i32.load8_u (i32.const 20))))
    (core instance $i (instantiate $m (with "" (instance
        (export "memory" (memory $libc "memory"))
        (export "open" (func $open')) (export "exists" (func $exists'))))))
    (func (export "has") (result bool) (canon lift (core func $i "has"))))"#;

#[test]
fn values_by_key_are_given() {
    let workspace = Workspace::new().with("stored.wat", STORED);
    let run = |options: &[&str]| {
        workspace.run(&[&["run"], options, &["--invoke", "has()", "stored.wat"]].concat())
    };
    run(&[]).exits_with(1).complains("`-S keyvalue`");
    run(&["-S", "keyvalue"]).exits_with(0).says("false\n");
    run(&["-S", "keyvalue-in-memory-data=key=value"]).exits_with(0).says("true\n");
}

/// Two modules, one of which calls the other.
const CALLS: &str = r#"(component
    (core module $a (func $twice (export "twice") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 2))))
    (core instance $a (instantiate $a))
    (core module $b
        (import "a" "twice" (func $imported (param i32) (result i32)))
        (func $run (export "run") (param i32) (result i32) (call $imported (local.get 0))))
    (core instance $b (instantiate $b (with "a" (instance $a))))
    (func (export "double") (param "x" u32) (result u32) (canon lift (core func $b "run"))))"#;

#[test]
fn components_are_observed() {
    let workspace = Workspace::new().with("calls.wat", CALLS);
    let run = |options: &[&str]| {
        workspace.run(&[&["run"], options, &["--invoke", "double(21)", "calls.wat"]].concat())
    };
    let traced = run(&["--trace-calls"]).exits_with(0).says("42\n");
    for name in ["run", "twice"] {
        assert!(traced.stderr().contains(name), "{}", traced.stderr());
    }
    let traced = run(&["--trace-calls=tw*"]).exits_with(0).says("42\n");
    assert!(traced.stderr().contains("twice") && !traced.stderr().contains("run"));
    run(&["--profile=counts"]).exits_with(0).complains("twice");
    run(&["--profile=guest,p.json"]).exits_with(0).complains("samples are in `p.json`");
    run(&["--coverage=c.info"]).exits_with(0).complains("2 of 2 functions");
    let lines = std::fs::read_to_string(workspace.path("c.info")).unwrap_or_default();
    assert!(lines.contains("calls.wat#1") && lines.contains("FNDA:1,twice"), "{lines}");
    // Artifacts need code that was compiled for it.
    workspace.run(&["compile", "calls.wat"]).exits_with(0);
    workspace
        .run(&["run", "--trace-calls", "--invoke", "double(21)", "calls.cwasm"])
        .exits_with(1)
        .complains("--function-hooks");
    workspace.run(&["compile", "calls.wat", "--function-hooks", "*"]).exits_with(0);
    workspace
        .run(&["run", "--trace-calls", "--invoke", "double(21)", "calls.cwasm"])
        .exits_with(0)
        .complains("twice");
}

#[test]
fn compiling_says_where_the_time_went() {
    let workspace = Workspace::new().with("calls.wat", CALLS);
    workspace.run(&["compile", "--timings", "calls.wat"]).exits_with(0).complains("declarations");
}

#[test]
fn options_for_components_are_refused_for_modules() {
    let workspace = Workspace::new().with("none.wat", "(module (func (export \"_start\")))");
    workspace
        .run(&["run", "-S", "inherit-network", "none.wat"])
        .exits_with(1)
        .complains("inherit-network is for components");
    workspace.run(&["run", "-S", "inherit-env", "none.wat"]).exits_with(0);
    workspace.run(&["run", "-S", "http", "none.wat"]).exits_with(1).complains("`wasi:http`");
}
