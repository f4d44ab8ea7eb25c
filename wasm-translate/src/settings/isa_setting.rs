//! What an instruction set has of settings.

use cranelift_codegen::settings::SettingKind;

use super::Settings;
use crate::error::Error;

/// A setting of an instruction set, or a preset, which stands for several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IsaSetting {
    /// Its name, which [`Settings::flag`] takes.
    pub name: &'static str,
    /// What it is, in the words of the code generator.
    pub description: &'static str,
    /// What values it has.
    pub kind: SettingKind,
    /// The value that code gets with these settings. A preset has none.
    pub value: Option<String>,
}

impl Settings {
    /// The settings of the target's instruction set, with the values that they have here.
    ///
    /// # Errors
    ///
    /// If the settings of the instruction set contradict each other.
    pub fn isa_settings(&self) -> Result<Vec<IsaSetting>, Error> {
        let isa = self.isa()?;
        let values = isa.isa_flags();
        let value = |name: &str| {
            let found = values.iter().find(|value| value.name == name);
            found.map(|value| value.value_string())
        };
        let settings = self.builder()?;
        let settings = settings.iter().map(|setting| IsaSetting {
            name: setting.name,
            description: setting.description,
            kind: setting.kind,
            value: value(setting.name),
        });
        Ok(settings.collect())
    }
}
