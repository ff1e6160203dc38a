//! Makes the files of the web UI part of the program: as they are, and compressed, with a tag that names their content.

#![expect(clippy::disallowed_methods, reason = "cargo says by variables where things are")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Smaller files, and what compression makes hardly smaller, are sent as they are.
const GZIP_BYTES_MIN: usize = 512;

fn main() -> io::Result<()> {
    let web = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("web");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut files = BTreeMap::new();
    // What npm has built, if it has, takes the place of the page that says that it has not.
    for (folder, below) in [("pages", ""), ("dist", "assets/")] {
        let folder = web.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        collect(&folder, &mut |file| {
            let name = file.strip_prefix(&folder).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
            files.insert(name.strip_prefix(below).unwrap_or(&name).to_owned(), file);
            Ok(())
        })?;
    }
    let mut table = String::from("&[\n");
    for (name, file) in files {
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
        let path = file.to_string_lossy();
        let fields = format!("tag: \"\\\"{tag:032x}\\\"\", bytes: include_bytes!({path:?}), gzip: {gzip}");
        writeln!(table, "    Asset {{ name: {name:?}, {fields} }},").map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)
}

fn collect(folder: &Path, found: &mut impl FnMut(PathBuf) -> io::Result<()>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.file_name().is_some_and(|name| name != ".gitkeep") {
            found(path)?;
        }
    }
    Ok(())
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
