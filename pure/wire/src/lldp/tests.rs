//! Frames as they go on the link, and as they should not.
