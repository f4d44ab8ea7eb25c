//! Groups of options as Wasmtime's command line has them: `-O`, `-C`, `-D`, `-W` and `-S` with
//! lists of `KEY[=VALUE]`.
//!
//! Each key stands for an option of this program ([`table`]), and is replaced by it before the
//! command line is parsed. So there is one way to say each thing behind this file, and what a
//! command does not have is refused by name. `-O help` lists a group. `-S` is an option of its own,
//! which is only listed here.

mod table;

use std::collections::VecDeque;
use std::ffi::OsString;

use clap::{Args, CommandFactory};

use self::table::{Entry, Meaning};
use crate::{exit, output};

/// The groups that have no other option of their own, for `--help`: what is given for them is
/// replaced before.
#[derive(Args)]
#[allow(dead_code, reason = "the command line has no such options any more")]
pub(crate) struct Groups {
    /// Settings of the code generator under Wasmtime's names: `-C cache=n`. `-C help` lists them,
    /// `-O help` and `-W help` those of the other groups.
    #[arg(short = 'C', long = "codegen", value_name = "KEY[=VALUE],...")]
    codegen: Vec<String>,

    /// Settings for debugging under Wasmtime's names: `-D help` lists them.
    #[arg(short = 'D', long = "debug", value_name = "KEY[=VALUE],...")]
    debug: Vec<String>,
}

/// A group of options.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Group {
    short: char,
    long: &'static str,
    title: &'static str,
    entries: &'static [Entry],
}

fn group(option: &str) -> Option<Group> {
    let is = |group: &Group| match option.strip_prefix("--") {
        Some(long) => long == group.long,
        None => option.strip_prefix('-').is_some_and(|rest| rest.starts_with(group.short)),
    };
    table::GROUPS.iter().copied().find(is)
}

/// The command line with the options of this program in place of those in groups. Ends the process
/// if a list of a group is asked for, or a key can't be.
pub(crate) fn expanded<C: CommandFactory>(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut root = C::command();
    root.build();
    let mut rest: VecDeque<OsString> = arguments.into();
    let mut all: Vec<OsString> = rest.pop_front().into_iter().collect();
    let Some(first) = rest.front() else { return all };
    let name = first.to_str().unwrap_or_default();
    let command = match root.find_subcommand(name) {
        Some(command) => {
            all.extend(rest.pop_front());
            command
        }
        // A file without a command is run.
        None if !name.starts_with('-') => match root.find_subcommand("run") {
            Some(command) => command,
            None => return [all, rest.into()].concat(),
        },
        None => return [all, rest.into()].concat(),
    };
    match expand(command, rest) {
        Ok(expanded) => [all, expanded].concat(),
        Err(problem) => exit::usage(&problem),
    }
}

/// Expands the arguments of a command, up to those that belong to the program that it runs.
fn expand(command: &clap::Command, mut rest: VecDeque<OsString>) -> Result<Vec<OsString>, String> {
    let passes_on = command.get_positionals().any(clap::Arg::is_trailing_var_arg_set);
    let mut expanded = Vec::new();
    let mut positionals = 0;
    while let Some(argument) = rest.pop_front() {
        let text = argument.to_str().unwrap_or_default();
        if text == "--" || (passes_on && positionals > 1) {
            expanded.push(argument);
            break;
        }
        if let Some((group, value)) = in_group(text) {
            let value = match value.map(str::to_owned) {
                Some(value) => Some(value),
                None => rest.pop_front().and_then(|value| value.into_string().ok()),
            };
            let value = value.ok_or_else(|| format!("`{text}` needs a value: `{text} help`"))?;
            expanded.extend(of_group(command, group, &value)?);
            continue;
        }
        let takes_next = takes_next(command, text);
        if !text.starts_with('-') || text == "-" {
            positionals += 1;
        }
        expanded.push(argument);
        if takes_next {
            expanded.extend(rest.pop_front());
        }
    }
    expanded.extend(rest);
    Ok(expanded)
}

/// The group of an argument, and its value if it is part of the argument.
fn in_group(argument: &str) -> Option<(Group, Option<&str>)> {
    let (option, value) = match argument.split_once('=') {
        Some((option, value)) if argument.starts_with("--") => (option, Some(value)),
        _ => (argument, None),
    };
    let group = group(option)?;
    if option.starts_with("--") {
        return Some((group, value));
    }
    let rest = option.get(1 + group.short.len_utf8()..)?;
    Some((group, (!rest.is_empty()).then(|| rest.strip_prefix('=').unwrap_or(rest))))
}

/// Whether an option has its value in the argument behind it.
fn takes_next(command: &clap::Command, argument: &str) -> bool {
    let takes_value =
        |option: &clap::Arg| option.get_action().takes_values() && !option.is_require_equals_set();
    if let Some(long) = argument.strip_prefix("--") {
        let mut options = command.get_arguments();
        let has_name = |option: &clap::Arg| {
            option.get_long_and_visible_aliases().unwrap_or_default().contains(&long)
        };
        return options.any(|option| has_name(option) && takes_value(option));
    }
    // In `-abc`, the last one can have its value behind it, if those before have none.
    let Some(shorts) = argument.strip_prefix('-') else { return false };
    let mut shorts = shorts.chars();
    while let Some(short) = shorts.next() {
        let option = command.get_arguments().find(|option| option.get_short() == Some(short));
        if option.is_some_and(takes_value) {
            return shorts.as_str().is_empty();
        }
    }
    false
}

/// What a list of keys stands for.
fn of_group(command: &clap::Command, group: Group, list: &str) -> Result<Vec<OsString>, String> {
    if matches!(list, "help" | "help-long") {
        let _ = output::text(&help(group));
        std::process::exit(0);
    }
    if group.short == 'S' {
        return Ok(vec!["-S".into(), list.into()]);
    }
    let mut arguments = Vec::new();
    for part in list.split(',') {
        let (key, value) = match part.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (part, None),
        };
        let means = table::meaning(group.entries, key);
        let given = |problem: &str| format!("`-{} {part}`: {problem}", group.short);
        match means {
            None if group.short == 'W' || (group.short == 'O' && value.is_none()) => {
                // Proposals and levels have options of their own.
                arguments.push(format!("--{}={part}", own_long(group)));
            }
            None => {
                return Err(given(&format!(
                    "there is no such key; `-{} help` lists them",
                    group.short
                )));
            }
            Some(Meaning::Value(own)) => {
                let value = value.ok_or_else(|| given(&format!("write `{key}=VALUE`")))?;
                arguments.push(format!("{own}={value}"));
            }
            Some(Meaning::Part(own)) => {
                let value = value.ok_or_else(|| given(&format!("write `{key}=VALUE`")))?;
                let name = key.split_once('-').map_or(key, |(_, name)| name);
                arguments.push(format!("{own}={name}={value}"));
            }
            Some(Meaning::Flag) => {
                let name = key.trim_start_matches("cranelift-").replace('-', "_");
                arguments.push(format!("--flag={name}={}", value.unwrap_or("true")));
            }
            Some(Meaning::Switch { on, off }) => {
                let own = if yes(value).map_err(|problem| given(&problem))? { on } else { off };
                arguments.extend(own.iter().map(|own| (*own).to_owned()));
            }
            Some(Meaning::Only { values, instead }) => {
                if !values.contains(&value.unwrap_or("y")) {
                    return Err(given(&format!("that can't be. {instead}")));
                }
            }
            Some(Meaning::Nothing(_) | Meaning::Own(_)) => {}
            Some(Meaning::Refused(instead)) => return Err(given(instead)),
        }
        if let Some(own) = arguments.last()
            && let Some(problem) = unknown(command, own)
        {
            return Err(given(&problem));
        }
    }
    Ok(arguments.into_iter().map(OsString::from).collect())
}

/// The own option of a group whose keys are not all in the table.
fn own_long(group: Group) -> &'static str {
    if group.short == 'O' { "opt" } else { group.long }
}

/// What is wrong if a command does not have an option.
fn unknown(command: &clap::Command, own: &str) -> Option<String> {
    let option = own.split('=').next().unwrap_or(own);
    let long = option.trim_start_matches('-');
    let has = command.get_arguments().any(|known| known.get_long() == Some(long));
    (!has).then(|| {
        format!(
            "it stands for `{option}`, which `wasm-runtime {}` does not have",
            command.get_name()
        )
    })
}

fn yes(value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("" | "y" | "yes" | "true") => Ok(true),
        Some("n" | "no" | "false") => Ok(false),
        Some(other) => Err(format!("`{other}` says neither yes nor no: write `y` or `n`")),
    }
}

/// The list of a group.
fn help(group: Group) -> String {
    let mut text = format!("{} (-{}, --{}):\n\n", group.title, group.short, group.long);
    for entry in group.entries {
        text.push_str(&format!("  -{} {}\n      {}\n", group.short, entry.shown(), entry.help()));
    }
    if group.short == 'W' {
        text.push_str("  -W PROPOSAL[=y|n]\n      Allows or refuses one of these:\n");
        for names in crate::proposals::names().chunks(4) {
            text.push_str(&format!("      {}\n", names.join(", ")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(arguments: &[&str]) -> Vec<String> {
        let arguments = arguments.iter().map(OsString::from).collect();
        let expanded = expanded::<crate::CommandLine>(arguments);
        expanded.into_iter().map(|argument| argument.into_string().unwrap()).collect()
    }

    #[test]
    fn keys_become_options_where_options_can_be() {
        let expanded = expand(&["w", "run", "-W", "fuel=5,simd=n", "-Wtimeout=2s", "a.wasm"]);
        assert_eq!(expanded, ["w", "run", "--fuel=5", "--wasm=simd=n", "--timeout=2s", "a.wasm"]);
        let expanded = expand(&["w", "run", "-Sthreads", "--wasi=config-var=a=b,c", "a.wasm"]);
        assert_eq!(expanded, ["w", "run", "-S", "threads", "-S", "config-var=a=b,c", "a.wasm"]);
        let expanded = expand(&["w", "run", "-O2", "--optimize=opt-level=s", "-C", "cache=n", "a"]);
        assert_eq!(expanded, ["w", "run", "--opt=2", "--opt=s", "--no-cache", "a"]);
        // A file without a command is run, and options can be behind it.
        assert_eq!(expand(&["w", "./a", "-W", "fuel=5"]), ["w", "./a", "--fuel=5"]);
    }

    #[test]
    fn what_belongs_to_the_program_is_left_alone() {
        for arguments in [
            &["w", "run", "a.wasm", "x", "-W", "fuel=5"][..],
            &["w", "run", "a.wasm", "--", "-W", "fuel=5"],
            // The value of another option.
            &["w", "run", "--dir", "-W", "--env", "-O", "a.wasm"],
            &["w", "run", "--trace-calls", "a.wasm", "x", "-D", "y"],
            &["w", "help", "run"],
            &["w", "--version"],
            &["w"],
        ] {
            assert_eq!(expand(arguments), arguments);
        }
    }

    #[test]
    fn each_key_stands_for_an_option_that_some_command_has() {
        use clap::CommandFactory as _;
        let mut root = crate::CommandLine::command();
        root.build();
        for entry in table::GROUPS.iter().flat_map(|group| group.entries) {
            let own: Vec<&str> = match entry.meaning {
                Meaning::Value(own) | Meaning::Part(own) => vec![own],
                Meaning::Switch { on, off } => on.iter().chain(off).copied().collect(),
                _ => Vec::new(),
            };
            for own in own {
                let mut commands = root.get_subcommands();
                assert!(commands.any(|command| unknown(command, own).is_none()), "{own}");
            }
        }
    }

    /// The keys that Wasmtime 48 has in the groups whose keys are all in the table.
    #[rustfmt::skip]
    const OF_WASMTIME: &[(char, &[&str])] = &[
        ('O', &[
            "opt-level", "regalloc-algorithm", "memory-may-move", "memory-reservation",
            "memory-reservation-for-growth", "memory-guard-size", "gc-heap-may-move",
            "gc-heap-reservation", "gc-heap-reservation-for-growth", "gc-heap-guard-size",
            "gc-heap-initial-size", "guard-before-linear-memory", "table-lazy-init",
            "pooling-allocator", "pooling-decommit-batch-size", "pooling-memory-keep-resident",
            "pooling-table-keep-resident", "pooling-memory-protection-keys",
            "pooling-max-memory-protection-keys", "memory-init-cow",
            "memory-guaranteed-dense-image-size", "pooling-total-core-instances",
            "pooling-total-component-instances", "pooling-total-memories",
            "pooling-total-tables", "pooling-total-stacks", "pooling-max-memory-size",
            "pooling-table-elements", "pooling-max-core-instance-size",
            "pooling-max-unused-warm-slots", "pooling-async-stack-keep-resident",
            "pooling-max-component-instance-size", "pooling-max-core-instances-per-component",
            "pooling-max-memories-per-component", "pooling-max-tables-per-component",
            "pooling-max-tables-per-module", "pooling-max-memories-per-module",
            "pooling-total-gc-heaps", "signals-based-traps", "dynamic-memory-guard-size",
            "static-memory-guard-size", "static-memory-forced", "static-memory-maximum-size",
            "dynamic-memory-reserved-for-growth", "pooling-pagemap-scan",
            "gc-zeal-alloc-counter",
        ]),
        ('C', &[
            "compiler", "collector", "cranelift-debug-verifier", "cache", "cache-config",
            "parallel-compilation", "native-unwind-info", "inlining",
            "metadata-for-internal-asserts", "metadata-for-gc-heap-corruption",
            "cranelift-has-avx2",
        ]),
        ('D', &[
            "debug-info", "guest-debug", "address-map", "logging", "log-to-files", "coredump",
            "debugger", "arg", "inherit-stdin", "inherit-stdout", "inherit-stderr",
            "max-backtrace", "symbols",
        ]),
        ('R', &[
            "path", "validation-metadata", "event-window-size",
        ]),
    ];

    #[test]
    fn each_key_of_wasmtime_is_in_the_table() {
        for (short, keys) in OF_WASMTIME {
            let group = table::GROUPS.iter().find(|group| group.short == *short).unwrap();
            for key in *keys {
                assert!(table::meaning(group.entries, key).is_some(), "-{short} {key}");
            }
        }
    }
}
