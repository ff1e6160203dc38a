//! The threads that follow trees: each waits for notices and for orders, and has those trees catch up that they are about.
//!
//! A folder with all below it has a thread of its own. Those that are watched for themselves share one, with what the system gives to
//! it: there may be one for each text that is edited.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::follower::Follower;
use super::platform::{self, Source, Waker, Watcher};
use crate::host::Host;
use crate::memory;

/// How long the second half of a move is waited for. Mostly both come at once.
const MOVE_TIMEOUT: Duration = Duration::from_millis(2);

/// Starts threads that follow trees.
#[derive(Debug)]
pub(in super::super) struct Threads {
    host: Host,
    /// The one of the folders that are watched for themselves.
    shared: Mutex<Weak<Thread>>,
}

/// A tree that a thread follows until this is dropped.
#[derive(Debug)]
pub(super) struct Followed {
    thread: Arc<Thread>,
    number: u32,
}

/// The way to a thread.
#[derive(Debug)]
struct Thread {
    orders: Mutex<Orders>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Orders {
    list: Vec<Order>,
    /// How many followers the thread was given.
    given: u32,
    /// No more trees are taken.
    is_closed: bool,
}

/// What a thread is to do.
#[derive(Debug)]
enum Order {
    /// Follow one tree more, by this number.
    Follow(u32, Box<Follower>),
    /// Catch up with everything that has happened, and say so.
    Sync(u32, oneshot::Sender<()>),
    /// Follow this one no longer.
    Leave(u32),
}

/// What a thread works on.
struct Work {
    thread: Arc<Thread>,
    source: Arc<Source>,
    host: Host,
    members: BTreeMap<u32, Member>,
    /// Members of which something was told, or that somebody waits for.
    awake: BTreeSet<u32>,
    /// When a member has something to do though nothing happens.
    due: BTreeMap<u32, Instant>,
    /// All that happened before was told.
    known_until: SystemTime,
}

/// One tree of a thread.
struct Member {
    watcher: Watcher,
    follower: Box<Follower>,
    /// Those who wait until it has caught up.
    asking: Vec<oneshot::Sender<()>>,
}

impl Threads {
    pub(in super::super) fn new(host: Host) -> Self {
        Self { host, shared: Mutex::default() }
    }

    /// Has a thread follow a tree.
    pub(super) fn follow(&self, follower: Follower) -> io::Result<Followed> {
        let follower = Box::new(follower);
        let is_shared = platform::CAN_SHARE && follower.is_quick();
        if !is_shared {
            return self.start(follower, false);
        }
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let follower = match shared.upgrade() {
            Some(thread) => match thread.follow(follower) {
                Ok(followed) => return Ok(followed),
                Err(follower) => follower,
            },
            None => follower,
        };
        let followed = self.start(follower, true)?;
        *shared = Arc::downgrade(&followed.thread);
        Ok(followed)
    }

    fn start(&self, follower: Box<Follower>, is_shared: bool) -> io::Result<Followed> {
        let source = Arc::new(Source::new(&follower.state.scope.root, is_shared)?);
        let thread = Arc::new(Thread { orders: Mutex::default(), waker: source.waker() });
        let followed = thread.follow(follower).map_err(|_| io::Error::other("its thread takes no trees"))?;
        // Where the system had nothing to give, the next one may get what this one did not.
        thread.orders().is_closed = !is_shared || source.is_blind();
        let work = Work::new(thread, source, self.host.clone());
        std::thread::Builder::new().name("icpy-watch".to_owned()).spawn(move || work.run())?;
        Ok(followed)
    }
}

impl Followed {
    /// Returns what is answered when the tree has caught up with all that happened before now.
    pub(super) fn sync(&self) -> oneshot::Receiver<()> {
        let (answer, answered) = oneshot::channel();
        self.thread.order(Order::Sync(self.number, answer));
        answered
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.thread.order(Order::Leave(self.number));
    }
}

impl Thread {
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the thread one tree more, or the tree back where it takes none.
    fn follow(self: &Arc<Self>, follower: Box<Follower>) -> Result<Followed, Box<Follower>> {
        let number = {
            let mut orders = self.orders();
            if orders.is_closed {
                return Err(follower);
            }
            let number = orders.given;
            orders.given += 1;
            orders.list.push(Order::Follow(number, follower));
            number
        };
        self.waker.wake();
        Ok(Followed { thread: Arc::clone(self), number })
    }

    fn order(&self, order: Order) {
        self.orders().list.push(order);
        self.waker.wake();
    }
}

impl Work {
    fn new(thread: Arc<Thread>, source: Arc<Source>, host: Host) -> Self {
        let (members, awake, due) = Default::default();
        let known_until = now(&host);
        Self { thread, source, host, members, awake, due, known_until }
    }

    fn run(mut self) {
        loop {
            // What is asked for is asked before everything is read that has happened.
            let orders = std::mem::take(&mut self.thread.orders().list);
            for order in orders {
                self.obey(order);
            }
            self.read();
            self.catch_up();
            if self.is_over() {
                break;
            }
            self.wait();
        }
        drop(self);
        memory::give_back();
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Follow(number, follower) => {
                let watcher = Watcher::new(Arc::clone(&self.source), number);
                let mut member = Member { watcher, follower, asking: Vec::new() };
                member.work(|watcher, follower| follower.begin(watcher));
                if !member.follower.is_quick() {
                    // Reading takes more than what comes of it.
                    memory::give_back();
                }
                self.members.insert(number, member);
                self.awake.insert(number);
            }
            Order::Sync(number, answer) => {
                if let Some(member) = self.members.get_mut(&number) {
                    member.asking.push(answer);
                    self.awake.insert(number);
                }
            }
            Order::Leave(number) => self.let_go(number),
        }
    }

    fn let_go(&mut self, number: u32) {
        self.due.remove(&number);
        self.members.remove(&number);
    }

    /// Takes what the system tells.
    fn read(&mut self) {
        // More may come while it is read.
        let known_until = now(&self.host);
        self.read_once();
        let has_half_a_move = |number| {
            let member: Option<&Member> = self.members.get(number);
            member.is_some_and(|member| !member.follower.state.moves.is_empty())
        };
        if self.awake.iter().any(has_half_a_move) {
            self.source.wait(Some(MOVE_TIMEOUT));
            self.read_once();
        }
        self.known_until = known_until;
    }

    fn read_once(&mut self) {
        let Self { source, members, awake, known_until, .. } = self;
        source.read(&mut |notice| {
            let mut take = |number: u32, member: &mut Member| {
                awake.insert(number);
                member.work(|watcher, follower| follower.state.take(watcher, notice, *known_until));
            };
            match source.watchers_of(&notice) {
                None => members.iter_mut().for_each(|(number, member)| take(*number, member)),
                Some(numbers) => {
                    for number in numbers {
                        members.get_mut(&number).into_iter().for_each(|member| take(number, member));
                    }
                }
            }
        });
    }

    /// Has the trees catch up that have something to do, and lets go of those that have ended.
    fn catch_up(&mut self) {
        let now = Instant::now();
        let mut numbers = std::mem::take(&mut self.awake);
        numbers.extend(self.due.iter().filter(|(_, due)| **due <= now).map(|(number, _)| *number));
        for number in numbers {
            let Some(member) = self.members.get_mut(&number) else { continue };
            member.catch_up();
            match member.follower.state.due() {
                _ if member.follower.state.is_over() => self.let_go(number),
                Some(due) => drop(self.due.insert(number, due)),
                None => drop(self.due.remove(&number)),
            }
        }
    }

    /// Whether there is nothing left to do, nor will be.
    fn is_over(&self) -> bool {
        let mut orders = self.thread.orders();
        let is_over = self.members.is_empty() && orders.list.is_empty();
        orders.is_closed |= is_over;
        is_over
    }

    /// Waits until there is something to do.
    fn wait(&self) {
        // Who gave an order while a move was waited for has ended that wait.
        if self.thread.orders().list.is_empty() {
            let due = self.due.values().min();
            self.source.wait(due.map(|due| due.saturating_duration_since(Instant::now())));
        }
    }
}

fn now(host: &Host) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(host.now_ms())
}

impl Drop for Work {
    fn drop(&mut self) {
        let left = {
            let mut orders = self.thread.orders();
            orders.is_closed = true;
            std::mem::take(&mut orders.list)
        };
        drop(left);
    }
}

impl Member {
    /// Has it do something. If that panics the tree ends, and the others of its thread do not.
    fn work(&mut self, work: impl FnOnce(&Watcher, &mut Follower)) {
        let Self { watcher, follower, .. } = self;
        let outcome = catch_unwind(AssertUnwindSafe(|| work(watcher, follower)));
        follower.state.is_gone |= outcome.is_err();
    }

    fn catch_up(&mut self) {
        let is_asked = !self.asking.is_empty();
        self.work(|watcher, follower| follower.state.catch_up(watcher, is_asked));
        for answer in self.asking.drain(..) {
            let _ = answer.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::services::fs::watch::{Listen, Live, Progress, Scope, Told};

    /// Passes on what it is told, and panics at a name.
    #[derive(Debug)]
    struct Listener(mpsc::Sender<PathBuf>);

    impl Listen for Listener {
        fn note(&self, _: &Path) {}

        fn is_wanted(&self, _: &Path) -> bool {
            true
        }

        fn watched_below(&self, path: &Path) -> Vec<PathBuf> {
            vec![path.to_owned()]
        }

        fn tell(&self, told: Told) {
            assert!(!told.path.ends_with("bad"), "a name that panics");
            self.0.try_send(told.path).unwrap();
        }

        fn warn(&self, _: &Path, _: String) {}
    }

    #[tokio::test]
    async fn one_that_panics_ends_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (tell, mut told) = mpsc::channel(8);
        let threads = Threads::new(Host::real());
        let start = |name: &str| {
            let root = folder.path().canonicalize().unwrap().join(name);
            std::fs::create_dir(&root).unwrap();
            let scope = Scope { root, is_shallow: true, state_folder: "/nowhere".into() };
            let listener = Arc::new(Listener(tell.clone()));
            Live::start(scope, listener, &threads, CancellationToken::new()).unwrap()
        };
        let (one, other) = (start("one"), start("other"));
        for live in [&one, &other] {
            live.progress().wait_for(|progress| *progress == Progress::Complete).await.unwrap();
        }
        std::fs::write(one.root().join("bad"), "").unwrap();
        one.progress().wait_for(|progress| *progress == Progress::Ended).await.unwrap();
        // Nobody waits for it.
        one.sync().await;
        let good = other.root().join("good");
        std::fs::write(&good, "").unwrap();
        assert_eq!(told.recv().await, Some(good));
        other.sync().await;
        assert_eq!(*other.progress().borrow(), Progress::Complete);
    }
}
