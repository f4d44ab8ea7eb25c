//! What the option `-S` says, read name by name.

use wasm_runtime::{Escaped, Result, bail, ensure};

#[cfg(feature = "wasip2")]
use super::preview2::Preview2;
use super::switch::is_on;

/// The names that there are.
const NAMES: &str = "`threads`, `inherit-env`, `inherit-network`, `allow-address`, `tcp`, `udp`, \
                     `allow-ip-name-lookup`, `config`, `config-var`, `keyvalue`, \
                     `keyvalue-in-memory-data`, `network-error-code`, `max-random-size`, \
                     `max-resources`, `hostcall-fuel`";

/// Names of Wasmtime's for what is always there.
const ALWAYS: [&str; 8] = [
    "cli",
    "cli-exit-with-code",
    "common",
    "inherit-stderr",
    "inherit-stdin",
    "inherit-stdout",
    "preview0",
    "preview2",
];

/// What was chosen of WASI.
#[derive(Default)]
pub(crate) struct Choice {
    /// The program may start threads.
    pub(crate) threads: bool,
    /// It has the variables of this environment.
    pub(super) inherit_env: bool,
    /// The first name that only means something for components.
    pub(super) for_components: Option<String>,
    #[cfg(feature = "wasip2")]
    pub(crate) preview2: Preview2,
}

impl Choice {
    pub(super) fn parse(options: &[String]) -> Result<Self> {
        let mut choice = Self::default();
        for option in options {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (option.as_str(), None),
            };
            match name {
                "threads" => choice.threads = is_on(name, value)?,
                "inherit-env" => choice.inherit_env = is_on(name, value)?,
                name if ALWAYS.contains(&name) => {
                    let on = is_on(name, value)?;
                    ensure!(on, "-S {name}=n: programs always have that; leave the option away");
                }
                _ => {
                    choice.of_components(name, value)?;
                    choice.for_components.get_or_insert_with(|| name.to_owned());
                }
            }
        }
        Ok(choice)
    }

    /// What lets a component import this, if something does.
    #[cfg(feature = "component")]
    pub(crate) fn hint(&self, import: &str) -> Option<&'static str> {
        #[cfg(feature = "wasip2")]
        return self.preview2.hint(import);
        #[cfg(not(feature = "wasip2"))]
        import.starts_with("wasi:").then_some(
            "it imports WASI 0.2, and this program was built without the feature `wasip2`",
        )
    }

    #[cfg(feature = "wasip2")]
    fn of_components(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        if self.preview2.set(name, value)? { Ok(()) } else { unknown(name) }
    }

    #[cfg(not(feature = "wasip2"))]
    fn of_components(&mut self, name: &str, _: Option<&str>) -> Result<()> {
        unknown(name)
    }
}

/// Refuses a name, and says what of it there is.
fn unknown(name: &str) -> Result<()> {
    let why = match name {
        "http"
        | "http-outgoing-body-buffer-chunks"
        | "http-outgoing-body-chunk-size"
        | "max-http-fields-size" => "`wasi:http` is not supported",
        "nn" | "nn-graph" => "`wasi:nn` is not supported",
        "tls" => "`wasi:tls` is not supported",
        "p3" => "WASI 0.3 is not supported",
        "listenfd" | "tcplisten" => "programs get no sockets that listen already",
        "cwd" => "paths of programs begin in a directory that `--dir` gives them",
        "max-component-handles" => "`-S max-resources` limits what a component has",
        _ => bail!("-S: there is no `{}`; there are {NAMES}", Escaped::new(name)),
    };
    bail!("-S: there is no `{name}`: {why}; there are {NAMES}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[&str]) -> Result<Choice> {
        Choice::parse(&options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_last_of_a_name_counts() -> Result<()> {
        assert!(parse(&["threads"])?.threads);
        assert!(!parse(&["threads", "threads=n"])?.threads);
        assert!(parse(&["inherit-env=yes"])?.inherit_env);
        assert!(parse(&["inherit-env"])?.for_components.is_none());
        assert!(parse(&["cli", "common=y", "inherit-stdin"])?.for_components.is_none());
        Ok(())
    }

    #[test]
    fn what_there_is_not_is_said() {
        let message = |option| parse(&[option]).err().map(|error| error.to_string());
        for (option, part) in [
            ("sockets", "there is no `sockets`; there are `threads`"),
            ("http", "`wasi:http` is not supported"),
            ("threads=2", "`-S threads=n`"),
            ("cli=n", "programs always have that"),
            ("cwd=/x", "`--dir`"),
            ("a\nb", "a\\nb"),
        ] {
            let message = message(option).unwrap_or_default();
            assert!(message.contains(part), "{option}: {message}");
        }
    }

    #[test]
    fn each_name_of_wasmtime_is_there_or_says_why_not() {
        #[rustfmt::skip]
        let names = [
            "cli", "cli-exit-with-code", "common", "nn", "threads", "http",
            "http-outgoing-body-buffer-chunks", "http-outgoing-body-chunk-size", "config",
            "keyvalue", "listenfd", "tcplisten", "tls", "preview2", "nn-graph",
            "inherit-network", "allow-ip-name-lookup", "tcp", "udp", "network-error-code",
            "preview0", "inherit-env", "inherit-stdin", "inherit-stdout", "inherit-stderr",
            "cwd", "config-var", "keyvalue-in-memory-data", "p3", "max-resources",
            "hostcall-fuel", "max-component-handles", "max-random-size", "max-http-fields-size",
        ];
        for name in names {
            if let Err(error) = parse(&[name]) {
                let (text, generic) = (error.to_string(), format!("there is no `{name}`; "));
                assert!(!text.contains(&generic), "{text}");
            }
        }
    }
}
