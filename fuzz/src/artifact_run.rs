//! Damaged artifacts are loaded, instantiated and called: the outcome is an error or what it would
//! have been.
//!
//! What is damaged is anything but the machine code, which is run as it is. Damage in the initial
//! contents of memories may change what the guest computes, and nothing else; everywhere else the
//! checksums have to notice it where it matters. No damage makes anything crash, hang or read what
//! it should not: a run that goes wrong in that way ends the process.

mod damage;
mod subject;

use arbitrary::{Result, Unstructured};

use damage::Damage;
use subject::{Outcome, Subject};

thread_local! {
    static SUBJECTS: Vec<Subject> = subject::all();
}

/// Damages one of the subjects in a way that the bytes decide, and runs it.
///
/// # Panics
///
/// If something else than an error or the right result comes out.
pub fn check(data: &[u8]) {
    let _ = SUBJECTS.with(|subjects| run(subjects, &mut Unstructured::new(data)));
}

fn run(subjects: &[Subject], u: &mut Unstructured<'_>) -> Result<()> {
    let place = u.choose_index(subjects.len())?;
    let subject = &subjects[place];
    // Of one whose code is elsewhere: that all of its tables are there is seen by that.
    let others: Vec<&Subject> = subjects.iter().filter(|it| it.text != subject.text).collect();
    let other = *u.choose(&others)?;
    let mut bytes = subject.artifact.clone();
    let damage = Damage::arbitrary(u, subject, other)?;
    damage.apply(&mut bytes);
    // With the whole header of the other one it is the other one, and its code is damaged.
    if subject::text(&bytes).is_some_and(|text| text != subject.text) {
        return Ok(());
    }
    let outcome = subject.run(&bytes, u.ratio(1, 4)?);
    let other_contents = damage.touches(&subject.images);
    let right = outcome.iter().zip(&subject.expected).all(|pair| match pair {
        (Outcome::Refused(message), _) => !message.is_empty(),
        (found, expected) if other_contents => found.has_shape_of(expected),
        (found, expected) => found == expected,
    });
    assert!(right, "subject {place}, {damage:?}: {outcome:?} instead of {:?}", subject.expected);
    Ok(())
}
