//! The key of row hashes and tokens: 32 random bytes of this user's, never inside a snapshot.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Neither `XDG_CONFIG_HOME` nor `HOME` says where configuration lives.
    #[error("no place for the redaction key: neither XDG_CONFIG_HOME nor HOME is set")]
    NoHome,
    /// The file is no key.
    #[error("{} is no redaction key: it has not exactly {KEY_BYTES} bytes", .0.display())]
    Length(PathBuf),
    /// The file system refused.
    #[error("cannot {action} the redaction key {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// A key, with where it lives. Its Debug shows the fingerprint only.
pub struct RowKey {
    bytes: [u8; KEY_BYTES],
    path: PathBuf,
    created: bool,
    readable_by_others: bool,
}

impl RowKey {
    /// Reads the key at `path`, else the one in the user's configuration folder; makes it on first
    /// use.
    pub fn load_or_create(path: Option<&Path>) -> Result<Self, KeyError> {
        let path = place(path)?;
        let created = !path.exists();
        if created {
            create(&path)?;
        }
        Ok(Self { created, ..Self::read(path)? })
    }

    /// Reads the key at `path`, else the one in the user's configuration folder, for what was made with it.
    pub fn load(path: Option<&Path>) -> Result<Self, KeyError> {
        Self::read(place(path)?)
    }

    fn read(path: PathBuf) -> Result<Self, KeyError> {
        let io = |action, source| KeyError::Io { action, path: path.clone(), source };
        let file = File::open(&path).map_err(|err| io("read", err))?;
        let mode = file.metadata().map_err(|err| io("read", err))?.permissions().mode();
        let mut found = Vec::new();
        file.take(KEY_BYTES as u64 + 1).read_to_end(&mut found).map_err(|err| io("read", err))?;
        let Ok(bytes) = <[u8; KEY_BYTES]>::try_from(found.as_slice()) else {
            return Err(KeyError::Length(path));
        };
        let created = false;
        Ok(Self { bytes, path, created, readable_by_others: mode & 0o077 != 0 })
    }

    /// The key itself.
    pub fn bytes(&self) -> [u8; KEY_BYTES] {
        self.bytes
    }

    /// What a manifest may say of it: the first 16 hex digits of its BLAKE3.
    pub fn fingerprint(&self) -> String {
        blake3::hash(&self.bytes).to_hex()[..16].to_string()
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this was its first use.
    pub fn created(&self) -> bool {
        self.created
    }

    /// Whether group or world may use its file.
    pub fn readable_by_others(&self) -> bool {
        self.readable_by_others
    }
}

impl std::fmt::Debug for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowKey({})", self.fingerprint())
    }
}

/// Where our own configuration lies; `None` when neither `XDG_CONFIG_HOME` nor `HOME` says.
pub(crate) fn config_dir() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
    Some(config?.join("backstory"))
}

fn place(path: Option<&Path>) -> Result<PathBuf, KeyError> {
    path.map_or_else(default_path, |path| Ok(path.to_path_buf()))
}

fn default_path() -> Result<PathBuf, KeyError> {
    Ok(config_dir().ok_or(KeyError::NoHome)?.join("redact.key"))
}

/// Writes a new key beside its place and links it there: of two processes that make one at the same
/// time, both read the same whole key afterwards.
fn create(path: &Path) -> Result<(), KeyError> {
    let io = |action, source| KeyError::Io { action, path: path.to_path_buf(), source };
    let folder = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|err| io("make a folder for", err))?;
    let mut bytes = [0u8; KEY_BYTES];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(|err| io("draw random bytes for", err))?;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()));
    let linked = written.and_then(|()| fs::hard_link(&part, path));
    drop(fs::remove_file(&part));
    match linked {
        Err(err) if err.kind() != io::ErrorKind::AlreadyExists => Err(io("write", err)),
        Ok(()) | Err(_) => Ok(()),
    }
}
