//! One thing that a service is about. A service such as ReadPropertyMultiple has many, and each becomes a request of its
//! own, so that a plan can allow one property and not another.

use super::message::{ObjectId, PropertyId};
use super::value::{Place, Value, values};
use crate::dialogue::weight;
use crate::show::{VALUE_BYTES_MAX, cut, hexadecimal, listed};
use city::{Details, Target, Text};
use compact_str::ToCompactString;

/// Parts told of one message. An APDU of 64 kB holds more only if it means to do harm.
pub const PARTS_MAX: usize = 1_024;

/// The longest detail, in bytes.
const DETAIL_BYTES_MAX: usize = 4_096;

/// One thing that a service is about.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub object: Option<ObjectId>,
    pub property: Option<PropertyId>,
    pub index: Option<u32>,
    pub target: Target,
    pub value: Option<Text>,
    /// Why this part of a reply was refused.
    pub refused: Option<Text>,
    /// Fields that say what it is about; request and reply both have them.
    pub about: Details,
    /// Fields that only the one message has.
    pub fields: Details,
    detailed: bool,
}

impl Part {
    /// A part about nothing in particular. Without `detailed`, fields are not kept.
    pub fn new(detailed: bool) -> Part {
        Part { detailed, ..Part::default() }
    }

    /// A part about an object.
    pub fn of(object: ObjectId, detailed: bool) -> Part {
        let instance = u64::from(object.instance());
        let mut part = Part::new(detailed);
        part.object = Some(object);
        part.target = Target::numbered(object.kind_text(), instance, instance);
        if detailed {
            part.about.push((Text::const_new("object-type"), object.kind_text()));
            part.about.push((Text::const_new("object-instance"), instance.to_compact_string()));
        }
        part
    }

    /// About one property of the object, or one element of it.
    pub fn property(mut self, property: PropertyId, index: Option<u32>) -> Part {
        self.property = Some(property);
        self.index = index;
        self.target.name = property.text();
        if self.detailed {
            self.about.push((Text::const_new("property"), property.text()));
            if let Some(index) = index {
                self.about.push((Text::const_new("array-index"), index.to_compact_string()));
            }
        }
        self
    }

    /// With a field.
    pub fn with(mut self, name: &'static str, value: impl ToCompactString) -> Part {
        if self.detailed {
            self.fields.push((Text::const_new(name), cut(&value.to_compact_string(), DETAIL_BYTES_MAX)));
        }
        self
    }

    /// With a field, where it was given.
    pub fn with_some(self, name: &'static str, value: Option<impl ToCompactString>) -> Part {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a value, as text.
    pub fn valued(mut self, value: impl Into<Text>) -> Part {
        self.value = Some(cut(&value.into(), VALUE_BYTES_MAX));
        self
    }

    /// With the tagged values of its property.
    pub fn with_values(mut self, data: &[u8]) -> Part {
        let place = Place { object_type: self.object.map(ObjectId::kind), property: self.property };
        let found = values(data, place);
        self.value =
            (!found.is_empty()).then(|| listed(found.iter().map(|value| &value.text), VALUE_BYTES_MAX));
        if self.detailed {
            for Value { text, kind, number } in found {
                self.fields.push((Text::const_new("value"), text));
                self.fields.push((Text::const_new("value-type"), Text::const_new(kind)));
                if let Some(number) = number {
                    self.fields.push((Text::const_new("value-number"), number.to_compact_string()));
                }
            }
        }
        self
    }

    /// With data that nothing is known of.
    pub fn with_data(self, name: &'static str, data: &[u8]) -> Part {
        if data.is_empty() { self } else { self.with(name, hexadecimal(data, DETAIL_BYTES_MAX)) }
    }

    /// Roughly how many bytes it takes to keep.
    pub fn weight(&self) -> usize {
        let value = self.value.as_ref().map_or(0, |value| value.len());
        size_of::<Part>() + self.target.name.len() + value + weight(&self.about) + weight(&self.fields)
    }

    /// Whether a reply's part answers a request's.
    pub fn answers(&self, asked: &Part) -> bool {
        (self.object, self.property, self.index) == (asked.object, asked.property, asked.index)
    }
}
