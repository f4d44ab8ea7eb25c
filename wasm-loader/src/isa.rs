//! Which extensions of its instruction set this machine has, by the names of the code generator.

/// Whether this machine has an extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Support {
    Yes,
    No,
    /// Neither this crate nor the system knows: code that needs it is refused.
    Unknown,
}

impl From<bool> for Support {
    fn from(has: bool) -> Self {
        if has { Support::Yes } else { Support::No }
    }
}

/// The extensions that this machine has, of those that are known here, in a fixed order.
pub fn host_extensions() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().copied().filter(|extension| support(extension) == Support::Yes)
}

macro_rules! extensions {
    ($has:ident: $($name:literal is $feature:tt,)*) => {
        /// The names of the extensions that this crate can look for.
        const KNOWN: &[&str] = &[$($name),*];

        /// Whether this machine has the named extension.
        pub(crate) fn support(extension: &str) -> Support {
            match extension {
                $($name => std::arch::$has!($feature).into(),)*
                _ => Support::Unknown,
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
extensions! { is_x86_feature_detected:
    "sse3" is "sse3",
    "ssse3" is "ssse3",
    "sse41" is "sse4.1",
    "sse42" is "sse4.2",
    "cmpxchg16b" is "cmpxchg16b",
    "popcnt" is "popcnt",
    "avx" is "avx",
    "avx2" is "avx2",
    "fma" is "fma",
    "bmi1" is "bmi1",
    "bmi2" is "bmi2",
    "lzcnt" is "lzcnt",
    "avx_vnni" is "avxvnni",
    "avx512f" is "avx512f",
    "avx512dq" is "avx512dq",
    "avx512vl" is "avx512vl",
    "avx512vbmi" is "avx512vbmi",
    "avx512bitalg" is "avx512bitalg",
    "avx512vnni" is "avx512vnni",
}

#[cfg(target_arch = "aarch64")]
extensions! { is_aarch64_feature_detected:
    "lse" is "lse",
    "pauth" is "paca",
    "fp16" is "fp16",
    "dotprod" is "dotprod",
    "i8mm" is "i8mm",
}

/// The extensions of every general-purpose machine of the architecture.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const KNOWN: &[&str] = if cfg!(target_arch = "riscv64") {
    &["m", "a", "f", "d", "c", "zca", "zcd", "zicsr", "zifencei"]
} else {
    &[]
};

/// Whether this machine has the named extension.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn support(extension: &str) -> Support {
    if KNOWN.contains(&extension) { Support::Yes } else { Support::Unknown }
}
