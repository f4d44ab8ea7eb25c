//! Which extensions of its instruction set this machine has, by the code generator's names.

/// Whether this machine has an extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Support {
    Yes,
    No,
    /// Neither this crate nor the system knows: code that wants it is refused.
    Unknown,
}

impl From<bool> for Support {
    fn from(has: bool) -> Self {
        if has { Support::Yes } else { Support::No }
    }
}

/// Whether this machine has the named extension.
#[cfg(target_arch = "x86_64")]
pub(crate) fn support(extension: &str) -> Support {
    use std::arch::is_x86_feature_detected as has;
    match extension {
        "sse3" => has!("sse3").into(),
        "ssse3" => has!("ssse3").into(),
        "sse41" => has!("sse4.1").into(),
        "sse42" => has!("sse4.2").into(),
        "cmpxchg16b" => has!("cmpxchg16b").into(),
        "popcnt" => has!("popcnt").into(),
        "avx" => has!("avx").into(),
        "avx2" => has!("avx2").into(),
        "fma" => has!("fma").into(),
        "bmi1" => has!("bmi1").into(),
        "bmi2" => has!("bmi2").into(),
        "lzcnt" => has!("lzcnt").into(),
        "avx_vnni" => has!("avxvnni").into(),
        "avx512f" => has!("avx512f").into(),
        "avx512dq" => has!("avx512dq").into(),
        "avx512vl" => has!("avx512vl").into(),
        "avx512vbmi" => has!("avx512vbmi").into(),
        "avx512bitalg" => has!("avx512bitalg").into(),
        "avx512vnni" => has!("avx512vnni").into(),
        _ => Support::Unknown,
    }
}

/// Whether this machine has the named extension.
#[cfg(target_arch = "aarch64")]
pub(crate) fn support(extension: &str) -> Support {
    use std::arch::is_aarch64_feature_detected as has;
    match extension {
        "lse" => has!("lse").into(),
        "pauth" => has!("paca").into(),
        "fp16" => has!("fp16").into(),
        "dotprod" => has!("dotprod").into(),
        "i8mm" => has!("i8mm").into(),
        _ => Support::Unknown,
    }
}

/// Whether this machine has the named extension.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn support(extension: &str) -> Support {
    // What every general-purpose machine of the architecture has.
    const RISCV64: [&str; 9] = ["m", "a", "f", "d", "c", "zca", "zcd", "zicsr", "zifencei"];
    if cfg!(target_arch = "riscv64") && RISCV64.contains(&extension) {
        Support::Yes
    } else {
        Support::Unknown
    }
}
