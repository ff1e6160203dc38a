//! What becomes of output. It is sent to the viewers first, and then changes the screen and is told of.

use std::sync::{MutexGuard, PoisonError};

use super::commands::{CommandNews, Commands, Told};
use super::cutter::Kind;
use super::one::{News, State, Terminal};
use super::screen::Screen;

/// What the output has made of a terminal.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) screen: Screen,
    pub(super) commands: Commands,
    /// The bytes of shown output that it has taken.
    pub(super) end: u64,
    /// What that has led to, and nobody was told yet.
    news: Vec<News>,
}

/// Output that was sent, and that the model has not taken yet.
#[derive(Debug, Default)]
pub(super) struct Intake {
    bytes: Vec<u8>,
    pieces: Vec<(Kind, usize)>,
}

impl Intake {
    fn push(&mut self, piece: &[u8], kind: Kind) {
        self.bytes.extend_from_slice(piece);
        self.pieces.push((kind, piece.len()));
    }
}

impl Terminal {
    /// Has what was printed sent to the viewers, but for questions. Returns by how many bytes the model is behind.
    pub(super) fn forward(&self, bytes: &[u8]) -> usize {
        let state = &mut *self.lock();
        let State { cutter, output, intake, .. } = state;
        cutter.cut(bytes, &mut |piece, kind| {
            if kind != Kind::Question {
                output.push(piece);
            }
            intake.push(piece, kind);
        });
        let behind = intake.bytes.len();
        self.sent(state);
        behind
    }

    /// Nothing more comes: what the cutter holds is shown as it is.
    pub(super) fn forward_rest(&self) {
        let state = &mut *self.lock();
        let rest = std::mem::take(&mut state.cutter);
        state.output.push(rest.held());
        state.intake.push(rest.held(), Kind::Shown);
        self.sent(state);
    }

    fn sent(&self, state: &mut State) {
        let end = state.output.end();
        state.meter.note_output(end);
        state.viewers.wake_all();
        self.progress.send_modify(|progress| progress.end = end);
    }

    /// What all output that was sent has made of the terminal. To be locked before the state.
    pub(super) fn model(&self) -> MutexGuard<'_, Model> {
        let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        let intake = std::mem::take(&mut self.lock().intake);
        model.take(&intake);
        model
    }

    /// Models what was sent, and tells what it has led to.
    pub(super) fn tell_news(&self, tell: &impl Fn(News)) {
        // All is told in its order, whoever does it.
        let _telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let news = {
            let mut model = self.model();
            self.share.note(&model.screen);
            std::mem::take(&mut model.news)
        };
        self.share.make_room();
        news.into_iter().for_each(tell);
    }

    /// Whether the model is behind.
    pub(super) fn is_behind(&self) -> bool {
        !self.lock().intake.bytes.is_empty()
    }
}

impl Model {
    pub(super) fn new(screen: Screen, commands: Commands, end: u64) -> Self {
        Self { screen, commands, end, news: Vec::new() }
    }

    fn take(&mut self, intake: &Intake) {
        let mut rest = &intake.bytes[..];
        for (kind, length) in &intake.pieces {
            let (piece, behind) = rest.split_at(*length);
            rest = behind;
            self.take_piece(piece, *kind);
        }
    }

    fn take_piece(&mut self, piece: &[u8], kind: Kind) {
        let mut effects = Vec::new();
        self.screen.feed(piece, &mut effects);
        self.news.extend(effects.into_iter().map(News::Effect));
        let from = self.end;
        if kind != Kind::Question {
            self.end += piece.len() as u64;
        }
        if kind == Kind::Mark {
            match self.commands.note(piece, from, self.end) {
                Some(Told::Prompt) => self.screen.note_prompt_end(),
                Some(Told::Command(news)) => {
                    match &news {
                        CommandNews::Started(_) => self.screen.note_command(),
                        CommandNews::Ended(command) => self.screen.note_command_end(command.exit_code),
                    }
                    self.news.push(News::Command(news));
                }
                None => {}
            }
        }
    }
}
