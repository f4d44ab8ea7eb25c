//! The standard library: maps by hash and by order, a heap, sorting, text.

use std::collections::{BTreeMap, BinaryHeap, HashMap};

use wasm_bench_programs::{Numbers, argument, checksum, words};

fn main() {
    let words = words(argument() * 500);
    let mut numbers = Numbers(3);
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in &words {
        *counts.entry(word).or_default() += 1;
    }
    let mut frequent: Vec<_> = counts.iter().collect();
    frequent.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    println!("{} words, {:?}", counts.len(), &frequent[..3]);

    let mut tree = BTreeMap::new();
    for _ in 0..words.len() {
        tree.insert(numbers.next() >> 40, numbers.below(100));
    }
    let sum: usize = tree.range(1 << 22..1 << 23).map(|(_, value)| value).sum();
    tree.retain(|key, _| key % 3 != 0);
    println!("{sum}, {} left", tree.len());

    let mut heap: BinaryHeap<u64> = (0..words.len()).map(|_| numbers.next()).collect();
    let mut last = 0;
    for _ in 0..words.len() {
        last = heap.pop().unwrap();
        heap.push(last / 2 + numbers.next() / 4);
    }
    println!("{last}");

    let mut floats: Vec<f64> = (0..words.len() * 2).map(|_| numbers.next() as f64 / 3.0).collect();
    floats.sort_unstable_by(f64::total_cmp);
    let mut lines = words;
    lines.sort();
    lines.dedup();
    println!("{} {:08x}", floats[floats.len() / 2], checksum(lines.join(",").to_uppercase().as_bytes()));
}
