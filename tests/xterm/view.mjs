// Replays output in xterm.js, and tells what it shows: another terminal, for tests to compare with.
//
// Each line of the input is a job in JSON: {"columns", "rows", "keepsErased", "steps"}. A step is {"write": base64}
// or "view". Each line of the output is the list of a job's views.

import { createInterface } from 'node:readline';
import headless from '@xterm/headless';
import unicode11 from '@xterm/addon-unicode11';

const SCROLLBACK = 100_000;

// Links are told as underlined, and so the flag itself is looked at, and the bits of the kind.
const UNDERLINE = 1 << 28;
const UNDERLINE_KIND = 26;

const write = (terminal, bytes) => new Promise((resolve) => terminal.write(bytes, resolve));

function open({ columns, rows, keepsErased }) {
  const options = { cols: columns, rows, scrollback: SCROLLBACK, allowProposedApi: true, reflowCursorLine: true };
  const windowOptions = { pushTitle: true, popTitle: true };
  const terminal = new headless.Terminal({ ...options, scrollOnEraseInDisplay: keepsErased, windowOptions, logLevel: 'off' });
  terminal.loadAddon(new unicode11.Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  terminal.onTitleChange((title) => { terminal.lastTitle = title; });
  return terminal;
}

// Colours as "": the default, "p1": one of sixteen, "x200": one of 256, "#102030".
function color(isDefault, isRgb, mode, value) {
  if (isDefault) return '';
  if (isRgb) return '#' + value.toString(16).padStart(6, '0');
  return (mode === 1 << 24 ? 'p' : 'x') + value;
}

function style(terminal, cell) {
  const link = cell.extended.urlId ? terminal._core._oscLinkService.getLinkData(cell.extended.urlId)?.uri : undefined;
  const flags = [
    cell.isBold(), cell.isDim(), cell.isItalic(), cell.isBlink(), false, cell.isInverse(), cell.isInvisible(),
    cell.isStrikethrough(), cell.isOverline(),
  ];
  return {
    foreground: color(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColorMode(), cell.getFgColor()),
    background: color(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColorMode(), cell.getBgColor()),
    line: cell.hasExtendedAttrs() && !cell.isUnderlineColorDefault()
      ? color(false, cell.isUnderlineColorRGB(), cell.getUnderlineColorMode(), cell.getUnderlineColor())
      : '',
    underline: cell.fg & UNDERLINE ? (cell.extended._ext >>> UNDERLINE_KIND) & 7 || 1 : 0,
    flags: flags.reduce((sum, isSet, place) => sum + (isSet ? 1 << place : 0), 0),
    link: link ?? null,
  };
}

// A row's cells as [text, width, number of its style].
function row(terminal, line, styles) {
  const cells = [];
  for (let column = 0; column < terminal.cols; column++) {
    const cell = line.getCell(column);
    const key = JSON.stringify(style(terminal, cell));
    if (!styles.has(key)) styles.set(key, styles.size);
    cells.push([cell.getChars() || ' ', cell.getWidth(), styles.get(key)]);
  }
  return cells;
}

function view(terminal) {
  const buffer = terminal.buffer.active;
  const styles = new Map();
  const rows = (from, to) => Array.from({ length: to - from }, (_, place) => row(terminal, buffer.getLine(from + place), styles));
  const history = rows(0, buffer.baseY);
  const screen = rows(buffer.baseY, buffer.baseY + terminal.rows);
  const { modes } = terminal;
  return {
    history,
    rows: screen,
    styles: [...styles.keys()].map((key) => JSON.parse(key)),
    cursor: [buffer.cursorY, buffer.cursorX],
    title: terminal.lastTitle ?? '',
    modes: Object.entries({
      'cursor keys': modes.applicationCursorKeysMode,
      keypad: modes.applicationKeypadMode,
      wrap: modes.wraparoundMode,
      origin: modes.originMode,
      insert: modes.insertMode,
      focus: modes.sendFocusMode,
      paste: modes.bracketedPasteMode,
      alternate: buffer.type === 'alternate',
      clicks: modes.mouseTrackingMode === 'vt200',
      drags: modes.mouseTrackingMode === 'drag',
      motion: modes.mouseTrackingMode === 'any',
    }),
  };
}

async function run(job) {
  const terminal = open(job);
  const views = [];
  for (const step of job.steps) {
    if (step === 'view') views.push(view(terminal));
    else await write(terminal, Buffer.from(step.write, 'base64'));
  }
  terminal.dispose();
  return views;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await run(JSON.parse(line))));
}
