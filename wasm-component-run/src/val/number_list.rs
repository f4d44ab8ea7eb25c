//! Lists of numbers without a value for each.

use wasm_component::InterfaceType;

use super::Val;

macro_rules! number_lists {
    ($($variant:ident $ty:ty;)*) => {
        /// Numbers of one type, as they are in a list.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "the names of the types of numbers")]
        pub enum NumberList {
            $($variant(Vec<$ty>),)*
        }

        impl NumberList {
            /// How many there are.
            pub fn len(&self) -> usize {
                match self {
                    $(NumberList::$variant(numbers) => numbers.len(),)*
                }
            }

            /// Whether there are none.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The numbers as values.
            pub fn to_vals(&self) -> Vec<Val> {
                match self {
                    $(NumberList::$variant(numbers) => {
                        numbers.iter().map(|number| Val::$variant(*number)).collect()
                    })*
                }
            }

            /// The type of the numbers.
            pub(super) fn element(&self) -> InterfaceType {
                match self {
                    $(NumberList::$variant(_) => InterfaceType::$variant,)*
                }
            }

            /// Whether a type is one of numbers.
            pub(super) fn is_of(element: InterfaceType) -> bool {
                matches!(element, $(InterfaceType::$variant)|*)
            }

            /// Whether a list of values has the same numbers.
            pub(super) fn is_list(&self, list: &[Val]) -> bool {
                match self {
                    $(NumberList::$variant(numbers) => {
                        numbers.len() == list.len()
                            && numbers.iter().zip(list).all(|(a, b)| Val::$variant(*a) == *b)
                    })*
                }
            }

            /// Writes the numbers as they lie in a memory.
            pub(super) fn write(&self, to: &mut [u8]) {
                match self {
                    $(NumberList::$variant(numbers) => {
                        let (places, _) = to.as_chunks_mut::<{ size_of::<$ty>() }>();
                        for (place, number) in places.iter_mut().zip(numbers) {
                            *place = number.to_le_bytes();
                        }
                    })*
                }
            }

            /// Reads numbers as they lie in a memory. `None` if the type is not one of numbers.
            pub(super) fn read(element: InterfaceType, from: &[u8]) -> Option<Self> {
                Some(match element {
                    $(InterfaceType::$variant => {
                        let (places, _) = from.as_chunks::<{ size_of::<$ty>() }>();
                        let numbers = places.iter().map(|place| <$ty>::from_le_bytes(*place));
                        NumberList::$variant(numbers.collect())
                    })*
                    _ => return None,
                })
            }

            /// Reads numbers as values. `None` if the type is not one of numbers.
            pub(super) fn read_vals(element: InterfaceType, from: &[u8]) -> Option<Vec<Val>> {
                Some(match element {
                    $(InterfaceType::$variant => {
                        let (places, _) = from.as_chunks::<{ size_of::<$ty>() }>();
                        let number = |place: &_| Val::$variant(<$ty>::from_le_bytes(*place));
                        places.iter().map(number).collect()
                    })*
                    _ => return None,
                })
            }

            /// Writes values that are numbers of that type. `None` if the type is not one of
            /// numbers; else, the first value that is none of the type, if there is one.
            pub(super) fn write_vals<'a>(
                element: InterfaceType,
                values: &'a [Val],
                to: &mut [u8],
            ) -> Option<Result<(), &'a Val>> {
                match element {
                    $(InterfaceType::$variant => {
                        let (places, _) = to.as_chunks_mut::<{ size_of::<$ty>() }>();
                        for (place, value) in places.iter_mut().zip(values) {
                            let Val::$variant(number) = value else { return Some(Err(value)) };
                            *place = number.to_le_bytes();
                        }
                        Some(Ok(()))
                    })*
                    _ => None,
                }
            }
        }

        impl PartialEq for NumberList {
            /// As values are equal: a NaN is equal to any other, and the two zeros are not equal.
            fn eq(&self, other: &Self) -> bool {
                match (self, other) {
                    $((NumberList::$variant(a), NumberList::$variant(b)) => {
                        let equal = |(a, b): (&$ty, &$ty)| Val::$variant(*a) == Val::$variant(*b);
                        a.len() == b.len() && a.iter().zip(b).all(equal)
                    })*
                    _ => false,
                }
            }
        }

        $(
            impl From<Vec<$ty>> for NumberList {
                fn from(numbers: Vec<$ty>) -> Self {
                    NumberList::$variant(numbers)
                }
            }
        )*
    };
}

number_lists! {
    S8 i8;
    U8 u8;
    S16 i16;
    U16 u16;
    S32 i32;
    U32 u32;
    S64 i64;
    U64 u64;
    Float32 f32;
    Float64 f64;
}

impl Eq for NumberList {}
