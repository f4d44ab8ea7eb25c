//! Numbers in readable form.

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
        // The clock was set back since, or the time is that of another machine.
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

/// A number of bytes in readable form: `4096`, `64Ki`, `1M`. Units are powers of 1000, or with an
/// `i` of 1024.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 6] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("K", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
    ];
    let unit = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)));
    let (digits, bytes) = unit.unwrap_or((text, 1));
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(bytes));
    number.ok_or_else(|| format!("`{text}` is not a size such as `4096`, `64Mi` or `1G`"))
}

/// A duration in readable form: `2s`, `500ms`, `1.5m`. Without a unit it is in seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    // Units that end with another unit come after it.
    const UNITS: [(&str, f64); 5] =
        [("ms", 1e-3), ("us", 1e-6), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
    let unit = UNITS.iter().find_map(|(unit, length)| Some((text.strip_suffix(unit)?, *length)));
    let (digits, length) = unit.unwrap_or((text, 1.0));
    let plain = digits.chars().all(|character| character.is_ascii_digit() || character == '.');
    let number = digits.parse::<f64>().ok().filter(|_| plain);
    let duration = number.and_then(|number| Duration::try_from_secs_f64(number * length).ok());
    duration.ok_or_else(|| format!("`{text}` is not a duration such as `2s`, `500ms` or `1m`"))
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
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (7199, "1 hour"),
            (7200, "2 hours"),
            (86400 * 400, "400 days"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        }
        assert_eq!(ago(SystemTime::now() + Duration::from_secs(100)), "in the future");
    }

    #[test]
    fn sizes_are_read_with_units() {
        for (text, expected) in
            [("0", 0), ("4096", 4096), ("64Ki", 65536), ("2M", 2_000_000), ("1Gi", 1 << 30)]
        {
            assert_eq!(parse_size(text), Ok(expected));
        }
        for bad in ["", "M", "1.5M", "-1", "1T", "99999999999Gi"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_are_read_with_units() {
        for (text, expected) in [
            ("2s", Duration::from_secs(2)),
            ("2", Duration::from_secs(2)),
            ("500ms", Duration::from_millis(500)),
            ("1.5m", Duration::from_secs(90)),
            ("20us", Duration::from_micros(20)),
            ("1h", Duration::from_secs(3600)),
        ] {
            assert_eq!(parse_duration(text), Ok(expected));
        }
        for bad in ["", "s", "-1s", "1d", "inf", "1e400s", "NaN"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
