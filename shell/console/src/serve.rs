//! The console, listening and answering.

use crate::{
    config::{Config, Shared},
    routes,
    state::State,
};
use axum::Router;
use listen::{ListenError, Listening};
use std::net::SocketAddr;

/// A console that listens and does not answer yet.
pub struct Console {
    listening: Listening,
    router: Router,
}

/// Begins to listen.
///
/// # Errors
/// [`ListenError`]: an address is taken, or is not loopback and there is no certificate; a file cannot be used.
pub async fn open(config: Config, shared: Shared) -> Result<Console, ListenError> {
    let listening = listen::open(&config.listen, config.tls.as_ref(), config.socket.as_deref()).await?;
    Ok(Console { listening, router: router(config, shared) })
}

/// Listens and answers until the process ends.
///
/// # Errors
/// As for [`open`].
pub async fn serve(config: Config, shared: Shared) -> Result<(), ListenError> {
    open(config, shared).await?.run(std::future::pending()).await;
    Ok(())
}

/// The console as a router. Requests must come through [`Console::run`], which says who is at the other end; a request
/// that does not is refused.
pub fn router(config: Config, shared: Shared) -> Router {
    routes::router(State::new(config, shared))
}

impl Console {
    /// The addresses it listens on, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listening.addresses()
    }

    /// The address to show to people.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.listening.url()
    }

    /// Answers until `stop` is done, and then for a moment longer, so that answers under way end well.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        self.listening.run(self.router, stop).await;
    }
}
