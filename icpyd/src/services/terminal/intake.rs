//! What becomes of output. It is sent to the viewers first, and then changes the screen and is told of.

use super::commands::Commands;
use super::cutter::{Cutter, Kind};
use super::one::{News, State, Terminal};
use super::screen::Screen;

/// What the output has made of a terminal.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) screen: Screen,
    pub(super) commands: Commands,
    /// The bytes of shown output that it has taken.
    pub(super) end: u64,
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
    /// Has what was printed sent to the viewers, but for questions.
    pub(super) fn forward(&self, bytes: &[u8], intake: &mut Intake) {
        let state = &mut *self.lock();
        let State { cutter, output, .. } = state;
        cutter.cut(bytes, &mut |piece, kind| {
            if kind != Kind::Question {
                output.push(piece);
            }
            intake.push(piece, kind);
        });
        self.sent(state);
    }

    /// Nothing more comes: what the cutter holds is shown as it is.
    pub(super) fn forward_rest(&self, intake: &mut Intake) {
        let state = &mut *self.lock();
        let rest: Cutter = std::mem::take(&mut state.cutter);
        state.output.push(rest.held());
        intake.push(rest.held(), Kind::Shown);
        self.sent(state);
    }

    fn sent(&self, state: &mut State) {
        let end = state.output.end();
        state.meter.note_output(end);
        state.viewers.wake_all();
        self.progress.send_modify(|progress| progress.end = end);
    }

    /// Models what was sent, and tells what it has led to.
    pub(super) fn take(&self, intake: &mut Intake, tell: &impl Fn(News)) {
        let mut news = Vec::new();
        {
            let model = &mut *self.model();
            let mut rest = &intake.bytes[..];
            for (kind, length) in intake.pieces.drain(..) {
                let (piece, behind) = rest.split_at(length);
                rest = behind;
                model.take(piece, kind, &mut news);
            }
        }
        intake.bytes.clear();
        let has_command = news.iter().any(|news| matches!(news, News::Command(_)));
        news.into_iter().for_each(tell);
        if has_command {
            // Who runs one waits for it.
            self.progress.send_modify(|_| ());
        }
    }
}

impl Model {
    fn take(&mut self, piece: &[u8], kind: Kind, news: &mut Vec<News>) {
        let mut effects = Vec::new();
        self.screen.feed(piece, &mut effects);
        news.extend(effects.into_iter().map(News::Effect));
        let from = self.end;
        if kind != Kind::Question {
            self.end += piece.len() as u64;
        }
        if kind == Kind::Mark {
            news.extend(self.commands.note(piece, from, self.end).map(News::Command));
        }
    }
}
