//! Standard input, read without a buffer so that a line for one question leaves the rest for the next reader.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;

use zeroize::Zeroizing;

use crate::ambient::{Deadline, DeadlineExceeded, PasswordError};

/// No password is longer.
const PASSWORD_LIMIT: usize = 64 * 1024;

/// No answer is longer.
const LINE_LIMIT: usize = 4 * 1024;

/// What is at the other end of standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdin {
    /// A person.
    Terminal,
    /// A pipe or socket, which may have to be waited for.
    Pipe,
    /// A file.
    File,
    /// `/dev/null`, or closed.
    Nobody,
}

/// A handle of its own, without the standard library's buffer.
pub fn open() -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::AsHandle;
        Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
    }
}

/// Finds out.
#[cfg(unix)]
pub fn kind() -> Stdin {
    use std::io::IsTerminal;
    use std::os::unix::fs::FileTypeExt;

    if io::stdin().is_terminal() {
        return Stdin::Terminal;
    }
    match open().and_then(|file| file.metadata()) {
        Ok(data) if data.file_type().is_fifo() || data.file_type().is_socket() => Stdin::Pipe,
        Ok(data) if data.is_file() => Stdin::File,
        _ => Stdin::Nobody,
    }
}

/// Finds out.
#[cfg(not(unix))]
pub fn kind() -> Stdin {
    use std::io::IsTerminal;

    if io::stdin().is_terminal() {
        return Stdin::Terminal;
    }
    if open().is_ok() { Stdin::Pipe } else { Stdin::Nobody }
}

/// One line without its line break, and whether it is the end of input instead.
pub fn line() -> io::Result<(String, bool)> {
    let mut input = open()?;
    let mut bytes = Vec::new();
    let mut byte = [0];
    while bytes.len() < LINE_LIMIT {
        if input.read(&mut byte)? == 0 {
            let ended = bytes.is_empty();
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), ended));
        }
        if byte[0] == b'\n' {
            break;
        }
        bytes.push(byte[0]);
    }
    Ok((String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned(), false))
}

/// All of standard input, waited for until `deadline`.
pub fn whole(deadline: Deadline) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    let (sender, receiver) = mpsc::channel();
    // The thread stays behind when the deadline passes: a read cannot be taken back, and the process ends soon.
    thread::spawn(move || sender.send(read_whole()));
    let gone = |_| io::Error::other("the reading thread is gone");
    let read = match deadline.remaining() {
        None => receiver.recv().map_err(gone)?,
        Some(left) => match receiver.recv_timeout(left) {
            Ok(read) => read,
            Err(_) => return Err(DeadlineExceeded.into()),
        },
    };
    Ok(read?)
}

fn read_whole() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSWORD_LIMIT + 1));
    open()?.take(PASSWORD_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > PASSWORD_LIMIT {
        return Err(io::Error::other("it is longer than 64 KiB"));
    }
    Ok(bytes)
}
