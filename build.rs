//! Builds the contract into the program: a list of the files below `specs/`, each with its path there, its text, and the tree
//! that was read from it if it is YAML.

// The reader of the program itself, which reads the trees again.
#[allow(dead_code, reason = "only what writes is needed here")]
#[path = "src/yaml/baked.rs"]
mod baked;
#[path = "src/yaml/tree.rs"]
mod tree;

/// Mistakes that nobody is told of: a file with one is read again, with the true reader, when it is used.
mod mistake {
    use super::tree::Place;

    #[derive(Debug)]
    pub(super) struct Mistake;

    impl Mistake {
        pub(super) fn new(_: Place, _: impl Into<String>) -> Self {
            Self
        }

        pub(super) fn doubled(_: Place, _: &str) -> Self {
            Self
        }
    }
}

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = required("CARGO_MANIFEST_DIR")?;
    let root = Path::new(&here).join("specs");
    let out = PathBuf::from(required("OUT_DIR")?);
    for source in ["build.rs", "src/yaml/baked.rs", "src/yaml/tree.rs"] {
        println!("cargo::rerun-if-changed={source}");
    }
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        // A file that comes or goes changes its folder.
        println!("cargo::rerun-if-changed={}", folder.display());
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.retain(|file| file.extension().is_some_and(|end| end == "yaml" || end == "json"));
    files.sort();
    let mut list = "static EMBEDDED: &[(&str, &str, &[u8])] = &[\n".to_owned();
    for (number, file) in files.iter().enumerate() {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read_to_string(file)?;
        let mut bytes = Vec::new();
        if file.extension().is_some_and(|end| end == "yaml")
            && let Ok(read) = tree::parse(&text)
        {
            baked::write(&read, &text, &mut bytes);
        }
        let tree = out.join(format!("{number}.tree"));
        fs::write(&tree, bytes)?;
        let below = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let (file, tree) = (file.to_string_lossy(), tree.to_string_lossy());
        let _ = writeln!(list, "    ({below:?}, include_str!({file:?}), include_bytes!({tree:?})),");
    }
    list.push_str("];\n");
    fs::write(out.join("specs.rs"), list)
}

fn required(name: &str) -> io::Result<String> {
    env::var(name).map_err(|_| io::Error::other(format!("Cargo sets {name}")))
}
