//! Modules that are generated.

use std::fmt::Write as _;

/// A module with this many functions. Each calls the next one, and `f0` is exported.
pub(crate) fn functions(count: usize) -> Vec<u8> {
    let mut text =
        String::from("(module (memory 1) (table 8 funcref) (elem (i32.const 0) $f1 $f2)");
    for number in 0..count {
        let export = if number == 0 { "(export \"f0\")" } else { "" };
        let next = (number + 1) % count;
        let _ = write!(
            text,
            "(func $f{number} {export} (param i32) (result i32) (local i32)
               (if (i32.gt_s (local.get 0) (i32.const {number}))
                 (then (return (call $f{next} (i32.sub (local.get 0) (i32.const 3))))))
               (local.set 1 (i32.load offset={number} (i32.and (local.get 0) (i32.const 255))))
               (i32.store offset=4 (i32.const {number})
                 (i32.add (local.get 1) (i32.mul (local.get 0) (i32.const {number}))))
               (i32.add (local.get 1) (i32.div_u (local.get 0) (i32.const 7))))"
        );
    }
    text.push(')');
    wat::parse_str(&text).expect("the text is right")
}
