//! A ledger of files: one JSON file for each request, under `$XDG_STATE_HOME/model-copier/ACCOUNT/REGION/`.
//!
//! A write takes an exclusive lock, compares the revision, writes a temporary file, syncs it and renames it. A process that
//! is killed therefore leaves the old file or the new one. If two processes write the same revision, one of them fails.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::times::Times;
use rekognition_model_copier::ports::{Created, Cursor, Entry, Ledger, Page, Unavailable};
use sha2::{Digest, Sha256};

use crate::exit::Failure;
use crate::records::Records;

/// The records of one account and Region on this machine.
#[derive(Clone, Debug)]
pub struct FileLedger {
    folder: PathBuf,
    times: Times,
    /// The request of a `copy`, which works only on its own: no other record is ever due.
    only: Option<RecordKey>,
}

impl FileLedger {
    /// The ledger under this state folder.
    pub fn in_folder(state: &Path, account: &str, region: &str) -> Self {
        let folder = state.join("model-copier").join(account).join(region);
        Self { folder, times: Times::default(), only: None }
    }

    /// The same ledger for the `copy` of this request.
    pub fn only(self, key: RecordKey) -> Self {
        Self { only: Some(key), ..self }
    }

    /// The wanted records, also of those that were put aside, and how many records there are.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn records(&self, is_wanted: impl Fn(&Record) -> bool) -> Result<(Records, usize), Unavailable> {
        let (mut found, mut count) = (Records::default(), 0);
        let files = match fs::read_dir(&self.folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((found, count)),
            Err(error) => return Err(self.failed(&error)),
        };
        for file in files {
            let path = file.map_err(|error| self.failed(&error))?.path();
            if path.extension().is_some_and(|extension| extension == "json")
                && let Some(record) = read(&path).transpose()
            {
                count += 1;
                found.add(record, &is_wanted);
            }
        }
        found.sort();
        Ok((found, count))
    }

    /// Puts an ended record aside, so that its key is free for a new request.
    pub(crate) fn put_aside(&self, record: &Record) -> Result<(), Unavailable> {
        let key = &record.header().key;
        self.locked(|| {
            let path = self.path(key);
            // Another process may have put it aside and begun a new request.
            if read(&path)?.as_ref() != Some(record) {
                return Ok(());
            }
            let time = record.header().requested_at.as_millisecond();
            let aside = self.folder.join(format!("{}.{time}.json", file_stem(key)));
            fs::rename(&path, aside)
                .and_then(|()| sync_folder(&self.folder))
                .map_err(|error| self.failed(&error))
        })
    }

    /// The lock on working on this request, if no other process holds it. It ends with the process.
    ///
    /// # Errors
    /// If the lock cannot be used.
    pub fn try_hold(&self, key: &RecordKey) -> Result<Option<File>, Unavailable> {
        let file = self.open_lock(&format!("{}.running", file_stem(key)))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.failed(&error)),
        }
    }

    fn path(&self, key: &RecordKey) -> PathBuf {
        self.folder.join(format!("{}.json", file_stem(key)))
    }

    fn read(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        let path = self.path(key);
        let record = read(&path)?;
        match &record {
            Some(other) if other.header().key != *key => {
                let other = &other.header().key;
                Err(Unavailable(format!(
                    "`{}` holds the record of `{other}`, not of `{key}`",
                    path.display()
                )))
            }
            _ => Ok(record),
        }
    }

    /// Runs something while no other process writes.
    fn locked<T>(&self, work: impl FnOnce() -> Result<T, Unavailable>) -> Result<T, Unavailable> {
        let lock = self.open_lock("lock")?;
        lock.lock().map_err(|error| self.failed(&error))?;
        let result = work();
        drop(lock);
        result
    }

    fn open_lock(&self, name: &str) -> Result<File, Unavailable> {
        let path = self.folder.join(name);
        let open = || private().create(true).truncate(false).open(path);
        make_private_folder(&self.folder).and_then(|()| open()).map_err(|error| self.failed(&error))
    }

    /// INVARIANT: the file is on the disk under its name before this returns. The next step may be a call that must not be
    /// made twice.
    fn write(&self, record: &Record) -> Result<(), Unavailable> {
        let key = &record.header().key;
        let json = serde_json::to_vec_pretty(record).map_err(|error| {
            Unavailable(format!("the record of `{key}` cannot be written as JSON: {error}"))
        })?;
        let (path, temporary) = (self.path(key), self.folder.join("writing"));
        let written = private().create(true).truncate(true).open(&temporary).and_then(|mut file| {
            file.write_all(&json)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            sync_folder(&self.folder)
        });
        written.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Unavailable {
        Unavailable(format!("the ledger in `{}` cannot be used: {error}", self.folder.display()))
    }
}

impl Ledger for FileLedger {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        self.locked(|| match self.read(&record.header().key)? {
            // The same write, sent twice.
            Some(known) if known == *record => Ok(Created::New(known)),
            Some(known) => Ok(Created::Exists(known)),
            None => self.write(record).map(|()| Created::New(record.clone())),
        })
    }

    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        self.read(key)
    }

    async fn save(&self, mut record: Record) -> Result<Option<Record>, Unavailable> {
        self.locked(|| {
            let known = self.read(&record.header().key)?;
            let revision = record.header().revision;
            record.header_mut().revision += 1;
            match known {
                Some(known) if known == record => Ok(Some(known)),
                Some(known) if known.header().revision == revision => {
                    self.write(&record).map(|()| Some(record))
                }
                _ => Ok(None),
            }
        })
    }

    async fn due(&self, step: Step, until: Timestamp, _: Option<Cursor>) -> Result<Page<Entry>, Unavailable> {
        let record = self.only.as_ref().map(|key| self.read(key)).transpose()?.flatten();
        let due = record.as_ref().and_then(|record| {
            let (_, due) = record.next_step().filter(|(next, due)| *next == step && *due <= until)?;
            Some(Entry::of(record, due, &self.times))
        });
        Ok(Page { items: due.into_iter().collect(), ..Page::default() })
    }
}

/// The record in a file; `None` without the file.
fn read(path: &Path) -> Result<Option<Record>, Unavailable> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Unavailable(format!("`{}` cannot be read: {error}", path.display()))),
    };
    let record = serde_json::from_slice(&bytes);
    record.map(Some).map_err(|error| Unavailable(format!("`{}` is not a record: {error}", path.display())))
}

/// The state folder of the user.
pub(crate) fn state_folder() -> Result<PathBuf, Failure> {
    let state = std::env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let state = state.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")));
    state.filter(|state| state.is_absolute()).ok_or_else(|| {
        Failure::Usage(
            "set `XDG_STATE_HOME` to an absolute path: the command records requests there".to_owned(),
        )
    })
}

/// Creates a folder that only the user may read, with the folders above it.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Syncs a folder: only then is a new or renamed file on the disk.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Opens files that only the user may read: a request's context may be confidential.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The name of a record's file: the request's id where that is a file name on every system, else a hash of the key.
fn file_stem(key: &RecordKey) -> String {
    let id = &key.request_id;
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if id.len() <= 100 && id.bytes().all(is_plain) {
        return id.clone();
    }
    let hash: String = Sha256::digest(key.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("id-{hash}")
}
