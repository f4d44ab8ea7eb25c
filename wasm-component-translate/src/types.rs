//! Types of the validator as types of the plan.

use std::collections::HashMap;

use wasm_component::write::TypesBuilder;
use wasm_component::{FuncTypeIndex, InterfaceType, MAX_TYPE_DEPTH, ResourceIndex};
use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    AliasableResourceId, ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId,
    ComponentValType, ResourceId,
};
use wasmparser::types::{CoreTypeId, TypesRef};

use crate::error::{Error, ErrorKind};

/// What an id stands for. The validator knows all ids that it gave.
pub(crate) fn known<T>(found: Option<T>) -> Result<T, Error> {
    found.ok_or_else(|| Error::new(ErrorKind::Invalid, "the component has a type that is unknown"))
}

/// What types mean in one component instance: which resources its ids stand for.
#[derive(Default)]
pub(crate) struct Scope {
    resources: HashMap<ResourceId, ResourceIndex>,
    values: HashMap<ComponentDefinedTypeId, InterfaceType>,
    funcs: HashMap<ComponentFuncTypeId, FuncTypeIndex>,
}

/// Converts types. Those without resources are the same everywhere, and are converted once.
pub(crate) struct Converter<'a> {
    types: TypesRef<'a>,
    values: HashMap<ComponentDefinedTypeId, InterfaceType>,
    funcs: HashMap<ComponentFuncTypeId, FuncTypeIndex>,
}

/// A converted type, and whether a resource is in it.
#[derive(Clone, Copy)]
struct Converted {
    ty: InterfaceType,
    resources: bool,
}

impl Scope {
    /// From now on the id stands for that resource here.
    pub(crate) fn bind(&mut self, id: ResourceId, resource: ResourceIndex) {
        self.resources.insert(id, resource);
    }

    /// What an id stands for.
    pub(crate) fn resource(&self, id: ResourceId) -> Option<ResourceIndex> {
        self.resources.get(&id).copied()
    }

    /// What an id stands for, where it must stand for something.
    pub(crate) fn known_resource(&self, id: ResourceId) -> Result<ResourceIndex, Error> {
        self.resource(id).ok_or_else(|| {
            let message = "the component uses a resource whose type it does not import, export or \
                           define where it is used";
            Error::new(ErrorKind::Unsupported, message)
        })
    }
}

impl<'a> Converter<'a> {
    pub(crate) fn new(types: TypesRef<'a>) -> Self {
        Self { types, values: HashMap::new(), funcs: HashMap::new() }
    }

    pub(crate) fn types(&self) -> TypesRef<'a> {
        self.types
    }

    /// A value type.
    pub(crate) fn defined(
        &mut self,
        builder: &mut TypesBuilder,
        scope: &mut Scope,
        id: ComponentDefinedTypeId,
    ) -> Result<InterfaceType, Error> {
        self.convert_defined(builder, scope, id, 0).map(|converted| converted.ty)
    }

    /// A function type.
    pub(crate) fn func(
        &mut self,
        builder: &mut TypesBuilder,
        scope: &mut Scope,
        id: ComponentFuncTypeId,
    ) -> Result<FuncTypeIndex, Error> {
        if let Some(index) = self.funcs.get(&id).or_else(|| scope.funcs.get(&id)) {
            return Ok(*index);
        }
        let func = known(self.types.get(id))?;
        if func.async_ {
            return Err(Error::unsupported("`async` functions of WASI 0.3"));
        }
        let mut resources = false;
        let mut params = Vec::with_capacity(func.params.len());
        for (name, ty) in &func.params {
            let converted = self.convert(builder, scope, *ty, 0)?;
            resources |= converted.resources;
            params.push((name.as_str(), converted.ty));
        }
        let mut result = None;
        if let Some(ty) = func.result {
            let converted = self.convert(builder, scope, ty, 0)?;
            resources |= converted.resources;
            result = Some(converted.ty);
        }
        let index = builder.func(&params, result)?;
        let known = if resources { &mut scope.funcs } else { &mut self.funcs };
        known.insert(id, index);
        Ok(index)
    }

    /// A function type that is lowered to the type of this core function, which has numbers only.
    pub(crate) fn core_func(
        &self,
        builder: &mut TypesBuilder,
        id: CoreTypeId,
    ) -> Result<FuncTypeIndex, Error> {
        let ty = known(self.types.get(id))?;
        let wasmparser::CompositeInnerType::Func(func) = &ty.composite_type.inner else {
            return Err(Error::unsupported("core functions without a function type"));
        };
        let value = |ty: &wasmparser::ValType| {
            Ok::<_, Error>(match ty {
                wasmparser::ValType::I32 => InterfaceType::U32,
                wasmparser::ValType::I64 => InterfaceType::U64,
                wasmparser::ValType::F32 => InterfaceType::Float32,
                wasmparser::ValType::F64 => InterfaceType::Float64,
                _ => return Err(Error::unsupported("built-in functions of other than numbers")),
            })
        };
        let params: Vec<_> = func.params().iter().map(value).collect::<Result<_, _>>()?;
        let params: Vec<_> = params.into_iter().map(|ty| ("", ty)).collect();
        Ok(match func.results() {
            [] => builder.func(&params, None)?,
            [result] => builder.func(&params, Some(value(result)?))?,
            _ => return Err(Error::unsupported("built-in functions of several results")),
        })
    }

    fn convert(
        &mut self,
        builder: &mut TypesBuilder,
        scope: &mut Scope,
        ty: ComponentValType,
        depth: u32,
    ) -> Result<Converted, Error> {
        match ty {
            ComponentValType::Primitive(ty) => {
                Ok(Converted { ty: primitive(ty)?, resources: false })
            }
            ComponentValType::Type(id) => self.convert_defined(builder, scope, id, depth),
        }
    }

    fn convert_defined(
        &mut self,
        builder: &mut TypesBuilder,
        scope: &mut Scope,
        id: ComponentDefinedTypeId,
        depth: u32,
    ) -> Result<Converted, Error> {
        if let Some(ty) = self.values.get(&id) {
            return Ok(Converted { ty: *ty, resources: false });
        }
        if let Some(ty) = scope.values.get(&id) {
            return Ok(Converted { ty: *ty, resources: true });
        }
        // What converts types calls itself: deep types must not need a deep stack.
        if depth > MAX_TYPE_DEPTH {
            let message = format!("types lie within each other more than {MAX_TYPE_DEPTH} deep");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let depth = depth + 1;
        let mut resources = false;
        let mut part = |this: &mut Self, builder: &mut TypesBuilder, ty: ComponentValType| {
            let converted = this.convert(builder, scope, ty, depth)?;
            resources |= converted.resources;
            Ok::<_, Error>(converted.ty)
        };
        let definition = known(self.types.get(id))?;
        let ty = match definition {
            ComponentDefinedType::Primitive(ty) => primitive(*ty)?,
            ComponentDefinedType::Record(record) => {
                let mut fields = Vec::with_capacity(record.fields.len());
                for (name, ty) in &record.fields {
                    fields.push((name.as_str(), part(self, builder, *ty)?));
                }
                builder.record(&fields)?
            }
            ComponentDefinedType::Variant(variant) => {
                let mut cases = Vec::with_capacity(variant.cases.len());
                for (name, case) in &variant.cases {
                    let ty = case.ty.map(|ty| part(self, builder, ty)).transpose()?;
                    cases.push((name.as_str(), ty));
                }
                builder.variant(&cases)?
            }
            ComponentDefinedType::List { element, .. } => {
                let element = part(self, builder, *element)?;
                builder.list(element)?
            }
            ComponentDefinedType::Map { key, value, .. } => {
                let key = part(self, builder, *key)?;
                let value = part(self, builder, *value)?;
                builder.map(key, value)?
            }
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                let element = part(self, builder, *element)?;
                builder.fixed_length_list(element, *length)?
            }
            ComponentDefinedType::Tuple(tuple) => {
                let mut types = Vec::with_capacity(tuple.types.len());
                for ty in &tuple.types {
                    types.push(part(self, builder, *ty)?);
                }
                builder.tuple(&types)?
            }
            ComponentDefinedType::Flags(labels) => {
                let labels: Vec<_> = labels.iter().map(|label| label.as_str()).collect();
                builder.flags(&labels)?
            }
            ComponentDefinedType::Enum(labels) => {
                let labels: Vec<_> = labels.iter().map(|label| label.as_str()).collect();
                builder.enumeration(&labels)?
            }
            ComponentDefinedType::Option { ty, .. } => {
                let some = part(self, builder, *ty)?;
                builder.option(some)?
            }
            ComponentDefinedType::Result { ok, err, .. } => {
                let ok = ok.map(|ty| part(self, builder, ty)).transpose()?;
                let err = err.map(|ty| part(self, builder, ty)).transpose()?;
                builder.result(ok, err)?
            }
            ComponentDefinedType::Own(id) => {
                resources = true;
                InterfaceType::Own(handle(scope, *id)?)
            }
            ComponentDefinedType::Borrow(id) => {
                resources = true;
                InterfaceType::Borrow(handle(scope, *id)?)
            }
            ComponentDefinedType::Future { .. } => {
                return Err(Error::unsupported("`future` of WASI 0.3"));
            }
            ComponentDefinedType::Stream { .. } => {
                return Err(Error::unsupported("`stream` of WASI 0.3"));
            }
        };
        let known = if resources { &mut scope.values } else { &mut self.values };
        known.insert(id, ty);
        Ok(Converted { ty, resources })
    }
}

fn handle(scope: &Scope, id: AliasableResourceId) -> Result<ResourceIndex, Error> {
    scope.known_resource(id.resource())
}

fn primitive(ty: PrimitiveValType) -> Result<InterfaceType, Error> {
    Ok(match ty {
        PrimitiveValType::Bool => InterfaceType::Bool,
        PrimitiveValType::S8 => InterfaceType::S8,
        PrimitiveValType::U8 => InterfaceType::U8,
        PrimitiveValType::S16 => InterfaceType::S16,
        PrimitiveValType::U16 => InterfaceType::U16,
        PrimitiveValType::S32 => InterfaceType::S32,
        PrimitiveValType::U32 => InterfaceType::U32,
        PrimitiveValType::S64 => InterfaceType::S64,
        PrimitiveValType::U64 => InterfaceType::U64,
        PrimitiveValType::F32 => InterfaceType::Float32,
        PrimitiveValType::F64 => InterfaceType::Float64,
        PrimitiveValType::Char => InterfaceType::Char,
        PrimitiveValType::String => InterfaceType::String,
        PrimitiveValType::ErrorContext => {
            return Err(Error::unsupported("`error-context` of WASI 0.3"));
        }
    })
}
