//! The store: what Bastide keeps, and what it promises of it.

mod database;
mod people;
mod secret;

pub use crate::{
    database::DatabaseError,
    people::{Link, NewPerson, People, PeopleError, Person, PersonChange, PersonId, Role, Session, Token},
    secret::{ChanceError, Secret},
};
