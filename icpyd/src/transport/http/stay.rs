//! A connection stays on its thread while it wakes itself.
//!
//! HTTP hands a request's body over through a channel whose two ends are in one task, which so wakes the task that it runs in. The
//! runtime would put that at the end of its queue and wake another thread for it: with each request with a body a connection went
//! to another processor.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often a future is polled again before others are let go first.
const AGAIN_MAX: u32 = 16;

/// Nothing has happened since the future was polled last.
const RESTING: u8 = 0;
const POLLED: u8 = 1;
const WOKEN: u8 = 2;

/// What wakes a future: its task, but while it is polled just now.
#[derive(Debug, Default)]
struct Latch {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Latch {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == RESTING {
            self.task.wake();
        }
    }
}

impl Latch {
    fn poll<F: Future>(&self, cx: &Context<'_>, waker: &Waker, mut future: Pin<&mut F>) -> Poll<F::Output> {
        self.task.register(cx.waker());
        for _ in 0..AGAIN_MAX {
            self.state.swap(POLLED, Ordering::AcqRel);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(waker)) {
                return Poll::Ready(output);
            }
            if self.state.compare_exchange(POLLED, RESTING, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Has a future run that is polled again at once when it was woken while it was polled.
pub(super) async fn stay<T>(future: impl Future<Output = T>) -> T {
    let latch = Arc::new(Latch::default());
    let waker = Waker::from(Arc::clone(&latch));
    let mut future = pin!(future);
    std::future::poll_fn(|cx| latch.poll(cx, &waker, future.as_mut())).await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    /// How often a task was woken.
    #[derive(Debug, Default)]
    struct Task(AtomicU32);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Task {
        fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
            future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
        }

        fn woken(&self) -> u32 {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// Wakes itself so many times.
    async fn restless(times: u32) {
        let mut left = times;
        std::future::poll_fn(|cx| {
            let is_over = left == 0;
            left = left.saturating_sub(1);
            cx.waker().wake_by_ref();
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    #[test]
    fn what_wakes_itself_goes_on_at_once_and_lets_others_go_in_the_end() {
        let task = Arc::new(Task::default());
        let mut future = pin!(stay(restless(AGAIN_MAX + 3)));
        assert_eq!(task.poll(future.as_mut()), Poll::Pending);
        assert_eq!(task.woken(), 1);
        assert_eq!(task.poll(future.as_mut()), Poll::Ready(()));
        assert_eq!(task.woken(), 1);
    }

    #[test]
    fn what_others_wake_wakes_its_task() {
        let task = Arc::new(Task::default());
        let (tell, mut told) = tokio::sync::mpsc::channel(2);
        let mut future = pin!(stay(async { (told.recv().await, told.recv().await) }));
        assert!(task.poll(future.as_mut()).is_pending());
        tell.try_send(1).unwrap();
        assert!(task.poll(future.as_mut()).is_pending());
        tell.try_send(2).unwrap();
        assert_eq!(task.woken(), 2);
        assert_eq!(task.poll(future.as_mut()), Poll::Ready((Some(1), Some(2))));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_that_others_say_is_missed() {
        const ROUNDS: u32 = 20_000;
        let (ask, mut asked) = tokio::sync::mpsc::channel(1);
        let (answer, mut answered) = tokio::sync::mpsc::channel(1);
        let asking = stay(async move {
            for number in 0..ROUNDS {
                ask.send(number).await.unwrap();
                assert_eq!(answered.recv().await, Some(number));
            }
        });
        let answering = stay(async move {
            while let Some(number) = asked.recv().await {
                answer.send(number).await.unwrap();
            }
        });
        let tasks = tokio_util::task::TaskTracker::new();
        let both = [tasks.spawn(asking), tasks.spawn(answering)];
        for task in both {
            task.await.unwrap();
        }
    }
}
