//! Where code comes from if some of it stands in place of calls.
//!
//! The code generator knows one number for each place. In a function without inlined ones it is the
//! offset in the binary; in others it goes on growing where a body stands in place of a call, as if
//! the bytes of the body were written behind the call. So places are in the order of the code, as
//! the passes want it that look at them, and each leads back to an offset and to the calls around.

use cranelift_codegen::ir::SourceLoc;
use wasm_types::{FuncIndex, InlinedFunction};

use crate::error::{Error, ErrorKind};

/// The least bytes that a call has: what comes after it is at least so far away.
const CALL_BYTES: i64 = 2;

/// The places of a function.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// In the order of their starts.
    segments: Vec<Segment>,
    /// The functions that stand in place of calls, each after its caller.
    functions: Vec<InlinedFunction>,
    here: Here,
}

/// Where the translation is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Here {
    /// What is added to offsets of the binary.
    shift: i64,
    /// The number of the function that stands in place of a call.
    function: Option<u32>,
}

/// Places that go up together with offsets.
#[derive(Debug)]
struct Segment {
    start: i64,
    here: Here,
}

impl Places {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.segments.clear();
        self.functions.clear();
        self.here = Here::default();
    }

    /// The functions that stand in place of calls.
    pub(crate) fn functions(&self) -> &[InlinedFunction] {
        &self.functions
    }

    /// The place of an operator, by its offset in the binary.
    pub(crate) fn of(&self, offset: u64) -> Result<SourceLoc, Error> {
        let place =
            i64::try_from(offset).ok().and_then(|offset| offset.checked_add(self.here.shift));
        match place.and_then(|place| u32::try_from(place).ok()) {
            Some(place) if place != u32::MAX => Ok(SourceLoc::new(place)),
            _ => Err(Error::new(ErrorKind::Limit, "the binary is larger than 4 GiB")),
        }
    }

    /// A function stands in place of the call at an offset; its body starts at another one. Returns
    /// what [`leave`](Self::leave) needs.
    pub(crate) fn enter(&mut self, func: FuncIndex, call: u64, body: u64) -> Here {
        let (call, body) = (call as i64, body as i64);
        let outer = self.here;
        let number = self.functions.len() as u32;
        self.functions.push(InlinedFunction { func, call: call as u32, caller: outer.function });
        let start = call + CALL_BYTES + outer.shift;
        self.go_on(start, Here { shift: start - body, function: Some(number) });
        outer
    }

    /// The body, which ends at an offset, is complete: the caller, whose call is at another one,
    /// goes on.
    pub(crate) fn leave(&mut self, outer: Here, call: u64, end: u64) {
        let start = end as i64 + self.here.shift;
        let shift = start - (call as i64 + CALL_BYTES);
        self.go_on(start, Here { shift, function: outer.function });
    }

    fn go_on(&mut self, start: i64, here: Here) {
        self.segments.push(Segment { start, here });
        self.here = here;
    }

    /// What a place is: the offset in the binary, and the number of the function that stands in
    /// place of a call. `u32::MAX`, which is no place, stays what it is.
    pub(crate) fn resolve(&self, place: u32) -> (u32, Option<u32>) {
        if place == u32::MAX || self.segments.is_empty() {
            return (place, None);
        }
        let place = i64::from(place);
        let after = self.segments.partition_point(|segment| segment.start <= place);
        let here = match after.checked_sub(1) {
            Some(segment) => self.segments[segment].here,
            None => Here::default(),
        };
        ((place - here.shift) as u32, here.function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_rise_and_lead_back() {
        let mut places = Places::default();
        let mut expected = Vec::new();
        let note = |places: &Places, offset: u64, function, list: &mut Vec<_>| {
            list.push((places.of(offset).unwrap().bits(), offset as u32, function));
        };
        note(&places, 100, None, &mut expected);
        note(&places, 110, None, &mut expected);
        // A body of an earlier function, with a call in it, of which a later one is put in place.
        let outer = places.enter(FuncIndex::new(7), 110, 40);
        note(&places, 40, Some(0), &mut expected);
        note(&places, 45, Some(0), &mut expected);
        let inner = places.enter(FuncIndex::new(9), 45, 500);
        note(&places, 500, Some(1), &mut expected);
        note(&places, 519, Some(1), &mut expected);
        places.leave(inner, 45, 520);
        note(&places, 47, Some(0), &mut expected);
        note(&places, 59, Some(0), &mut expected);
        places.leave(outer, 110, 60);
        note(&places, 112, None, &mut expected);
        let again = places.enter(FuncIndex::new(7), 112, 40);
        note(&places, 59, Some(2), &mut expected);
        places.leave(again, 112, 60);
        note(&places, 115, None, &mut expected);
        assert!(expected.windows(2).all(|pair| pair[0].0 < pair[1].0), "{expected:?}");
        for (place, offset, function) in expected {
            assert_eq!(places.resolve(place), (offset, function));
        }
        let functions: Vec<_> = places
            .functions()
            .iter()
            .map(|inlined| (inlined.func.as_u32(), inlined.call, inlined.caller))
            .collect();
        assert_eq!(functions, [(7, 110, None), (9, 45, Some(0)), (7, 112, None)]);
        assert_eq!(places.resolve(u32::MAX), (u32::MAX, None));
    }

    #[test]
    fn places_beyond_what_there_is_are_refused() {
        let mut places = Places::default();
        assert!(places.of(u64::from(u32::MAX) - 1).is_ok());
        assert!(places.of(u64::from(u32::MAX)).is_err());
        let outer = places.enter(FuncIndex::new(0), 1000, 0);
        places.leave(outer, 1000, 3000);
        assert!(places.of(u64::from(u32::MAX) - 1).is_err());
        places.clear();
        assert!(places.of(u64::from(u32::MAX) - 1).is_ok());
    }
}
