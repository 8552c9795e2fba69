//! What a frame is: MODBUS over Serial Line Specification and Implementation Guide V1.02, clause 2.5.1.

use crate::modbus::Message;

/// The shortest frame: unit, function code and check word.
pub const FRAME_MIN: usize = 4;

/// The longest frame (clause 2.5.1.1).
pub const FRAME_MAX: usize = 256;

/// The highest number of a unit (clause 2.2). Those above are reserved.
pub const UNIT_MAX: u8 = 247;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A frame whose check word is right, and how many bytes it takes.
    Frame(Message<'a>, usize),
    /// Perhaps the beginning of a frame.
    More,
    /// None.
    Nothing,
}

/// How long a frame is. Nothing in it says so: it follows from the function code, and from counts where there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many bytes, the check word included.
    Known(usize),
    /// More must be seen to tell.
    More,
    /// The function is none that the specification defines.
    Unknown,
}
