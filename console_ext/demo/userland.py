# SPDX-License-Identifier: Apache-2.0
"""What runs above the kernel of the virtual machine: BusyBox and a few files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console_ext.demo import initramfs

HOSTNAME = 'vm-1'
USER = 'ada'
PASSWORD = 'secret'  # noqa: S105 - the machine prints it

# The programs that the files below run.
NEEDED = frozenset(
    {'getty', 'hostname', 'init', 'login', 'mkdir', 'mount', 'reboot', 'sh', 'stty'}
    | {'syslogd', 'tty'}
)

_DIRECTORIES = (
    *('bin', 'dev', 'etc', 'home', f'home/{USER}', 'proc', 'run', 'sys', 'tmp'),
    'var',
)

# Of PASSWORD.
_HASH = (
    '$6$consoleext$NvPdtRLwhPzHSun.3X3eN8xpZaqjFZ7A8A9qDT8Opuw63y9eRRKaNHdz24PXi9XNNj6o'
    '35zA8JiwIgTU3yonJ1'
)

# The user may do everything, including "poweroff".
_PASSWD = f'{USER}:x:0:0:Ada Lovelace:/home/{USER}:/bin/sh\n'
_SHADOW = f'{USER}:{_HASH}:20000:0:99999:7:::\n'
_GROUP = f'{USER}:x:0:\n'

# The same login on the serial port and on the screen.
_INITTAB = """\
::sysinit:/etc/start
ttyS0::respawn:/bin/getty -L 115200 ttyS0 xterm-256color
tty1::respawn:/bin/getty 38400 tty1 linux
::ctrlaltdel:/bin/reboot
"""

_START = f"""\
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
hostname {HOSTNAME}
# Without it, messages about logins would be on the console.
syslogd -O /run/messages
# "who" reads it.
: >/run/utmp
"""

_ISSUE = f"""

{HOSTNAME} of the console_ext demo (\\s \\r on \\l)
Log in as {USER} with the password {PASSWORD}.

"""

_MOTD = """
The serial port and the screen are two consoles of this machine: write a file
on one, and read it on the other.  Nothing survives a reboot.  Try: who, top.

"""

_PROFILE = """\
export PATH=/bin
export PS1='\\u@\\h:\\w\\$ '
alias ll='ls -l'
# A serial port does not know the size of the terminal.
if [ "$(tty)" = /dev/ttyS0 ]; then
  resize
  echo 'After a change of the window, type: resize'
fi
"""

# BusyBox of some distributions has no "resize".
_RESIZE = """\
#!/bin/sh
# Asks the terminal for its size: where is the cursor, at the far end of the screen?
modes=$(stty -g)
stty raw -echo
printf '\\0337\\033[999;999H\\033[6n\\0338'
IFS='[;' read -r -t 2 -d R escape rows columns
stty "$modes"
[ -n "$columns" ] && stty rows "$rows" cols "$columns"
"""

_FILES = {
    'etc/group': _GROUP,
    'etc/inittab': _INITTAB,
    'etc/issue': _ISSUE,
    'etc/motd': _MOTD,
    'etc/passwd': _PASSWD,
    'etc/profile': _PROFILE,
}


def entries(busybox: bytes, programs: Iterable[str]) -> Iterator[initramfs.Entry]:
    """Yield the files of the system.

    :param busybox: the program
    :param programs: the names of the programs in it
    """
    yield from map(initramfs.directory, _DIRECTORIES)
    yield initramfs.symlink('var/run', '/run')
    # The kernel opens it for the first process.
    yield initramfs.character_device('dev/console', 5, 1)
    yield initramfs.file('bin/busybox', busybox, 0o755)
    for name in sorted({*programs} - {'busybox', 'resize'}):
        yield initramfs.symlink(f'bin/{name}', 'busybox')
    yield initramfs.symlink('init', '/bin/busybox')
    yield initramfs.file('etc/start', _START.encode(), 0o755)
    yield initramfs.file('etc/shadow', _SHADOW.encode(), 0o600)
    for path, text in _FILES.items():
        yield initramfs.file(path, text.encode())
    yield initramfs.file('bin/resize', _RESIZE.encode(), 0o755)
