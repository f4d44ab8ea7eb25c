//! `serde_json`: values are made, written, read again, and changed.

use serde_json::{Value, json};
use wasm_bench_programs::{Numbers, argument, checksum, words};

fn main() {
    let words = words(5000);
    let mut numbers = Numbers(5);
    let records = (0..argument() * 100).map(|id| {
        let tags: Vec<&str> =
            (0..numbers.below(6)).map(|_| words[numbers.below(words.len())].as_str()).collect();
        json!({
            "id": id,
            "name": words[numbers.below(words.len())],
            "place": [numbers.next() as f64 / 1e17, numbers.below(1000)],
            "tags": tags,
            "note": if id % 3 == 0 { Value::Null } else { json!({ "text": "a \"quote\"\n\u{e9}" }) },
        })
    });
    let mut value = Value::Array(records.collect());
    for round in 0..3 {
        let text = match round {
            1 => serde_json::to_string_pretty(&value).unwrap(),
            _ => serde_json::to_string(&value).unwrap(),
        };
        let mut again: Value = serde_json::from_str(&text).unwrap();
        println!("{} bytes ({:08x}), {}", text.len(), checksum(text.as_bytes()), again == value);
        for record in again.as_array_mut().unwrap() {
            record["round"] = json!(round);
            record["tags"].as_array_mut().unwrap().reverse();
        }
        value = again;
    }
}
