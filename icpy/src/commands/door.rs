//! The commands about who comes in over HTTP.

use icpy::args::{Command, General};

use super::{login, token, web};
use crate::output::Failure;

pub(super) fn run(command: Command, general: &General) -> Result<(), Failure> {
    match command {
        Command::Web(web) => web::run(web, general),
        Command::Token(token) => token::run(token, general),
        Command::Login(login) => login::run(login, general),
        Command::User(user) => login::users(user, general),
        _ => unreachable!("the others are no commands about that"),
    }
}
