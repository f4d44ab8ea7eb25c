//! `regex`: expressions are searched for in a text.

use regex::Regex;
use wasm_bench_programs::{argument, words};

fn main() {
    let text = words(argument() * 1000).join(" ");
    for pattern in [
        r"mi(ter|ro)+\b",
        r"\b[a-f]\w*s\w\b",
        r"(?i)ETH|graul",
        r"\w{11,}",
        r"(ka|lo|su)([a-z]{3,5})in\b",
        r"an .{0,8} su",
    ] {
        let regex = Regex::new(pattern).unwrap();
        let (mut count, mut sum) = (0, 0);
        for found in regex.find_iter(&text) {
            count += 1;
            sum += found.start() ^ found.end();
        }
        println!("{pattern}: {count}, {sum}");
    }
    let regex = Regex::new(r"(\w+) (\w+)an (\w)").unwrap();
    let replaced = regex.replace_all(&text, "$3-$2-$1");
    println!("{} -> {}", text.len(), replaced.len());
}
