//! The key of row hashes and tokens, in a file of the user's. (in the making)

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system refused.
    #[error("cannot read or make the key file {}", path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} is not a key file", .0.display())]
    NotAKey(PathBuf),
    /// Nowhere to look.
    #[error("neither XDG_CONFIG_HOME nor HOME is set")]
    NoHome,
}

/// 32 bytes that never leave the machine.
pub struct RowKey([u8; 32]);

impl RowKey {
    /// Reads the key, or makes one on first use.
    pub fn load_or_create(path: Option<&Path>) -> Result<Self, KeyError> {
        let path = match path {
            Some(path) => path.to_path_buf(),
            None => default_path()?,
        };
        let io = |source| KeyError::Io { path: path.clone(), source };
        if !path.exists() {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(io)?;
            }
            let mut bytes = [0u8; 32];
            io::Read::read_exact(&mut fs::File::open("/dev/urandom").map_err(io)?, &mut bytes)
                .map_err(io)?;
            let mut options = fs::OpenOptions::new();
            let mut file =
                options.write(true).create_new(true).mode(0o600).open(&path).map_err(io)?;
            file.write_all(blake3::Hash::from_bytes(bytes).to_hex().as_bytes()).map_err(io)?;
        }
        let text = fs::read_to_string(&path).map_err(io)?;
        let hash = blake3::Hash::from_hex(text.trim()).map_err(|_| KeyError::NotAKey(path))?;
        Ok(Self(*hash.as_bytes()))
    }

    /// The key of row hashes.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// What the manifest may say of it.
    pub fn fingerprint(&self) -> String {
        blake3::derive_key("backstory key fingerprint", &self.0)[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

fn default_path() -> Result<PathBuf, KeyError> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    let folder = config.or_else(home).ok_or(KeyError::NoHome)?;
    Ok(folder.join("backstory").join("key"))
}
