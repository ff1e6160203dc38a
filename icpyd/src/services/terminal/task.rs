//! The task of a terminal: it reads what the program prints, types what clients send, and sees it end.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use icpy_protocol::terminal::TerminalExited;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::modelling::Modelling;
use super::one::{News, Terminal};
use super::platform::Children;
use super::rest::Rest;
use super::screen::Effect;

/// The most that is read at once.
const READ_BYTES_MAX: usize = 32 << 10;

/// The most that is read after a program's end: what it started may print for ever.
const REST_BYTES_MAX: usize = 1 << 20;

/// Answers to a program's questions that may wait to be typed.
const ANSWERS_MAX: usize = 64;

/// How long a program may take to end when it is asked to.
const END_TIMEOUT: Duration = Duration::from_millis(500);

impl Terminal {
    /// The task. Ends with the daemon, or when the terminal is closed.
    pub(super) async fn run(
        self: Arc<Self>,
        mut input: mpsc::Receiver<Bytes>,
        tell: impl Fn(News) + Clone + Send + 'static,
    ) {
        let mut buffer = vec![0; READ_BYTES_MAX];
        let mut untyped = std::mem::take(&mut self.lock().untyped);
        let (mut is_hung_up, mut rest) = (false, Rest::new());
        let Ok(mut children) = Children::of([&self.child]) else { return };
        let (answers, mut asked) = mpsc::channel(ANSWERS_MAX);
        let tell = move |news| match news {
            // A program that asks more than it reads is not answered.
            News::Effect(Effect::Answer(answer)) => drop(answers.try_send(Bytes::from(answer))),
            news => tell(news),
        };
        let mut modelling = Modelling::new(Arc::clone(&self), tell.clone());
        let mut answering = pin!(self.keyboard.type_all(self.id(), &mut asked));
        self.see_end(&mut buffer, &tell);
        loop {
            tokio::select! {
                () = &mut answering => {}
                () = self.resized.notified() => {
                    let size = self.model().screen.size();
                    tell(News::Resized(size));
                }
                () = modelling.go_on() => {}
                () = rest.comes() => rest.take(&self),
                () = self.stop.cancelled() => break,
                () = children.changed() => {
                    self.see_end(&mut buffer, &tell);
                    // The system closes a terminal for all when its program ends: nobody reads what is typed.
                    if self.has_ended() {
                        untyped.clear();
                    }
                }
                read = poll_fn(|cx| self.master.poll_read(cx, &mut buffer)), if !is_hung_up => match read {
                    Ok(count) if count > 0 => {
                        modelling.note(self.forward(&buffer[..count])).await;
                        rest.disturb();
                    }
                    _ => is_hung_up = true,
                },
                data = input.recv(), if untyped.is_empty() => {
                    untyped = data.filter(|_| !self.has_ended()).unwrap_or_default();
                }
                typed = poll_fn(|cx| self.master.poll_write(cx, &untyped)), if !untyped.is_empty() => match typed {
                    Ok(count) => untyped.advance(count),
                    // Nobody is there to read it.
                    Err(_) => untyped.clear(),
                },
            }
        }
        // What comes from now on is refused, and not lost.
        input.close();
        let mut untyped = Vec::from(untyped);
        while let Ok(data) = input.try_recv() {
            untyped.extend(data);
        }
        self.lock().untyped = untyped.into();
    }

    /// Looks whether the program has ended, and tells it after all that it printed.
    fn see_end(&self, buffer: &mut [u8], tell: &impl Fn(News)) {
        if self.has_ended() {
            return;
        }
        let Ok(Some(exit)) = self.child.try_wait() else { return };
        let mut rest = 0;
        while rest < REST_BYTES_MAX {
            let count = self.master.read_now(buffer);
            if count == 0 {
                break;
            }
            self.forward(&buffer[..count]);
            self.tell_news(tell);
            rest += count;
        }
        self.forward_rest();
        self.tell_news(tell);
        self.progress.send_modify(|progress| progress.exit = Some(exit));
        self.lock().viewers.wake_all();
        tell(News::Exited(TerminalExited { terminal_id: self.id().to_owned(), exit }));
    }

    /// Ends what runs in the terminal: asks first, and then does not ask. The task is running.
    pub(super) async fn close(&self) {
        let mut progress = self.progress.subscribe();
        self.child.hang_up(&self.master, self.has_ended());
        let _ = timeout(END_TIMEOUT, progress.wait_for(|progress| progress.exit.is_some())).await;
        self.child.kill(&self.master, self.has_ended());
        let _ = timeout(END_TIMEOUT, progress.wait_for(|progress| progress.exit.is_some())).await;
        self.stop.cancel();
        self.lock().viewers.wake_all();
    }

    /// Ends what runs in terminals whose tasks have ended.
    pub(super) async fn end_all(terminals: &[Arc<Self>]) {
        let Ok(mut children) = Children::of(terminals.iter().map(|terminal| &terminal.child)) else { return };
        for terminal in terminals {
            terminal.child.hang_up(&terminal.master, terminal.has_ended());
        }
        Self::wait_for_all(terminals, &mut children).await;
        for terminal in terminals {
            terminal.child.kill(&terminal.master, terminal.has_ended());
        }
        Self::wait_for_all(terminals, &mut children).await;
    }

    async fn wait_for_all(terminals: &[Arc<Self>], children: &mut Children) {
        let all_ended = async {
            while !terminals.iter().all(|terminal| terminal.reap()) {
                children.changed().await;
            }
        };
        let _ = timeout(END_TIMEOUT, all_ended).await;
    }

    /// Whether the program has ended; what the system keeps of it goes.
    fn reap(&self) -> bool {
        if !self.has_ended()
            && let Ok(Some(exit)) = self.child.try_wait()
        {
            self.progress.send_modify(|progress| progress.exit = Some(exit));
        }
        self.has_ended()
    }
}
