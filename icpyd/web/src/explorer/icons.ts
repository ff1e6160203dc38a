// The icon of a file by its name: few kinds, with a quiet colour for the family of languages.

import File from "@lucide/svelte/icons/file";
import FileArchive from "@lucide/svelte/icons/file-archive";
import FileBraces from "@lucide/svelte/icons/file-braces";
import FileCode from "@lucide/svelte/icons/file-code";
import FileCog from "@lucide/svelte/icons/file-cog";
import FileImage from "@lucide/svelte/icons/file-image";
import FileKey from "@lucide/svelte/icons/file-key";
import FileLock from "@lucide/svelte/icons/file-lock";
import FileSpreadsheet from "@lucide/svelte/icons/file-spreadsheet";
import FileTerminal from "@lucide/svelte/icons/file-terminal";
import FileText from "@lucide/svelte/icons/file-text";
import FileVideo from "@lucide/svelte/icons/file-video-camera";
import FileVolume from "@lucide/svelte/icons/file-volume";
import Notebook from "@lucide/svelte/icons/notebook-text";

export interface FileIcon {
  Icon: typeof File;
  /** A colour of the theme. */
  color: string;
}

const QUIET = "var(--text-faint)";
const BLUE = "var(--syntax-function)";
const GREEN = "var(--syntax-string)";
const ORANGE = "var(--syntax-number)";
const PURPLE = "var(--syntax-keyword)";
const TEAL = "var(--syntax-type)";

const KINDS: Array<[FileIcon, string]> = [
  [{ Icon: FileCode, color: BLUE }, "ts tsx mts cts py pyi c h cpp cc hpp cs go lua dart r jl"],
  [{ Icon: FileCode, color: ORANGE }, "js jsx mjs cjs rs java kt scala swift html htm xml svg rb vue svelte"],
  [{ Icon: FileCode, color: PURPLE }, "css scss sass less php ex exs hs ml elm fs clj"],
  [{ Icon: FileBraces, color: ORANGE }, "json jsonc json5 jsonl ndjson"],
  [
    { Icon: FileCog, color: QUIET },
    "toml yaml yml ini cfg conf env properties editorconfig gitignore gitattributes dockerfile makefile mk cmake",
  ],
  [{ Icon: FileTerminal, color: GREEN }, "sh bash zsh fish ps1 bat cmd"],
  [{ Icon: FileText, color: TEAL }, "md mdx rst adoc txt tex org log license readme"],
  [{ Icon: Notebook, color: ORANGE }, "ipynb"],
  [{ Icon: FileSpreadsheet, color: GREEN }, "csv tsv xls xlsx ods parquet sql sqlite db"],
  [{ Icon: FileImage, color: PURPLE }, "png jpg jpeg gif webp avif bmp ico tif tiff"],
  [{ Icon: FileVideo, color: PURPLE }, "mp4 webm mov mkv avi"],
  [{ Icon: FileVolume, color: PURPLE }, "mp3 wav ogg flac m4a"],
  [{ Icon: FileArchive, color: QUIET }, "zip tar gz tgz bz2 xz zst 7z rar whl jar"],
  [{ Icon: FileKey, color: QUIET }, "pem key crt cer pub gpg asc"],
  [{ Icon: FileLock, color: QUIET }, "lock"],
];

const PLAIN: FileIcon = { Icon: File, color: QUIET };
const BY_END = new Map(KINDS.flatMap(([icon, ends]) => ends.split(" ").map((end) => [end, icon] as const)));

/** The icon of a file. */
export function iconOf(name: string): FileIcon {
  const lower = name.toLowerCase();
  const end = lower.slice(lower.lastIndexOf(".") + 1);
  return BY_END.get(end) ?? BY_END.get(lower.slice(0, lower.indexOf("."))) ?? PLAIN;
}
