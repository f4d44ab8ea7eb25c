//! The value of `--profile=`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::units;

/// The default interval between samples.
const INTERVAL: Duration = Duration::from_millis(10);

/// The kind of profile, and where it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Profile {
    pub(super) kind: Kind,
    pub(super) path: Option<PathBuf>,
    pub(super) interval: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Samples for the Firefox Profiler.
    Guest,
    /// Samples for flame graphs.
    Folded,
    /// Calls and times.
    Counts,
}

impl Profile {
    /// The file that it is written to; `None` for standard error.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let default = match self.kind {
            Kind::Guest => Some("wasm-runtime-guest-profile.json"),
            Kind::Folded => Some("wasm-runtime-profile.folded"),
            Kind::Counts => None,
        };
        self.path.clone().or(default.map(PathBuf::from))
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let kind = match parts.next() {
            Some("guest") => Kind::Guest,
            Some("folded") => Kind::Folded,
            Some("counts") => Kind::Counts,
            _ => return Err("a profile is `guest`, `folded` or `counts`".to_owned()),
        };
        let path = parts.next().filter(|path| !path.is_empty()).map(PathBuf::from);
        let interval = match parts.next() {
            None => INTERVAL,
            Some(_) if kind == Kind::Counts => {
                return Err("calls are counted all the time: there is no interval".to_owned());
            }
            Some(interval) => units::parse_duration(interval)?,
        };
        if interval.is_zero() {
            return Err("the interval between samples is zero".to_owned());
        }
        if let Some(more) = parts.next() {
            return Err(format!("unexpected `{more}` after the interval"));
        }
        Ok(Self { kind, path, interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_a_kind_a_path_and_an_interval() {
        let profile: Profile = "guest".parse().unwrap();
        assert_eq!(profile, Profile { kind: Kind::Guest, path: None, interval: INTERVAL });
        assert_eq!(profile.path(), Some(PathBuf::from("wasm-runtime-guest-profile.json")));
        assert_eq!("counts".parse::<Profile>().unwrap().path(), None);
        let profile: Profile = "folded,out.txt,2ms".parse().unwrap();
        let interval = Duration::from_millis(2);
        let path = Some("out.txt".into());
        assert_eq!(profile, Profile { kind: Kind::Folded, path, interval });
        let profile: Profile = "guest,,1s".parse().unwrap();
        assert_eq!((profile.path, profile.interval), (None, Duration::from_secs(1)));
        for bad in ["", "all", "guest,a,b", "guest,a,0s", "counts,a,1s", "guest,a,1s,b"] {
            assert!(bad.parse::<Profile>().is_err(), "{bad}");
        }
    }
}
