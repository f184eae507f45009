//! Threads that render cards.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

/// The niceness of the threads, of 19.
const DRAWN_AT: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// Threads that render cards, started with the first one. tokio has many threads for blocking calls, and each that has
/// rendered a card would keep the memory for the next.
pub struct RenderThreads {
    threads: usize,
    queue: OnceLock<mpsc::Sender<Work>>,
}

impl RenderThreads {
    /// As many threads as the machine has processors.
    pub fn for_processors() -> Self {
        Self { threads: thread::available_parallelism().map_or(2, usize::from), queue: OnceLock::new() }
    }

    /// Renders on one of the threads, in the order of the calls. `None` if it panicked.
    pub(super) async fn render<T: Send + 'static>(&self, draw: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (answer, drawn) = oneshot::channel();
        let work = move || {
            if answer.is_closed() {
                return; // the worker has ended
            }
            if let Ok(drawn) = catch_unwind(AssertUnwindSafe(draw)) {
                let _ = answer.send(drawn); // the worker may end meanwhile
            }
        };
        let queue = self.queue.get_or_init(|| start(self.threads));
        if let Err(mpsc::SendError(work)) = queue.send(Box::new(work)) {
            work(); // no thread could be started
        }
        drawn.await.ok()
    }
}

/// Starts the threads, as far as the system allows. They end with the queue.
fn start(threads: usize) -> mpsc::Sender<Work> {
    let (queue, works) = mpsc::channel::<Work>();
    let works = Arc::new(Mutex::new(works));
    for _ in 0..threads {
        let works = works.clone();
        let render = move || {
            // Drawing takes long and may take longer: on a busy machine, what people and printers wait for goes first. Linux has a
            // niceness for each thread. It fails only where the system forbids it.
            let _ = rustix::process::nice(DRAWN_AT);
            loop {
                let work = works.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(work) = work else { return };
                work();
            }
        };
        drop(thread::Builder::new().name("render".into()).spawn(render));
    }
    queue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_fault_of_one_card_and_the_threads_go_on() {
        let threads = RenderThreads { threads: 1, queue: OnceLock::new() };
        assert_eq!(threads.render(|| 1).await, Some(1));
        assert_eq!(threads.render(|| -> u8 { panic!("a card") }).await, None);
        assert_eq!(threads.render(|| thread::current().name().map(str::to_owned)).await, Some(Some("render".into())));
    }

    #[tokio::test]
    async fn without_a_thread_a_card_is_rendered_by_its_worker() {
        let threads = RenderThreads { threads: 0, queue: OnceLock::new() };
        let here = thread::current().id();
        assert_eq!(threads.render(|| thread::current().id()).await, Some(here));
    }
}
