//! The two addresses of a stack, bound before anything else starts: parameters may name them.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot};

use super::PortError;

/// A listener on 127.0.0.1 that nobody serves yet.
pub struct Socket {
    listener: TcpListener,
    url: String,
}

impl Socket {
    /// Binds `port`; 0 takes a free one.
    ///
    /// # Errors
    /// The port is taken or not allowed.
    pub async fn bind(port: u16) -> Result<Self, PortError> {
        let fault = |source| PortError { port, source };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.map_err(fault)?;
        let url = format!("http://{}", listener.local_addr().map_err(fault)?);
        Ok(Self { listener, url })
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves until the sender is dropped.
    pub(super) fn serve(self, router: Router) -> oneshot::Sender<()> {
        let (shutdown, ended) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let served = axum::serve(self.listener, router).with_graceful_shutdown(async move {
                // An error is the sender dropped, which means the same.
                let _ = ended.await;
            });
            if let Err(error) = served.await {
                tracing::error!(%error, "a listener ended");
            }
        });
        shutdown
    }
}
