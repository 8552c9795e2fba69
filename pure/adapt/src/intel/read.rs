//! Other forms, read into objects of STIX.
