//! Rhai: an interpreter runs a script.

use rhai::{Engine, INT, Scope};
use wasm_bench_programs::argument;

const SCRIPT: &str = r#"
    fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
    let sieve = [];
    sieve.pad(size, true);
    let primes = 0;
    for i in 2..size {
        if sieve[i] {
            primes += 1;
            let k = i * i;
            while k < size { sieve[k] = false; k += i; }
        }
    }
    let counts = #{};
    let text = "";
    for i in 0..size / 10 {
        let key = `k${i * 7919 % 97}`;
        counts[key] = (counts[key] ?? 0) + i;
        if i % 50 == 0 { text += key; }
    }
    `${primes} ${counts.len} ${counts["k5"]} ${text.len} ${fib(16)}`
"#;

fn main() {
    let engine = Engine::new();
    let mut scope = Scope::new();
    scope.push("size", argument() as INT * 100);
    match engine.eval_with_scope::<String>(&mut scope, SCRIPT) {
        Ok(result) => println!("{result}"),
        Err(error) => println!("{error}"),
    }
}
