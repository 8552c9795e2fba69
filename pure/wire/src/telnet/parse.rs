//! Text among commands (RFC 854, "Telnet command structure").

/// Where reading one side has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Signs {
    /// In text.
    #[default]
    Text,
    /// Behind IAC.
    Command,
    /// Behind WILL, WON'T, DO or DON'T: the option.
    Option,
    /// In a subnegotiation, up to IAC SE (RFC 855).
    Negotiation,
    /// Behind IAC in one.
    NegotiationCommand,
}

impl Signs {
    /// One byte: text, if it is.
    pub(super) fn hear(&mut self, byte: u8) -> Option<u8> {
        let (next, text) = match (*self, byte) {
            (Signs::Text, 255) => (Signs::Command, None),
            (Signs::Text, text) => (Signs::Text, Some(text)),
            (Signs::Command, 250) => (Signs::Negotiation, None),
            (Signs::Command, 251..=254) => (Signs::Option, None),
            // IAC twice is the byte itself.
            (Signs::Command, 255) => (Signs::Text, Some(255)),
            (Signs::NegotiationCommand, 240) | (Signs::Command | Signs::Option, _) => (Signs::Text, None),
            (Signs::Negotiation, 255) => (Signs::NegotiationCommand, None),
            (Signs::Negotiation | Signs::NegotiationCommand, _) => (Signs::Negotiation, None),
        };
        *self = next;
        text
    }
}
