//! Damaged artifacts are loaded, instantiated and called. The outcome is an error, or the same as
//! without the damage.
//!
//! Everything but the machine code may be damaged. The code itself is run as it is. Damage in the
//! initial contents of memories may change what the guest computes, and nothing else. Everywhere
//! else the checksums must notice damage where it matters. No damage may cause a crash, a hang, or
//! a read out of bounds: such a run ends the process.

mod damage;
mod subject;

use std::cell::RefCell;

use arbitrary::{Result, Unstructured};

use damage::Damage;
use subject::{Outcome, Subject};

thread_local! {
    static SUBJECTS: Vec<Subject> = subject::all();
    /// Space for an artifact. New space would have to be mapped for each.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Damages one of the subjects as the bytes decide, and runs it.
///
/// # Panics
///
/// If the outcome is neither an error nor the right result.
pub fn check(data: &[u8]) {
    let mut bytes = BYTES.take();
    let _ = SUBJECTS.with(|subjects| run(subjects, &mut bytes, &mut Unstructured::new(data)));
    BYTES.set(bytes);
}

fn run(subjects: &[Subject], bytes: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let place = u.choose_index(subjects.len())?;
    let subject = &subjects[place];
    // Taken from a subject whose code is at another offset. The offset shows whether all of its
    // tables are present.
    let others: Vec<&Subject> = subjects.iter().filter(|it| it.text != subject.text).collect();
    let other = *u.choose(&others)?;
    bytes.clear();
    bytes.extend_from_slice(&subject.artifact);
    let damage = Damage::arbitrary(u, subject, other)?;
    damage.apply(bytes);
    // With the complete header of the other subject, the artifact is the other one, and its code is
    // damaged.
    if subject::text(bytes).is_some_and(|text| text != subject.text) {
        return Ok(());
    }
    let outcome = subject.run(bytes, u.ratio(1, 4)?);
    let other_contents = damage.touches(&subject.images);
    let right = outcome.iter().zip(&subject.expected).all(|pair| match pair {
        (Outcome::Refused(message), _) => !message.is_empty(),
        (found, expected) if other_contents => found.has_shape_of(expected),
        (found, expected) => found == expected,
    });
    assert!(right, "subject {place}, {damage:?}: {outcome:?} instead of {:?}", subject.expected);
    Ok(())
}
