//! Looks at all types of a plan at once, for those who want to rely on them afterwards.

use crate::error::Error;
use crate::format::ModuleTypeRecord;
use crate::format::Part;
use crate::index::{FuncTypeIndex, ModuleTypeIndex, TypeIndex};
use crate::interface_type::InterfaceType;
use crate::layout::VariantLayout;
use crate::read::plan::Plan;
use crate::read::types::{TypeDef, Types};

impl Plan<'_> {
    /// Checks all types: those of values, functions and core modules. After that, whatever is asked
    /// of a type that is found in them has an answer. This reads all of them, once.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn check_types(self) -> Result<(), Error> {
        self.types().check()?;
        let count = self.table::<ModuleTypeRecord>(Part::ModuleTypes).len();
        for number in 0..count {
            // The table has fewer records than 32 bits can count.
            let ty = self.module_type(ModuleTypeIndex::new(number as u32))?;
            ty.imports().iter().chain(ty.exports().iter()).try_for_each(|item| item.map(drop))?;
        }
        Ok(())
    }
}

impl Types<'_> {
    fn check(self) -> Result<(), Error> {
        for number in 0..self.len() {
            self.check_type(TypeIndex::new(number as u32))?;
        }
        for number in 0..self.funcs_len() {
            let func = self.func(FuncTypeIndex::new(number as u32))?;
            for param in func.params().iter() {
                self.check_known(param?.ty)?;
            }
            func.result()?.map_or(Ok(()), |result| self.check_known(result))?;
            if !matches!(func.params_layout().align, 1 | 2 | 4 | 8) {
                return Err(Error::damaged("parameters have an impossible alignment"));
            }
        }
        Ok(())
    }

    fn check_type(self, index: TypeIndex) -> Result<(), Error> {
        match self.get(index)? {
            TypeDef::List(element) | TypeDef::FixedLengthList { element, .. } => {
                self.check_known(element)
            }
            TypeDef::Map { key, value, .. } => {
                self.check_known(key)?;
                self.check_known(value)
            }
            TypeDef::Record(fields) | TypeDef::Tuple(fields) => {
                fields.iter().try_for_each(|field| self.check_known(field?.ty))
            }
            TypeDef::Variant(cases) => {
                check_variant(cases.layout())?;
                cases.iter().try_for_each(|case| self.check_all([case?.ty]))
            }
            TypeDef::Option { some, layout } => {
                check_variant(layout)?;
                self.check_known(some)
            }
            TypeDef::Result { ok, err, layout } => {
                check_variant(layout)?;
                self.check_all([ok, err])
            }
            TypeDef::Enum { labels, layout } => {
                check_variant(layout)?;
                labels.iter().try_for_each(|label| label.map(drop))
            }
            TypeDef::Flags(labels) => labels.iter().try_for_each(|label| label.map(drop)),
        }
    }

    fn check_all<const N: usize>(self, types: [Option<InterfaceType>; N]) -> Result<(), Error> {
        types.into_iter().flatten().try_for_each(|ty| self.check_known(ty))
    }

    /// Checks that what is behind an index is what the kind of the type says.
    pub(crate) fn check_known(self, ty: InterfaceType) -> Result<(), Error> {
        let Some(index) = ty.type_index() else { return Ok(()) };
        let (kind, _) = InterfaceType::encode(Some(ty));
        match self.types.get(index.index()) {
            Some(record) if record.kind.get() == kind => Ok(()),
            Some(_) => Err(Error::damaged("a type is of another kind than it says")),
            None => Err(Error::damaged("a type does not exist")),
        }
    }
}

fn check_variant(variant: VariantLayout) -> Result<(), Error> {
    let inside = variant.discriminant.max(variant.payload_offset) <= variant.layout.size;
    if inside && matches!(variant.discriminant, 1 | 2 | 4) {
        return Ok(());
    }
    Err(Error::damaged("a variant has an impossible layout"))
}
