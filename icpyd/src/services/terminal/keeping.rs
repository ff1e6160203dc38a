//! What is lost with the daemon, and what the next program takes over.

use std::sync::Arc;

use icpy_protocol::daemon::DaemonLoss;

use super::Terminals;
use super::one::{Facts, Kept, Terminal};
use crate::keeper::{Ending, Keeper, Parcel};

impl Keeper for Terminals {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn losses(&self) -> Vec<DaemonLoss> {
        let infos = self.all().into_iter().map(|terminal| terminal.info());
        let running = infos.filter(|info| info.exit.is_none());
        running
            .map(|info| DaemonLoss {
                kind: "terminal".to_owned(),
                id: info.terminal_id,
                description: format!("the terminal `{}` runs `{}`", info.name, info.command.join(" ")),
            })
            .collect()
    }

    fn end(&self) -> Ending<'_> {
        let all = self.all();
        Box::pin(async move { Terminal::end_all(&all).await })
    }

    fn give(&self) -> Parcel {
        let mut parcel = Parcel::default();
        let mut all = Vec::new();
        for terminal in self.all() {
            match terminal.keep() {
                Ok(Kept { facts, output, screen, untyped, descriptor }) => {
                    all.push(serde_json::to_value(facts).unwrap_or_default());
                    parcel.blobs.extend([output, screen, untyped.into()]);
                    parcel.descriptors.push(descriptor);
                }
                Err(error) => tracing::error!(%error, "a terminal cannot be handed over"),
            }
        }
        parcel.state = all.into();
        parcel
    }

    fn take(&self, parcel: Parcel) -> std::result::Result<(), String> {
        let Parcel { state, blobs, descriptors } = parcel;
        let all: Vec<Facts> = serde_json::from_value(state).map_err(|error| error.to_string())?;
        let (count, mut blobs) = (all.len(), blobs.into_iter());
        if count != descriptors.len() || 3 * count != blobs.len() {
            return Err(format!("{count} terminals came with {} descriptors", descriptors.len()));
        }
        for (facts, descriptor) in all.into_iter().zip(descriptors) {
            let [output, screen, untyped] = std::array::from_fn(|_| blobs.next().unwrap_or_default());
            let kept = Kept { facts, output, screen, untyped: untyped.into(), descriptor };
            match Terminal::restore(kept, self.bounds()) {
                Some((terminal, input)) => {
                    self.lock().insert(Arc::clone(&terminal));
                    self.run(terminal, input);
                }
                None => tracing::error!("a terminal cannot be taken over"),
            }
        }
        Ok(())
    }
}
