//! Makes the files of the web UI part of the program: as they are, and compressed, with a tag that names their content.

#![expect(clippy::disallowed_methods, reason = "cargo says by variables where things are")]

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Smaller files, and what compression makes hardly smaller, are sent as they are.
const GZIP_BYTES_MIN: usize = 512;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("web/pages");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&folder).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        let bytes = fs::read(&file)?;
        let gzip = compress(&bytes)?;
        let gzip = if bytes.len() >= GZIP_BYTES_MIN && gzip.len() < bytes.len() * 9 / 10 {
            let path = out.join(format!("{}.gz", name.replace('/', "_")));
            fs::write(&path, gzip)?;
            format!("Some(include_bytes!({:?}))", path.to_string_lossy())
        } else {
            "None".to_owned()
        };
        let tag = xxhash_rust::xxh3::xxh3_128(&bytes);
        let kind = content_type(&file);
        writeln!(
            table,
            "    Asset {{ name: {name:?}, content_type: {kind:?}, tag: \"\\\"{tag:032x}\\\"\", \
             bytes: include_bytes!({:?}), gzip: {gzip} }},",
            file.to_string_lossy()
        )
        .map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
