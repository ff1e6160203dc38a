//! Ending a daemon that nobody uses, where that is wanted: nobody is connected, and nothing would be lost.
//!
//! A daemon that is not to end by itself has no timer for it.

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::config::{IdleExit, Loaded};
use crate::keeper::Keepers;

/// Ends the daemon by `stop` when it was idle for as long as is set.
pub(crate) async fn run(
    mut settings: watch::Receiver<Loaded>,
    mut connected: watch::Receiver<usize>,
    keepers: Keepers,
    stop: CancellationToken,
) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = until_idle(&mut settings, &mut connected, &keepers) => {
            tracing::info!("ended by itself: nobody needs it");
            stop.cancel();
        }
    }
}

async fn until_idle(settings: &mut watch::Receiver<Loaded>, connected: &mut watch::Receiver<usize>, keepers: &Keepers) {
    loop {
        let idle_exit = settings.borrow_and_update().config.daemon.idle_exit;
        let count = *connected.borrow_and_update();
        let rest = match idle_exit {
            IdleExit::After(time) if count == 0 => Some(Instant::now() + time),
            _ => None,
        };
        let rested = async {
            match rest {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = rested => if keepers.iter().all(|keeper| keeper.losses().is_empty()) {
                return;
            },
            // Neither ends before the daemon.
            Ok(()) = settings.changed() => {}
            Ok(()) = connected.changed(), if idle_exit != IdleExit::Never => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use icpy_protocol::daemon::DaemonLoss;

    use super::*;
    use crate::keeper::{Ending, Keeper, Parcel};

    #[derive(Debug, Default)]
    struct Holding(AtomicBool);

    impl Keeper for Holding {
        fn name(&self) -> &'static str {
            "holding"
        }

        fn losses(&self) -> Vec<DaemonLoss> {
            let loss = || DaemonLoss { kind: String::new(), id: String::new(), description: String::new() };
            self.0.load(Ordering::Relaxed).then(loss).into_iter().collect()
        }

        fn end(&self) -> Ending<'_> {
            Box::pin(std::future::ready(()))
        }

        fn give(&self) -> Parcel {
            Parcel::default()
        }

        fn take(&self, _: Parcel) -> Result<(), String> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_comes_when_all_was_quiet_for_the_whole_time() {
        let (settings, connected) = (watch::Sender::new(Loaded::default()), watch::Sender::new(0));
        let (holding, stop) = (Arc::new(Holding::default()), CancellationToken::new());
        let keepers: Keepers = vec![Arc::clone(&holding) as Arc<dyn Keeper>];
        let mut idle = Box::pin(run(settings.subscribe(), connected.subscribe(), keepers, stop.clone()));
        let mut lives_for = async |secs: u64| tokio::time::timeout(Duration::from_secs(secs), &mut idle).await.is_err();
        assert!(lives_for(100_000).await, "not by itself, where that is not set");
        settings.send_modify(|loaded| loaded.config.daemon.idle_exit = IdleExit::After(Duration::from_mins(1)));
        assert!(lives_for(59).await);
        connected.send_replace(1);
        assert!(lives_for(1000).await, "somebody is connected");
        connected.send_replace(0);
        assert!(lives_for(59).await, "the time begins anew");
        holding.0.store(true, Ordering::Relaxed);
        assert!(lives_for(1000).await, "something would be lost");
        holding.0.store(false, Ordering::Relaxed);
        assert!(!lives_for(61).await);
        assert!(stop.is_cancelled());
    }
}
