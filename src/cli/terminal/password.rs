//! Passwords: from `COSIGN_PASSWORD`, a person, or the whole of standard input.

#[cfg(unix)]
use self::unix::Keyboard;
use super::input::{self, Stdin};
use super::{ProcessEnv, Terminal};
use crate::ambient::{Env, PasswordError};
use crate::secret::Password;

const FIRST: &str = "Enter password for private key: ";
const AGAIN: &str = "Enter password for private key again: ";

/// Gets the password; a person types a new one twice.
pub fn ask(terminal: &Terminal, is_new: bool) -> Result<Password, PasswordError> {
    if let Some(value) = ProcessEnv.var_os("COSIGN_PASSWORD") {
        return Ok(Password::new(value.into_encoded_bytes()));
    }
    let (holds, deadline) = {
        let state = terminal.state();
        (state.stdin_holds, state.deadline)
    };
    if let Some(what) = holds {
        return Err(PasswordError::StdinTaken(what));
    }
    match input::kind() {
        Stdin::Nobody => Err(PasswordError::Nobody),
        Stdin::Terminal => typed(terminal, is_new),
        Stdin::File => Ok(Password::new(input::whole(deadline)?.to_vec())),
        Stdin::Pipe => {
            terminal.say("Reading the password from standard input to its end (COSIGN_PASSWORD can hold it instead)\n");
            Ok(Password::new(input::whole(deadline)?.to_vec()))
        }
    }
}

fn typed(terminal: &Terminal, is_new: bool) -> Result<Password, PasswordError> {
    // One keyboard for both lines: whoever types ahead sees no echo in between either.
    let mut keyboard = Keyboard::open()?;
    let first = hidden_line(terminal, &mut keyboard, FIRST)?;
    if is_new && hidden_line(terminal, &mut keyboard, AGAIN)? != first {
        return Err(PasswordError::Mismatch);
    }
    Ok(first)
}

fn hidden_line(terminal: &Terminal, keyboard: &mut Keyboard, prompt: &str) -> Result<Password, PasswordError> {
    terminal.say(prompt);
    let line = keyboard.line();
    terminal.say("\n");
    Ok(line?)
}

#[cfg(not(unix))]
struct Keyboard;

#[cfg(not(unix))]
impl Keyboard {
    fn open() -> std::io::Result<Self> {
        Ok(Self)
    }

    fn line(&mut self) -> std::io::Result<Password> {
        Ok(Password::new(rpassword::read_password()?))
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, Read};

    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
    use zeroize::{Zeroize, Zeroizing};

    use super::{Password, input};
    use crate::cli::signals::interrupt;

    /// No line is longer.
    const LIMIT: usize = 4 * 1024;

    const INTERRUPT: u8 = 0x03;
    const END: u8 = 0x04;
    const BACKSPACE: u8 = 0x08;
    const KILL_LINE: u8 = 0x15;
    const SUSPEND: u8 = 0x1a;
    const DELETE: u8 = 0x7f;

    /// A terminal that does not echo, until this is dropped.
    pub struct Keyboard {
        input: File,
        before: Termios,
    }

    impl Keyboard {
        pub fn open() -> io::Result<Self> {
            let input = input::open()?;
            let before = tcgetattr(&input)?;
            let mut silent = before.clone();
            // Signals are off too: a process that one ends could not switch the echo on again.
            silent.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
            silent.special_codes[SpecialCodeIndex::VMIN] = 1;
            silent.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(&input, OptionalActions::Now, &silent)?;
            Ok(Self { input, before })
        }

        /// One line. Ctrl-C ends the process as it would anywhere else, with the echo on again.
        pub fn line(&mut self) -> io::Result<Password> {
            match self.read_line()? {
                Typed::Line(line) => Ok(Password::new(line.to_vec())),
                Typed::Interrupt => {
                    self.restore();
                    interrupt()?;
                    Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted"))
                }
            }
        }

        fn restore(&self) {
            // Nothing is left to do when the terminal is gone.
            let _ = tcsetattr(&self.input, OptionalActions::Now, &self.before);
        }

        fn read_line(&mut self) -> io::Result<Typed> {
            let mut line = Zeroizing::new(Vec::with_capacity(LIMIT));
            let mut byte = [0];
            while line.len() < LIMIT {
                if self.input.read(&mut byte)? == 0 {
                    break;
                }
                match byte[0] {
                    b'\n' | b'\r' => return Ok(Typed::Line(line)),
                    INTERRUPT => return Ok(Typed::Interrupt),
                    END if line.is_empty() => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "EOF")),
                    END => return Ok(Typed::Line(line)),
                    BACKSPACE | DELETE => drop_character(&mut line),
                    KILL_LINE => line.zeroize(),
                    SUSPEND => {}
                    other => line.push(other),
                }
            }
            Ok(Typed::Line(line))
        }
    }

    impl Drop for Keyboard {
        fn drop(&mut self) {
            self.restore();
        }
    }

    enum Typed {
        Line(Zeroizing<Vec<u8>>),
        Interrupt,
    }

    /// Takes the last UTF-8 character away.
    fn drop_character(line: &mut Vec<u8>) {
        while line.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
    }
}
