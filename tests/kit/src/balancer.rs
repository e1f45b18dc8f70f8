//! What an operator puts before several replicas: one address, whose connections go to one of them in turn, and to another
//! where that one does not answer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A balancer on loopback.
pub struct Balancer {
    address: SocketAddr,
    ports: Arc<Mutex<Vec<u16>>>,
    serving: JoinHandle<()>,
}

impl Balancer {
    /// Stands before what listens on these ports of this machine.
    pub async fn before(ports: &[u16]) -> Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let (address, ports) = (listener.local_addr()?, Arc::new(Mutex::new(ports.to_vec())));
        let of_all = ports.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let turn = {
                    let mut ports = of_all.lock().unwrap_or_else(PoisonError::into_inner);
                    let turn = ports.clone();
                    if !ports.is_empty() {
                        ports.rotate_left(1);
                    }
                    turn
                };
                tokio::spawn(join(stream, turn));
            }
        });
        Ok(Self { address, ports, serving })
    }

    /// From now on its connections go to these; those that stand go on.
    pub fn leads_to(&self, to: &[u16]) {
        to.clone_into(&mut self.ports.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn join(mut stream: TcpStream, ports: Vec<u16>) {
    for port in ports {
        if let Ok(mut other) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await {
            // How it ended, both sides see for themselves.
            let _ = copy_bidirectional(&mut stream, &mut other).await;
            return;
        }
    }
}
