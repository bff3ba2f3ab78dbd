import { libc } from '../kernel/libc.js'

// What Node cannot ask of a file descriptor. Numbers are Linux's own, the same on x86_64 and arm64.
const F_SETFD = 2
const FD_CLOEXEC = 1
const F_DUPFD_CLOEXEC = 1030
const TCGETS = 0x5401
const TCSETSF = 0x5404
const TCFLSH = 0x540b
const TCOFLUSH = 1
const ISIG = 0o1
const NOFLSH = 0o200

/** Offsets in the kernel's `struct termios`: four flag words, the line discipline, then the control characters. */
const LFLAG_OFFSET = 12
const VINTR_OFFSET = 17
const TERMIOS_BYTES = 64

const fcntl = libc.func('int fcntl(int fd, int command, ...)')
const ioctl = libc.func('int ioctl(int fd, unsigned long request, ...)')

/** Keeps the descriptor out of programs started later. */
export function closeOnExec(fd: number): void {
  if (fcntl(fd, F_SETFD, 'int', FD_CLOEXEC) === -1) throw failure('fcntl(F_SETFD)')
}

/** A second descriptor of the same open file, closed on exec. */
export function duplicate(fd: number): number {
  const copy: number = fcntl(fd, F_DUPFD_CLOEXEC, 'int', 3)
  if (copy === -1) throw failure('fcntl(F_DUPFD_CLOEXEC)')
  return copy
}

/** Whether the terminal itself makes Ctrl-C a signal, and then throws away what was typed before it. */
export function interruptFlushesInput(master: number): boolean {
  const termios = Buffer.alloc(TERMIOS_BYTES)
  if (ioctl(master, TCGETS, 'void *', termios) === -1) return false
  const flags = termios.readUInt32LE(LFLAG_OFFSET)
  return (flags & ISIG) !== 0 && (flags & NOFLSH) === 0 && termios[VINTR_OFFSET] === 3
}

/** Throws away input on its way to the program. */
export function discardTravellingInput(master: number): void {
  ioctl(master, TCFLSH, 'int', TCOFLUSH)
}

/** Throws away input that waits for the program to read it. Asked of the master, this reaches the slave's queue. */
export function discardWaitingInput(master: number): void {
  const termios = Buffer.alloc(TERMIOS_BYTES)
  if (ioctl(master, TCGETS, 'void *', termios) !== -1) ioctl(master, TCSETSF, 'void *', termios)
}

function failure(call: string): Error {
  return new Error(`${call} failed with errno ${libc.errno()}`)
}
