//! `pulldown-cmark`: a document in Markdown is made HTML.

use pulldown_cmark::{Options, Parser, html};
use wasm_bench_programs::{Numbers, argument, checksum, words};

fn main() {
    const MARKS: [&str; 12] = [
        "\n\n# ", " *", "** ", "\n- ", " `", "\n> ", " [a](http://b/c) ", "\n\n    ", " &amp; ", "\n1. ",
        "\n\n|a|b|\n|-|-|\n|", " ~~",
    ];
    let mut numbers = Numbers(9);
    let mut document = String::new();
    for word in words(argument() * 100) {
        document += &word;
        document += if numbers.below(5) == 0 { MARKS[numbers.below(MARKS.len())] } else { " " };
    }
    for _ in 0..3 {
        let mut output = String::new();
        html::push_html(&mut output, Parser::new_ext(&document, Options::all()));
        println!("{} -> {} ({:08x})", document.len(), output.len(), checksum(output.as_bytes()));
    }
}
