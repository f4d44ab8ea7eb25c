//! Numbers for people.

use std::time::{Duration, SystemTime};

/// A number of bytes.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// How long ago something was.
pub(crate) fn ago(time: SystemTime) -> String {
    match time.elapsed() {
        Ok(age) => format!("{} ago", duration(age)),
        // The clock was set back since, or is that of another machine.
        Err(_) => "in the future".to_owned(),
    }
}

fn duration(age: Duration) -> String {
    const UNITS: [(&str, u64); 3] = [("day", 24 * 3600), ("hour", 3600), ("minute", 60)];
    let seconds = age.as_secs();
    let unit = UNITS.iter().find(|(_, length)| seconds >= *length);
    let (name, count) =
        unit.map_or(("second", seconds), |(name, length)| (*name, seconds / length));
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(1_500), "1.5 kB");
        assert_eq!(size(17_300_000), "17.3 MB");
        assert_eq!(size(2_000_000_000), "2.0 GB");
    }

    #[test]
    fn times_are_rounded_down() {
        for (seconds, wanted) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (7199, "1 hour"),
            (7200, "2 hours"),
            (86400 * 400, "400 days"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), wanted);
        }
        assert_eq!(ago(SystemTime::now() + Duration::from_secs(100)), "in the future");
    }
}
