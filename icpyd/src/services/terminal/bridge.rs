//! Bytes between a thread that waits for the system and a task that must not wait: where the system has no way to ask whether
//! reading or writing would block.
//!
//! It holds a bounded number of bytes; who is faster waits for the other.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Bytes that wait for the other side.
const BYTES_MAX: usize = 64 << 10;

/// Bytes on their way in one direction.
#[derive(Debug, Default)]
pub(super) struct Bridge {
    state: Mutex<State>,
    /// For the thread.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    /// There will not be more.
    is_over: bool,
    has_no_bound: bool,
    /// The task's.
    waker: Option<Waker>,
}

impl Bridge {
    /// The thread's: brings bytes over, when there is room for them. After the end they go nowhere.
    pub(super) fn put(&self, bytes: &[u8]) {
        let is_full =
            |state: &mut State| state.bytes.len() + bytes.len() > BYTES_MAX && !state.is_over && !state.has_no_bound;
        let mut state = self.changed.wait_while(self.lock(), is_full).unwrap_or_else(PoisonError::into_inner);
        if !state.is_over {
            state.bytes.extend(bytes);
            state.wake();
        }
    }

    /// The thread's: waits for bytes. Nothing when there will not be any.
    pub(super) fn take(&self) -> Vec<u8> {
        let is_empty = |state: &mut State| state.bytes.is_empty() && !state.is_over;
        let mut state = self.changed.wait_while(self.lock(), is_empty).unwrap_or_else(PoisonError::into_inner);
        state.wake();
        std::mem::take(&mut state.bytes).into()
    }

    /// The task's: takes bytes. 0 when there will not be any.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        let mut state = self.lock();
        match state.take(buffer) {
            0 if !state.is_over => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            count => {
                self.changed.notify_all();
                Poll::Ready(count)
            }
        }
    }

    /// The task's: takes what is there now.
    pub(super) fn take_now(&self, buffer: &mut [u8]) -> usize {
        let count = self.lock().take(buffer);
        self.changed.notify_all();
        count
    }

    /// The task's: brings over as much as there is room for. 0 after the end.
    pub(super) fn poll_put(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let mut state = self.lock();
        let count = bytes.len().min(BYTES_MAX.saturating_sub(state.bytes.len()));
        if state.is_over {
            return Poll::Ready(0);
        }
        if count == 0 {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.bytes.extend(&bytes[..count]);
        self.changed.notify_all();
        Poll::Ready(count)
    }

    /// Takes what comes from now on however much it is.
    pub(super) fn lift_bound(&self) {
        self.lock().has_no_bound = true;
        self.changed.notify_all();
    }

    /// There will not be more.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_over = true;
        state.wake();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.bytes.len());
        for (place, byte) in buffer.iter_mut().zip(self.bytes.drain(..count)) {
            *place = byte;
        }
        count
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;

    use super::*;

    fn numbers() -> Vec<u8> {
        (0..1_000_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_a_thread_brings_arrives_whole_and_in_order() {
        let bridge = Arc::new(Bridge::default());
        let other = Arc::clone(&bridge);
        let thread = std::thread::spawn(move || {
            for piece in numbers().chunks(3_000) {
                other.put(piece);
            }
            other.end();
        });
        let (mut all, mut buffer) = (Vec::new(), [0; 1000]);
        while let count @ 1.. = poll_fn(|cx| bridge.poll_take(cx, &mut buffer)).await {
            all.extend_from_slice(&buffer[..count]);
        }
        thread.join().unwrap();
        assert!(all == numbers());
    }

    #[tokio::test]
    async fn what_a_task_brings_arrives_whole_and_in_order() {
        let bridge = Arc::new(Bridge::default());
        let other = Arc::clone(&bridge);
        let thread = std::thread::spawn(move || {
            let mut all = Vec::new();
            loop {
                let bytes = other.take();
                if bytes.is_empty() {
                    return all;
                }
                assert!(bytes.len() <= BYTES_MAX);
                all.extend(bytes);
            }
        });
        let numbers = numbers();
        let mut rest = &*numbers;
        while !rest.is_empty() {
            let count = poll_fn(|cx| bridge.poll_put(cx, rest)).await;
            rest = &rest[count..];
        }
        bridge.end();
        assert_eq!(poll_fn(|cx| bridge.poll_put(cx, b"late")).await, 0);
        assert!(thread.join().unwrap() == numbers);
    }

    #[test]
    fn nobody_waits_for_one_who_has_left() {
        let bridge = Arc::new(Bridge::default());
        let other = Arc::clone(&bridge);
        let thread = std::thread::spawn(move || other.put(&vec![0; 2 * BYTES_MAX]));
        bridge.lift_bound();
        thread.join().unwrap();
        assert_eq!(bridge.take_now(&mut vec![0; 3 * BYTES_MAX]), 2 * BYTES_MAX);
        bridge.end();
        bridge.put(b"late");
        assert_eq!(bridge.take_now(&mut [0; 8]), 0);
    }
}
