//! Values in WAVE, the text form of values of components: `{x: 2, names: ["a", "b"]}`.

use std::borrow::Cow;

use wasm_store::{Error, Result};
use wasm_wave::wasm::{WasmType, WasmTypeKind, WasmValue, WasmValueError};

use crate::types::Type;
use crate::val::Val;

impl Val {
    /// A value from its text form. Optional fields of a record may be left out.
    ///
    /// # Errors
    ///
    /// If the text is not a value of the type, or the type has handles of resources in it, which
    /// have no text form.
    pub fn from_wave(ty: &Type, text: &str) -> Result<Self> {
        wasm_wave::from_str(ty, text).map_err(|error| Error::msg(error.to_string()))
    }

    /// The value in its text form, which [`from_wave`](Self::from_wave) reads.
    ///
    /// # Errors
    ///
    /// If there is a handle of a resource in it.
    pub fn to_wave(&self) -> Result<String> {
        wasm_wave::to_string(self).map_err(|error| Error::msg(error.to_string()))
    }
}

/// A call of a function in WAVE, `add(1, {x: 2})`, whose arguments are read when its type is known.
///
/// ```
/// use wasm_component_run::WaveCall;
///
/// # fn main() -> wasm_store::Result<()> {
/// assert_eq!(WaveCall::parse("add(1, {x: 2})")?.name(), "add");
/// assert!(WaveCall::parse("add(1").is_err());
/// # Ok(())
/// # }
/// ```
pub struct WaveCall<'a>(wasm_wave::untyped::UntypedFuncCall<'a>);

impl<'a> WaveCall<'a> {
    /// Reads a call.
    ///
    /// # Errors
    ///
    /// If the text is no call.
    pub fn parse(text: &'a str) -> Result<Self> {
        let call = wasm_wave::untyped::UntypedFuncCall::parse(text);
        call.map(WaveCall).map_err(|error| Error::msg(error.to_string()))
    }

    /// The name of the function.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The arguments, for parameters of these types. The last ones may be left out if they are
    /// options.
    ///
    /// # Errors
    ///
    /// If there are more or less arguments, or one is not of its type.
    pub fn arguments(&self, types: &[Type]) -> Result<Vec<Val>> {
        self.0.to_wasm_params(types).map_err(|error| Error::msg(error.to_string()))
    }
}

impl std::fmt::Debug for WaveCall<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WaveCall({})", self.0)
    }
}

impl WasmType for Type {
    fn kind(&self) -> WasmTypeKind {
        match self {
            Type::Bool => WasmTypeKind::Bool,
            Type::S8 => WasmTypeKind::S8,
            Type::U8 => WasmTypeKind::U8,
            Type::S16 => WasmTypeKind::S16,
            Type::U16 => WasmTypeKind::U16,
            Type::S32 => WasmTypeKind::S32,
            Type::U32 => WasmTypeKind::U32,
            Type::S64 => WasmTypeKind::S64,
            Type::U64 => WasmTypeKind::U64,
            Type::Float32 => WasmTypeKind::F32,
            Type::Float64 => WasmTypeKind::F64,
            Type::Char => WasmTypeKind::Char,
            Type::String => WasmTypeKind::String,
            Type::List(_) => WasmTypeKind::List,
            Type::FixedLengthList(_) => WasmTypeKind::FixedLengthList,
            Type::Map(_) => WasmTypeKind::Map,
            Type::Record(_) => WasmTypeKind::Record,
            Type::Tuple(_) => WasmTypeKind::Tuple,
            Type::Variant(_) => WasmTypeKind::Variant,
            Type::Enum(_) => WasmTypeKind::Enum,
            Type::Option(_) => WasmTypeKind::Option,
            Type::Result(_) => WasmTypeKind::Result,
            Type::Flags(_) => WasmTypeKind::Flags,
            Type::Own(_) | Type::Borrow(_) => WasmTypeKind::Unsupported,
        }
    }

    fn list_element_type(&self) -> Option<Self> {
        match self {
            Type::List(list) => Some(list.ty()),
            Type::FixedLengthList(list) => Some(list.ty()),
            _ => None,
        }
    }

    fn record_fields(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Self)> + '_> {
        match self {
            Type::Record(record) => {
                Box::new(record.fields().map(|field| (Cow::Borrowed(field.name), field.ty)))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    fn tuple_element_types(&self) -> Box<dyn Iterator<Item = Self> + '_> {
        match self {
            Type::Tuple(tuple) => Box::new(tuple.types()),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn variant_cases(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Option<Self>)> + '_> {
        match self {
            Type::Variant(variant) => {
                Box::new(variant.cases().map(|case| (Cow::Borrowed(case.name), case.ty)))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    fn enum_cases(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        match self {
            Type::Enum(ty) => Box::new(ty.names().map(Cow::Borrowed)),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn option_some_type(&self) -> Option<Self> {
        match self {
            Type::Option(option) => Some(option.ty()),
            _ => None,
        }
    }

    fn result_types(&self) -> Option<(Option<Self>, Option<Self>)> {
        match self {
            Type::Result(result) => Some((result.ok(), result.err())),
            _ => None,
        }
    }

    fn flags_names(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        match self {
            Type::Flags(flags) => Box::new(flags.names().map(Cow::Borrowed)),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn map_key_value_types(&self) -> Option<(Self, Self)> {
        match self {
            Type::Map(map) => Some((map.key(), map.value())),
            _ => None,
        }
    }
}

/// The value is asked for as what it is not. The trait's callers look at its kind before.
fn wrong_kind(val: &Val) -> ! {
    unreachable!("a {} is taken for something else", val.desc())
}

/// Functions that make and read values without parts.
macro_rules! plain {
    ($($make:ident $unwrap:ident $variant:ident $ty:ty;)*) => {$(
        fn $make(val: $ty) -> Self {
            Val::$variant(val)
        }

        fn $unwrap(&self) -> $ty {
            match self {
                Val::$variant(val) => *val,
                other => wrong_kind(other),
            }
        }
    )*};
}

impl WasmValue for Val {
    type Type = Type;

    fn kind(&self) -> WasmTypeKind {
        match self {
            Val::Bool(_) => WasmTypeKind::Bool,
            Val::S8(_) => WasmTypeKind::S8,
            Val::U8(_) => WasmTypeKind::U8,
            Val::S16(_) => WasmTypeKind::S16,
            Val::U16(_) => WasmTypeKind::U16,
            Val::S32(_) => WasmTypeKind::S32,
            Val::U32(_) => WasmTypeKind::U32,
            Val::S64(_) => WasmTypeKind::S64,
            Val::U64(_) => WasmTypeKind::U64,
            Val::Float32(_) => WasmTypeKind::F32,
            Val::Float64(_) => WasmTypeKind::F64,
            Val::Char(_) => WasmTypeKind::Char,
            Val::String(_) => WasmTypeKind::String,
            Val::List(_) | Val::NumberList(_) => WasmTypeKind::List,
            Val::FixedLengthList(_) => WasmTypeKind::FixedLengthList,
            Val::Map(_) => WasmTypeKind::Map,
            Val::Record(_) => WasmTypeKind::Record,
            Val::Tuple(_) => WasmTypeKind::Tuple,
            Val::Variant(..) => WasmTypeKind::Variant,
            Val::Enum(_) => WasmTypeKind::Enum,
            Val::Option(_) => WasmTypeKind::Option,
            Val::Result(_) => WasmTypeKind::Result,
            Val::Flags(_) => WasmTypeKind::Flags,
            Val::Resource(_) => WasmTypeKind::Unsupported,
        }
    }

    plain! {
        make_bool unwrap_bool Bool bool;
        make_s8 unwrap_s8 S8 i8;
        make_u8 unwrap_u8 U8 u8;
        make_s16 unwrap_s16 S16 i16;
        make_u16 unwrap_u16 U16 u16;
        make_s32 unwrap_s32 S32 i32;
        make_u32 unwrap_u32 U32 u32;
        make_s64 unwrap_s64 S64 i64;
        make_u64 unwrap_u64 U64 u64;
        make_f32 unwrap_f32 Float32 f32;
        make_f64 unwrap_f64 Float64 f64;
        make_char unwrap_char Char char;
    }

    fn make_string(val: Cow<'_, str>) -> Self {
        Val::String(val.into_owned())
    }

    fn make_list(ty: &Type, vals: impl IntoIterator<Item = Self>) -> Result<Self, WasmValueError> {
        let vals: Vec<_> = vals.into_iter().collect();
        Ok(match ty {
            Type::FixedLengthList(list) if vals.len() != list.len() as usize => {
                let (want, got) = (list.len(), vals.len());
                let message = format!("expected a list of {want} elements, got {got}");
                return Err(WasmValueError::Other(message));
            }
            Type::FixedLengthList(_) => Val::FixedLengthList(vals),
            _ => Val::List(vals),
        })
    }

    fn make_record<'a>(
        ty: &Type,
        fields: impl IntoIterator<Item = (&'a str, Self)>,
    ) -> Result<Self, WasmValueError> {
        let mut given: Vec<_> = fields.into_iter().collect();
        let mut record = Vec::new();
        for (name, ty) in ty.record_fields() {
            let val = match given.iter().position(|(given, _)| *given == name) {
                Some(place) => given.swap_remove(place).1,
                None if matches!(ty, Type::Option(_)) => Val::Option(None),
                None => return Err(WasmValueError::MissingField(name.into_owned())),
            };
            record.push((name.into_owned(), val));
        }
        match given.first() {
            Some((name, _)) => Err(WasmValueError::UnknownField((*name).to_owned())),
            None => Ok(Val::Record(record)),
        }
    }

    fn make_tuple(ty: &Type, vals: impl IntoIterator<Item = Self>) -> Result<Self, WasmValueError> {
        let vals: Vec<_> = vals.into_iter().collect();
        let (want, got) = (ty.tuple_element_types().count(), vals.len());
        if want == got {
            Ok(Val::Tuple(vals))
        } else {
            Err(WasmValueError::WrongNumberOfTupleValues { want, got })
        }
    }

    fn make_variant(ty: &Type, case: &str, val: Option<Self>) -> Result<Self, WasmValueError> {
        let Some((_, payload)) = ty.variant_cases().find(|(name, _)| name == case) else {
            return Err(WasmValueError::UnknownCase(case.to_owned()));
        };
        match (payload, &val) {
            (Some(_), None) => Err(WasmValueError::MissingPayload(case.to_owned())),
            (None, Some(_)) => Err(WasmValueError::UnexpectedPayload(case.to_owned())),
            _ => Ok(Val::Variant(case.to_owned(), val.map(Box::new))),
        }
    }

    fn make_enum(ty: &Type, case: &str) -> Result<Self, WasmValueError> {
        if ty.enum_cases().any(|name| name == case) {
            Ok(Val::Enum(case.to_owned()))
        } else {
            Err(WasmValueError::UnknownCase(case.to_owned()))
        }
    }

    fn make_option(_: &Type, val: Option<Self>) -> Result<Self, WasmValueError> {
        Ok(Val::Option(val.map(Box::new)))
    }

    fn make_result(
        ty: &Type,
        val: Result<Option<Self>, Option<Self>>,
    ) -> Result<Self, WasmValueError> {
        let (ok, err) = ty.result_types().unwrap_or_default();
        let (name, wanted, given) = match &val {
            Ok(given) => ("ok", ok, given),
            Err(given) => ("err", err, given),
        };
        match (wanted, given) {
            (Some(_), None) => Err(WasmValueError::MissingPayload(name.to_owned())),
            (None, Some(_)) => Err(WasmValueError::UnexpectedPayload(name.to_owned())),
            _ => Ok(Val::Result(match val {
                Ok(val) => Ok(val.map(Box::new)),
                Err(val) => Err(val.map(Box::new)),
            })),
        }
    }

    fn make_flags<'a>(
        ty: &Type,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, WasmValueError> {
        let given: Vec<_> = names.into_iter().collect();
        if let Some(name) = given.iter().find(|name| !ty.flags_names().any(|it| it == **name)) {
            return Err(WasmValueError::UnknownCase((*name).to_owned()));
        }
        let names = ty.flags_names().filter(|name| given.contains(&&**name));
        Ok(Val::Flags(names.map(Cow::into_owned).collect()))
    }

    fn make_map(
        _: &Type,
        entries: impl IntoIterator<Item = (Self, Self)>,
    ) -> Result<Self, WasmValueError> {
        Ok(Val::Map(entries.into_iter().collect()))
    }

    fn unwrap_string(&self) -> Cow<'_, str> {
        match self {
            Val::String(val) => Cow::Borrowed(val),
            other => wrong_kind(other),
        }
    }

    fn unwrap_list(&self) -> Box<dyn Iterator<Item = Cow<'_, Self>> + '_> {
        match self {
            Val::List(vals) | Val::FixedLengthList(vals) => {
                Box::new(vals.iter().map(Cow::Borrowed))
            }
            Val::NumberList(numbers) => Box::new(numbers.to_vals().into_iter().map(Cow::Owned)),
            other => wrong_kind(other),
        }
    }

    fn unwrap_record(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Cow<'_, Self>)> + '_> {
        match self {
            Val::Record(fields) => Box::new(
                fields.iter().map(|(name, val)| (Cow::Borrowed(&**name), Cow::Borrowed(val))),
            ),
            other => wrong_kind(other),
        }
    }

    fn unwrap_tuple(&self) -> Box<dyn Iterator<Item = Cow<'_, Self>> + '_> {
        match self {
            Val::Tuple(vals) => Box::new(vals.iter().map(Cow::Borrowed)),
            other => wrong_kind(other),
        }
    }

    fn unwrap_variant(&self) -> (Cow<'_, str>, Option<Cow<'_, Self>>) {
        match self {
            Val::Variant(case, val) => (Cow::Borrowed(case), val.as_deref().map(Cow::Borrowed)),
            other => wrong_kind(other),
        }
    }

    fn unwrap_enum(&self) -> Cow<'_, str> {
        match self {
            Val::Enum(case) => Cow::Borrowed(case),
            other => wrong_kind(other),
        }
    }

    fn unwrap_option(&self) -> Option<Cow<'_, Self>> {
        match self {
            Val::Option(val) => val.as_deref().map(Cow::Borrowed),
            other => wrong_kind(other),
        }
    }

    fn unwrap_result(&self) -> Result<Option<Cow<'_, Self>>, Option<Cow<'_, Self>>> {
        match self {
            Val::Result(Ok(val)) => Ok(val.as_deref().map(Cow::Borrowed)),
            Val::Result(Err(val)) => Err(val.as_deref().map(Cow::Borrowed)),
            other => wrong_kind(other),
        }
    }

    fn unwrap_flags(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        match self {
            Val::Flags(names) => Box::new(names.iter().map(|name| Cow::Borrowed(&**name))),
            other => wrong_kind(other),
        }
    }

    fn unwrap_map(&self) -> Box<dyn Iterator<Item = (Cow<'_, Self>, Cow<'_, Self>)> + '_> {
        match self {
            Val::Map(entries) => {
                Box::new(entries.iter().map(|(key, val)| (Cow::Borrowed(key), Cow::Borrowed(val))))
            }
            other => wrong_kind(other),
        }
    }
}
