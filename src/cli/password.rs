//! Reading passwords: from the terminal without echo, or from standard input.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::Context;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::Message;
use crate::domain::account::Password;

/// The longest line that is read, in bytes; no password is as long.
const LINE_BYTES_MAX: usize = 4096;

/// Reads a password. `prompt` is shown at the terminal.
pub(super) fn read(prompt: &str, from_stdin: bool) -> anyhow::Result<Password> {
    let stdin = io::stdin();
    if from_stdin {
        return line(&mut stdin.lock());
    }
    if !stdin.is_terminal() {
        let text = "the password is read from the terminal, and standard input is none";
        return Err(Message::new(text, "write the password to standard input with `--password-stdin`").into());
    }
    let mut err = io::stderr().lock();
    write!(err, "{prompt}: ").and_then(|()| err.flush()).context("the terminal cannot be written")?;
    let password = {
        let _silent = Silent::new().context("the echo of the terminal cannot be switched off")?;
        line(&mut stdin.lock())
    };
    let _ = writeln!(err); // the line break of the person was not shown
    password
}

/// Reads a new password, at the terminal twice.
pub(super) fn read_new(from_stdin: bool) -> anyhow::Result<Password> {
    let new = read("new password", from_stdin)?;
    if !from_stdin && read("new password again", false)?.reveal() != new.reveal() {
        return Err(Message::new("the two passwords differ", "try again").into());
    }
    Ok(new)
}

fn line(input: &mut impl BufRead) -> anyhow::Result<Password> {
    // With its whole capacity from the beginning, so that no copy is left behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_BYTES_MAX));
    let mut byte = Zeroizing::new([0_u8]);
    while input.read(byte.as_mut()).context("the password cannot be read")? == 1 && byte[0] != b'\n' {
        if line.len() == LINE_BYTES_MAX {
            return Err(Message::new("the password is longer than 4,096 bytes", "give one line").into());
        }
        line.push(byte[0]);
    }
    let text = std::str::from_utf8(&line).context("the password is not UTF-8 text")?;
    Ok(Password::typed(text.trim_end_matches('\r').to_owned()))
}

/// The terminal without echo, until it is dropped.
struct Silent(Termios);

impl Silent {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0); // the terminal may be gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_of_its_input_and_spaces_belong_to_it() {
        let mut input = io::Cursor::new(" correct horse \r\nbattery staple");
        assert_eq!(line(&mut input).unwrap().reveal(), " correct horse ");
        assert_eq!(line(&mut input).unwrap().reveal(), "battery staple");
        assert_eq!(line(&mut input).unwrap().reveal(), "");
        assert!(line(&mut io::Cursor::new("a".repeat(5_000))).is_err());
        assert!(line(&mut io::Cursor::new([0xff, 0xfe])).is_err());
    }
}
