//! How a function is called, worked out once from its type.

use wasm_component::{FuncTypeIndex, InterfaceType, Layout, TypeDef, TypeIndex, Types};
use wasm_store::{Result, bail};

/// How a function of a type is lifted and lowered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature {
    pub(crate) ty: FuncTypeIndex,
    /// How many words its parameters are; `None` if they are passed in the memory.
    pub(crate) params_flat: Option<usize>,
    /// How many words its result is; `None` if it is passed in the memory.
    pub(crate) result_flat: Option<usize>,
    /// The parameters in the memory.
    pub(crate) params_layout: Layout,
    /// The result in the memory.
    pub(crate) result_layout: Layout,
    /// Whether resources are lent to a call.
    pub(crate) borrows: bool,
    /// Whether all values are words: neither the memory nor resources are needed for them.
    pub(crate) plain: bool,
}

impl Signature {
    pub(crate) fn new(types: Types<'_>, ty: FuncTypeIndex) -> Result<Self> {
        let func = types.func(ty)?;
        let mut borrows = Borrows { types, seen: vec![false; types.len()] };
        let (mut found, mut plain) = (false, true);
        for param in func.params().iter() {
            let ty = param?.ty;
            found = found || borrows.are_in(ty)?;
            plain &= is_word(ty);
        }
        let (params_flat, result_flat) = (func.params_flat()?, func.result_flat()?);
        plain &= params_flat.is_some() && func.result()?.is_none_or(is_word);
        let result_layout = match func.result()? {
            Some(result) => types.layout(result)?,
            None => Layout::EMPTY,
        };
        Ok(Self {
            ty,
            params_flat: params_flat.map(|flat| flat.len()),
            result_flat: result_flat.map(|flat| flat.len()),
            params_layout: func.params_layout(),
            result_layout,
            borrows: found,
            plain,
        })
    }

    /// Where the pointer to room for the result is among the words of a lowered function.
    pub(crate) fn result_pointer(&self) -> usize {
        self.params_flat.unwrap_or(1)
    }
}

/// Whether a value is one word, whatever it is.
fn is_word(ty: InterfaceType) -> bool {
    ty.type_index().is_none() && ty.resource().is_none() && ty != InterfaceType::String
}

/// Looks for borrows in types. Each type is looked at once, however often it is a part of others.
struct Borrows<'a> {
    types: Types<'a>,
    seen: Vec<bool>,
}

impl Borrows<'_> {
    fn are_in(&mut self, ty: InterfaceType) -> Result<bool> {
        if let InterfaceType::Borrow(_) = ty {
            return Ok(true);
        }
        let Some(index) = ty.type_index() else { return Ok(false) };
        match self.seen.get_mut(index.index()) {
            Some(seen) if *seen => return Ok(false),
            Some(seen) => *seen = true,
            None => bail!("the plan of the component is damaged: a type does not exist"),
        }
        self.are_in_parts(index)
    }

    fn are_in_parts(&mut self, index: TypeIndex) -> Result<bool> {
        let mut parts = Vec::new();
        match self.types.get(index)? {
            TypeDef::List(element) | TypeDef::FixedLengthList { element, .. } => {
                parts.push(element);
            }
            TypeDef::Map { key, value, .. } => parts.extend([key, value]),
            TypeDef::Record(fields) | TypeDef::Tuple(fields) => {
                for field in fields.iter() {
                    parts.push(field?.ty);
                }
            }
            TypeDef::Variant(cases) => {
                for case in cases.iter() {
                    parts.extend(case?.ty);
                }
            }
            TypeDef::Option { some, .. } => parts.push(some),
            TypeDef::Result { ok, err, .. } => parts.extend([ok, err].into_iter().flatten()),
            TypeDef::Enum { .. } | TypeDef::Flags(_) => {}
        }
        for part in parts {
            if self.are_in(part)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
